/** A real Envoy as a child process. Its bootstrap must have its admin on 127.0.0.1, port 0. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { envoyBinary } from '../../scripts/fetch-envoy.ts';
import { until } from './until.ts';

export class Envoy {
  readonly admin: string;
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #exited: Promise<void>;

  private constructor(process: ChildProcess, directory: string, admin: string, exited: Promise<void>) {
    this.#process = process;
    this.#directory = directory;
    this.#exited = exited;
    this.admin = admin;
  }

  /**
   * Resolves when Envoy is live: all of its first configuration is there. Rejects with the end of Envoy's log when it
   * exits before that. `ready: false`: resolves as soon as the admin answers.
   */
  static async start(bootstrap: string, options: { ready?: boolean; id?: string } = {}): Promise<Envoy> {
    const binary = await envoyBinary();
    const directory = mkdtempSync(join(tmpdir(), 'mirrorplane-envoy-'));
    const path = (name: string): string => join(directory, name);
    await writeFile(path('bootstrap.yaml'), bootstrap);
    const child = spawn(
      binary,
      [
        ...['-c', path('bootstrap.yaml'), '--admin-address-path', path('admin'), '--log-path', path('log')],
        ...['--use-dynamic-base-id', '--concurrency', '1', '--drain-time-s', '5', '--log-level', 'info'],
        ...(options.id === undefined ? [] : ['--service-node', options.id]),
      ],
      { stdio: 'ignore' },
    );
    // So that none is left behind when the tests themselves die.
    const killAtExit = (): void => void child.kill('SIGKILL');
    process.once('exit', killAtExit);
    let gone: string | undefined;
    const exited = new Promise<void>((resolve) => {
      child.once('error', (error) => {
        gone = error.message;
        resolve();
      });
      child.once('exit', (code, signal) => {
        gone = `exit ${code ?? signal ?? '?'}`;
        process.removeListener('exit', killAtExit);
        resolve();
      });
    });
    const isUp = async (): Promise<string | undefined> => {
      if (gone !== undefined) {
        throw new Error(`Envoy ended (${gone}):\n${await tail(path('log'))}`);
      }
      const address = await readFile(path('admin'), 'utf8').catch(() => '');
      if (address === '') return undefined;
      const url = `http://${address.trim()}`;
      const response = await fetch(`${url}/ready`).catch(() => undefined);
      await response?.arrayBuffer();
      return response !== undefined && (response.ok || options.ready === false) ? url : undefined;
    };
    try {
      return new Envoy(child, directory, await until('Envoy is ready', isUp), exited);
    } catch (error) {
      const log = await tail(path('log'));
      child.kill('SIGKILL');
      await exited;
      rmSync(directory, { recursive: true, force: true });
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${log}`, { cause: error });
    }
  }

  /** Values of the counters and gauges whose name matches (an unanchored regex). */
  async stats(filter: string): Promise<Readonly<Record<string, number>>> {
    const body = JSON.parse(await this.get(`/stats?format=json&filter=${encodeURIComponent(filter)}`)) as {
      stats: { name?: string; value?: number | string }[];
    };
    return Object.fromEntries(
      body.stats.flatMap(({ name, value }) =>
        name === undefined || value === undefined ? [] : [[name, Number(value)]],
      ),
    );
  }

  /** One counter or gauge; 0 when Envoy has none of that name. */
  async stat(name: string): Promise<number> {
    const escaped = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    return (await this.stats(`^${escaped}$`))[name] ?? 0;
  }

  /** https://www.envoyproxy.io/docs/envoy/latest/operations/admin#get--config_dump */
  async configDump(query = ''): Promise<{ configs: Record<string, unknown>[] }> {
    return JSON.parse(await this.get(`/config_dump${query}`)) as { configs: Record<string, unknown>[] };
  }

  /** Port that a listener is bound to; without a name, that of the only listener. */
  async port(listener?: string): Promise<number> {
    const { listener_statuses: all = [] } = JSON.parse(await this.get('/listeners?format=json')) as {
      listener_statuses?: { name: string; local_address: { socket_address: { port_value: number } } }[];
    };
    const found = listener === undefined ? all : all.filter(({ name }) => name === listener);
    const [only] = found;
    if (only === undefined || found.length > 1) {
      throw new Error(`no single listener ${listener ?? ''} among ${all.map(({ name }) => name).join(', ')}`);
    }
    return only.local_address.socket_address.port_value;
  }

  /** Body of an admin path. */
  async get(path: string): Promise<string> {
    const response = await fetch(this.admin + path);
    const text = await response.text();
    if (!response.ok) throw new Error(`Envoy's admin answered ${response.status} to ${path}: ${text}`);
    return text;
  }

  log(): Promise<string> {
    return readFile(join(this.#directory, 'log'), 'utf8');
  }

  get isRunning(): boolean {
    return this.#process.exitCode === null && this.#process.signalCode === null;
  }

  /** Ends this process, and only this one. */
  async stop(): Promise<void> {
    if (this.isRunning) this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 5_000);
    await this.#exited;
    clearTimeout(timer);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

async function tail(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return text.split('\n').slice(-25).join('\n');
}
