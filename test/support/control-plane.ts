/** The control plane as a process of its own, as an operator runs it, and its REST. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON, else the text. */
  readonly body: any;
}

export class ControlPlane {
  readonly http: string;
  readonly xds: string;
  readonly #process: ChildProcess;
  readonly #exited: Promise<void>;

  private constructor(process: ChildProcess, exited: Promise<void>, http: string, xds: string) {
    this.#process = process;
    this.#exited = exited;
    this.http = http;
    this.xds = xds;
  }

  /** Resolves when it says that it is ready. `http` and `xds`: `HOST:PORT`, any free port by default. */
  static async start(options: {
    data: string;
    http?: string;
    xds?: string;
    environment?: Readonly<Record<string, string>>;
  }): Promise<ControlPlane> {
    const child = spawn(
      process.execPath,
      [
        ...[join(import.meta.dirname, '../../src/main.ts'), 'serve', '--data', options.data],
        ...['--http', options.http ?? '127.0.0.1:0', '--xds', options.xds ?? '127.0.0.1:0'],
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, MIRRORPLANE_LOAD_REPORT_INTERVAL: '500ms', ...options.environment },
      },
    );
    const killAtExit = (): void => void child.kill('SIGKILL');
    process.once('exit', killAtExit);
    const said: string[] = [];
    const exited = new Promise<void>((resolve) => {
      child.once('exit', () => {
        process.removeListener('exit', killAtExit);
        resolve();
      });
    });
    const ready = Promise.withResolvers<{ http: string; xds: string }>();
    const listen = (line: string): void => {
      said.push(line);
      if (said.length > 100) said.shift();
      const entry = parse(line) as { msg?: string; http?: string; xds?: string } | undefined;
      if (entry?.msg === 'ready' && entry.http !== undefined && entry.xds !== undefined) {
        ready.resolve({ http: entry.http, xds: entry.xds });
      }
    };
    createInterface({ input: child.stdout }).on('line', listen);
    createInterface({ input: child.stderr }).on('line', listen);
    void exited.then(() => ready.reject(new Error(`the control plane ended:\n${said.join('\n')}`)));
    const { http, xds } = await ready.promise;
    return new ControlPlane(child, exited, http, xds);
  }

  /** A call of REST. An object is sent as JSON, a text as YAML. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<RestAnswer> {
    const type = typeof body === 'string' ? 'application/yaml' : 'application/json';
    const response = await fetch(`http://${this.http}${path}`, {
      method,
      headers: { ...(body !== undefined && { 'content-type': type }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: parse(text) ?? text };
  }

  /** Like {@link call}; throws, with the answer, when the status is not 2xx. */
  async done(...call: Parameters<ControlPlane['call']>): Promise<RestAnswer['body']> {
    const { status, body } = await this.call(...call);
    if (status < 200 || status > 299) {
      throw new Error(`${call[0]} ${call[1]} answered ${status}: ${JSON.stringify(body, undefined, 1)}`);
    }
    return body;
  }

  /** SIGKILL: nothing is tidied up. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#exited;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 5_000);
    await this.#exited;
    clearTimeout(timer);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
