import { request } from 'node:http';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface DictState {
  readonly files: string;
  readonly version: string;
  readonly entries: Readonly<Record<string, string>>;
}

const TIMEOUT_MS = 2000;
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

/**
 * Our own server inside NGINX. Every question goes over a connection of its own: one that was kept alive would be
 * answered by a worker that is on its way out.
 */
export class StateApi {
  readonly #address: ListenAddress;

  constructor(address: ListenAddress) {
    this.#address = address;
  }

  /** The version that is in force. With Lua NGINX knows by this that the agent lives. Undefined when it does not answer. */
  async version(): Promise<string | undefined> {
    const answer = await this.#call('GET', '/version?agent=1').catch(() => undefined);
    return answer?.status === 200 ? answer.body.trim() : undefined;
  }

  /** What the shared dict has, and which files were loaded. Undefined when NGINX does not answer. */
  async state(): Promise<DictState | undefined> {
    const answer = await this.#call('GET', '/state').catch(() => undefined);
    if (answer?.status !== 200) return undefined;
    try {
      return JSON.parse(answer.body) as DictState;
    } catch {
      return undefined;
    }
  }

  /** Sets all of the shared dict: `body` is what {@link stateBody} makes. Undefined, or why that cannot be. */
  async put(body: string): Promise<string | undefined> {
    try {
      const answer = await this.#call('PUT', '/state', body);
      if (answer.status === 200) return undefined;
      return `nginx answered ${answer.status} to the new state: ${answer.body.trim().slice(0, 500)}`;
    } catch (error) {
      return `nginx does not take the new state: ${(error as Error).message}`;
    }
  }

  #call(
    method: string,
    path: string,
    body?: string,
  ): Promise<{ readonly status: number; readonly body: string }> {
    return new Promise((resolve, reject) => {
      const headers = {
        host: 'mirrorplane',
        ...(body !== undefined && {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
        }),
      };
      const call = request(
        { ...this.#address, method, path, headers, agent: false, timeout: TIMEOUT_MS },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > MAX_ANSWER_BYTES) call.destroy(new Error('its answer is too long'));
            else chunks.push(chunk);
          });
          response.on('error', reject);
          response.on('end', () => {
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
          });
        },
      );
      // Of the whole, not of each pause.
      const timer = setTimeout(() => call.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
      call.on('close', () => clearTimeout(timer));
      call.on('timeout', () => call.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
      call.on('error', reject);
      call.end(body);
    });
  }
}
