/** A real Traefik as a child process, that fetches its dynamic configuration from the control plane. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { traefikBinary } from '../../scripts/fetch-traefik.ts';
import { until } from './until.ts';

export class Traefik {
  /** Of its entry point `web`. */
  readonly port: number;
  /** Where its API is. */
  readonly api: string;
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #exited: Promise<void>;

  private constructor(
    process: ChildProcess,
    directory: string,
    exited: Promise<void>,
    ports: readonly [number, number],
  ) {
    this.#process = process;
    this.#directory = directory;
    this.#exited = exited;
    this.port = ports[0];
    this.api = `http://127.0.0.1:${ports[1]}`;
  }

  /** Resolves when its API answers. `endpoint`: what it fetches, every 200 ms. */
  static async start(endpoint: string, headers?: Readonly<Record<string, string>>): Promise<Traefik> {
    const binary = await traefikBinary();
    const ports = await freePorts();
    const directory = mkdtempSync(join(tmpdir(), 'mirrorplane-traefik-'));
    // JSON is YAML.
    const settings = {
      global: { checkNewVersion: false, sendAnonymousUsage: false },
      entryPoints: {
        web: { address: `127.0.0.1:${ports[0]}` },
        traefik: { address: `127.0.0.1:${ports[1]}` },
      },
      api: { insecure: true },
      log: { level: 'INFO', filePath: join(directory, 'log') },
      providers: {
        providersThrottleDuration: '100ms',
        http: { endpoint, ...(headers && { headers }), pollInterval: '200ms', pollTimeout: '2s' },
      },
    };
    await writeFile(join(directory, 'traefik.yml'), JSON.stringify(settings));
    const child = spawn(binary, [`--configFile=${join(directory, 'traefik.yml')}`], { stdio: 'ignore' });
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
        gone ??= `exit ${code ?? signal ?? '?'}`;
        process.removeListener('exit', killAtExit);
        resolve();
      });
    });
    const traefik = new Traefik(child, directory, exited, ports);
    try {
      await until('Traefik answers', async () => {
        if (gone !== undefined) throw new Error(`Traefik ended: ${gone}`);
        const answer = await fetch(`${traefik.api}/api/version`).catch(() => undefined);
        await answer?.arrayBuffer();
        return answer?.ok;
      });
    } catch (error) {
      const log = await traefik.log().catch(() => '');
      await traefik.stop();
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${log}`, { cause: error });
    }
    return traefik;
  }

  log(): Promise<string> {
    return readFile(join(this.#directory, 'log'), 'utf8');
  }

  /** Memory in use, in MiB. */
  async memory(): Promise<number> {
    const status = await readFile(`/proc/${this.#process.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1024;
  }

  /** Ends this process, and only this one. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) this.#process.kill('SIGKILL');
    await this.#exited;
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Traefik does not tell which port it got when it is to take any. */
async function freePorts(): Promise<readonly [number, number]> {
  const servers = [createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ports.push((server.address() as AddressInfo).port);
  }
  for (const server of servers) await new Promise((resolve) => server.close(resolve));
  return [ports[0] ?? 0, ports[1] ?? 0];
}
