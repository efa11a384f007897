import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import { type AddressInfo, type Server as Socket, createServer as createSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { type Trial, findingIn, findingsOf, settingsFor, trialFor } from '../../dataplanes/traefik/index.ts';
import type { Issue } from '../../model/issue.ts';
import type { Validator } from './validator.ts';

/** As long as a small document may take, and what each router or service of a large one may take besides. */
const TIMEOUT_MS = 20_000;
const PER_PIECE_MS = 3;
/** Its answer is as large as the document: it is asked ever more seldom. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 1000;
/**
 * Becomes the program, and leaves one behind that ends it, and removes the directory, when standard input ends without a line:
 * this process ended first, however it did.
 */
const GUARDED =
  'exec 3<&0; (read -r _ <&3 || { kill -9 $$; rm -rf "$0"; }) >/dev/null 2>&1 & exec "$@" </dev/null 3<&-';
/** Another program may take the port in between. */
const TRIES = 3;

/**
 * Has a Traefik fetch what would be served, without all that it would need of other machines, and asks its API what it made of
 * it. It finds what no schema tells: it builds every router, service and middleware.
 */
export function traefikValidator(binary: string): Validator {
  return async (compiled) => {
    const trial = trialFor(compiled);
    const directory = await mkdtemp(join(tmpdir(), 'mirrorplane-validate-'));
    const provider = createServer((_, response) => response.end(trial.text));
    try {
      const port = await listen(provider);
      return await tried(binary, directory, trial, `http://127.0.0.1:${port}/`);
    } finally {
      provider.closeAllConnections();
      provider.close();
      await rm(directory, { recursive: true, force: true });
    }
  };
}

async function tried(
  binary: string,
  directory: string,
  trial: Trial,
  endpoint: string,
): Promise<readonly Issue[]> {
  for (let left = TRIES; ; left -= 1) {
    const apiPort = await freePort();
    const file = join(directory, 'traefik.yml');
    await writeFile(file, JSON.stringify(settingsFor(trial, endpoint, apiPort)));
    const traefik = new Trying(binary, directory, file, apiPort);
    try {
      return await traefik.findings(trial);
    } catch (error) {
      if (left > 1 && traefik.isPortTaken) continue;
      throw error;
    } finally {
      await traefik.end();
    }
  }
}

/** One Traefik as a child process, until its opinion is known. */
class Trying {
  readonly #binary: string;
  readonly #api: string;
  readonly #process: ChildProcess;
  readonly #closed: Promise<void>;
  readonly #lines: string[] = [];
  #gone: string | undefined;
  readonly #kill = (): void => void this.#process.kill('SIGKILL');

  constructor(binary: string, directory: string, settings: string, apiPort: number) {
    this.#binary = binary;
    this.#api = `http://127.0.0.1:${apiPort}/api/rawdata`;
    const command = [directory, binary, `--configFile=${settings}`];
    this.#process = spawn('/bin/sh', ['-c', GUARDED, ...command], { stdio: 'pipe' });
    this.#process.stdin?.on('error', () => undefined);
    process.once('exit', this.#kill);
    this.#closed = new Promise((resolve) => {
      this.#process.once('error', (error) => {
        this.#gone = error.message;
        resolve();
      });
      this.#process.once('close', (code, signal) => {
        this.#gone ??= `it ended with ${code ?? signal ?? 'nothing'}`;
        resolve();
      });
    });
    for (const stream of [this.#process.stdout, this.#process.stderr])
      if (stream !== null) createInterface(stream).on('line', (line) => this.#lines.push(line));
  }

  get isPortTaken(): boolean {
    return this.#lines.some((line) => line.includes('address already in use'));
  }

  /** Rejects where it cannot be asked. */
  async findings(trial: Trial): Promise<readonly Issue[]> {
    const limitMs = TIMEOUT_MS + PER_PIECE_MS * trial.pieces;
    const deadline = performance.now() + limitMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2)) {
      const found = findingsOf(trial, await this.#ask());
      if (found !== undefined) {
        // All that it wrote is here only when it has ended.
        await this.end();
        return [...found, ...this.#logged()];
      }
      const refused = this.#logged().filter(({ path }) => path === '');
      if (refused.length > 0) return refused;
      if (this.#gone !== undefined) throw this.#unasked(this.#gone);
      if (performance.now() > deadline) throw this.#unasked(`it had no opinion within ${limitMs / 1000} s`);
      await delay(pause);
    }
  }

  async end(): Promise<void> {
    process.removeListener('exit', this.#kill);
    this.#process.stdin?.write('\n');
    this.#kill();
    await this.#closed;
  }

  async #ask(): Promise<unknown> {
    try {
      const response = await fetch(this.#api, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      return response.ok ? await response.json() : undefined;
    } catch {
      return undefined;
    }
  }

  #logged(): readonly Issue[] {
    return this.#lines.flatMap((line) => findingIn(line) ?? []);
  }

  #unasked(why: string): Error {
    const words = this.#lines.slice(-5).join('\n').slice(-2000);
    return new Error(`${this.#binary} could not be asked: ${why}${words && `\n${words}`}`);
  }
}

async function listen(server: Server | Socket): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Traefik does not tell which port it got when it is to take any. */
async function freePort(): Promise<number> {
  const socket = createSocket();
  const port = await listen(socket);
  socket.close();
  await once(socket, 'close');
  return port;
}
