/** A real NGINX as a child process, with a directory, a pid file and ports of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { luaModules, nginxBinary } from '../../scripts/fetch-nginx.ts';
import { until } from './until.ts';

export interface NginxOptions {
  /** What is in http {}. */
  readonly http: (directory: string) => string;
  readonly lua?: boolean;
  /** A port that answers when it is up. */
  readonly port: number;
  /** Besides the usual, in the main context. */
  readonly main?: string;
}

/** Paths that Debian's NGINX would have under /var, which other NGINXs have too. */
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

export class Nginx {
  readonly directory: string;
  readonly conf: string;
  readonly pid: string;
  readonly #port: number;
  #process: ChildProcess | undefined;
  #exited = Promise.resolve();
  #killAtExit: (() => void) | undefined;

  private constructor(directory: string, port: number) {
    this.directory = directory;
    this.conf = join(directory, 'nginx.conf');
    this.pid = join(directory, 'nginx.pid');
    this.#port = port;
  }

  /** Writes the configuration, and does not start it. */
  static async prepare(options: NginxOptions): Promise<Nginx> {
    const directory = mkdtempSync(join(tmpdir(), 'mirrorplane-nginx-'));
    const nginx = new Nginx(directory, options.port);
    mkdirSync(join(directory, 'html'));
    writeFileSync(join(directory, 'html', 'index.html'), 'hello\n');
    await nginx.configure(options);
    return nginx;
  }

  static async start(options: NginxOptions): Promise<Nginx> {
    const nginx = await Nginx.prepare(options);
    await nginx.start();
    return nginx;
  }

  /** The main file anew; NGINX is not told. */
  async configure({ http, lua = false, main = '' }: NginxOptions): Promise<void> {
    const user = process.getuid?.() === 0 ? 'user root;' : '';
    const modules = lua ? await luaModules() : [];
    const lines = [
      ...(user === '' ? [] : [user]),
      ...modules.map((line) => line.replaceAll(/load_module (?!\/)/g, 'load_module /usr/lib/nginx/')),
      `pid ${this.pid};`,
      `error_log ${join(this.directory, 'error.log')} notice;`,
      'worker_processes 2;',
      main,
      'events { worker_connections 1024; }',
      'http {',
      'access_log off;',
      ...TEMPORARY.map((name) => `${name}_temp_path ${join(this.directory, name)};`),
      // Its end would look like one of a reload.
      'keepalive_requests 1000000;',
      http(this.directory),
      '}',
    ];
    writeFileSync(this.conf, `${lines.join('\n')}\n`);
  }

  /** Resolves when its port takes connections. Rejects with its error log when it ends before that. */
  async start(): Promise<void> {
    const binary = await nginxBinary();
    // A group of its own: workers do not end when their master is killed.
    const args = ['-p', this.directory, '-c', this.conf, '-g', 'daemon off;'];
    const child = spawn(binary, args, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    let said = '';
    child.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-4000)));
    const killAtExit = (): void => killGroup(child);
    process.once('exit', killAtExit);
    this.#process = child;
    this.#killAtExit = killAtExit;
    this.#exited = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => {
        process.removeListener('exit', killAtExit);
        resolve();
      });
    });
    await until('NGINX is up', async () => {
      if (!this.isRunning) throw new Error(`NGINX ended:\n${said}${await this.log()}`);
      return fetch(`http://127.0.0.1:${this.#port}/`).then(
        async (response) => (await response.arrayBuffer()).byteLength >= 0,
        () => false,
      );
    });
  }

  get isRunning(): boolean {
    const { exitCode, signalCode } = this.#process ?? {};
    return exitCode === null && signalCode === null;
  }

  reload(): void {
    this.#process?.kill('SIGHUP');
  }

  log(): Promise<string> {
    return readFile(join(this.directory, 'error.log'), 'utf8').catch(() => '');
  }

  /** Ends it and its workers, and leaves its files. */
  async end(): Promise<void> {
    const child = this.#process;
    if (child === undefined) return;
    if (this.isRunning) child.kill('SIGTERM');
    const timer = setTimeout(() => killGroup(child), 5000);
    await this.#exited;
    clearTimeout(timer);
    if (this.#killAtExit !== undefined) process.removeListener('exit', this.#killAtExit);
  }

  async stop(): Promise<void> {
    await this.end();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}

/** Ports that nobody listens on. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
