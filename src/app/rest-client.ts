/** Calls of a running control plane's REST, as the command line makes them. */
import { userInfo } from 'node:os';
import { UsageError } from './command.ts';
import { readEvents } from './event-stream.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULT_SERVER = 'http://127.0.0.1:8080';

/** The longest answer: a configuration that an Envoy is asked about first. */
const TIMEOUT_MS = 120_000;
/** The stream of events says something every 15 seconds. */
const SILENCE_MS = 45_000;

export interface RestAnswer {
  readonly ok: boolean;
  readonly status: number;
  readonly text: string;
  /** Parsed, where it is JSON. */
  readonly json: unknown;
}

export interface CallOptions {
  /** An object is sent as JSON, a text as `type`. */
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Cannot be reached, or went away. The message is for whoever typed the address. */
export class Unreachable extends Error {
  override readonly name = 'Unreachable';
}

export class RestClient {
  readonly #server: string;
  readonly #token: string | undefined;

  /**
   * `given`: a URL, or HOST:PORT; not given: `MIRRORPLANE_SERVER`. The token is `MIRRORPLANE_TOKEN`. Throws
   * {@link UsageError} on any other text.
   */
  constructor(given: string | undefined, environment: Environment) {
    const server = given ?? (environment['MIRRORPLANE_SERVER'] || DEFAULT_SERVER);
    const url = URL.parse(/^https?:\/\//.test(server) ? server : `http://${server}`);
    if (url === null || url.hostname === '' || /:\/\/.*:\/\//.test(server)) {
      throw new UsageError(
        `${given === undefined ? 'MIRRORPLANE_SERVER' : '--server'}: "${server}" is no address of a control plane, such as ${DEFAULT_SERVER}`,
      );
    }
    this.#server = `${url.origin}${url.pathname.replace(/\/$/, '')}`;
    this.#token = environment['MIRRORPLANE_TOKEN'] || undefined;
  }

  /** Throws {@link Unreachable}. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<RestAnswer> {
    const { body, type = 'application/json', headers = {} } = options;
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    return this.#reach(signal, async () => {
      const response = await this.#fetch(path, {
        method,
        signal,
        headers: { ...(body !== undefined && { 'content-type': type }), ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = /json/.test(response.headers.get('content-type') ?? '');
      return {
        ok: response.ok,
        status: response.status,
        text,
        json: isJson ? (JSON.parse(text) as unknown) : undefined,
      };
    });
  }

  /**
   * Server-sent events, one call per event, until `signal` aborts. `onOpen`: from now on none is missed. Throws
   * {@link Unreachable} when the stream ends.
   */
  async events(
    onEvent: (event: string, data: string) => void,
    signal: AbortSignal,
    onOpen: () => void = () => undefined,
  ): Promise<void> {
    const silent = new AbortController();
    const timer = setTimeout(() => silent.abort(), SILENCE_MS);
    try {
      await this.#reach(signal, async () => {
        const either = AbortSignal.any([signal, silent.signal]);
        const response = await this.#fetch('/v1/events', { signal: either });
        if (!response.ok || response.body === null) {
          throw new Unreachable(`${this.#server} gives no events: it answered ${response.status}`);
        }
        onOpen();
        const text = response.body.pipeThrough(new TextDecoderStream());
        for await (const { event, data } of readEvents(text, () => void timer.refresh()))
          onEvent(event, data);
      });
    } finally {
      clearTimeout(timer);
    }
    if (!signal.aborted) throw new Unreachable(`${this.#server} went away`);
  }

  #fetch(path: string, init: RequestInit & { headers?: Record<string, string> }): Promise<Response> {
    const token = this.#token;
    const headers = { ...init.headers, ...(token !== undefined && { authorization: `Bearer ${token}` }) };
    return fetch(`${this.#server}${path}`, { ...init, headers });
  }

  async #reach<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Unreachable || (signal.aborted && !isTimeout(signal))) throw error;
      throw new Unreachable(`cannot reach ${this.#server}: ${reasonOf(error)}`, { cause: error });
    }
  }
}

function isTimeout({ reason }: AbortSignal): boolean {
  return reason instanceof Error && reason.name === 'TimeoutError';
}

/** `fetch failed` says nothing; its cause does. Of several addresses tried, the last. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return reasonOf(error.errors.at(-1));
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return reasonOf(error.cause);
  return error.message;
}

/** Who says it and why, as the history keeps it. */
export function writeHeaders(reason: string | undefined): Readonly<Record<string, string>> {
  const author = userName();
  return {
    ...(author !== undefined && { 'x-author': headerText(author) }),
    ...(reason !== undefined && { 'x-reason': headerText(reason) }),
  };
}

/** In a container the user may have a number and no name. */
function userName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

/** UTF-8, in the bytes that headers are made of; on one line. */
function headerText(text: string): string {
  // eslint-disable-next-line no-control-regex
  const line = text.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
  return Buffer.from(line, 'utf8').toString('latin1');
}

interface Problem {
  readonly detail: string;
  readonly errors: readonly { readonly path: string; readonly message: string }[];
}

/** What the control plane refused, and why: every problem on a line of its own. */
export function problemText({ status, text, json }: RestAnswer): string {
  const { detail, errors = [] } = (json ?? {}) as Partial<Problem>;
  if (detail === undefined) return `it answered ${status}: ${text}`;
  const hint = status === 401 ? ' (MIRRORPLANE_TOKEN in the environment is sent)' : '';
  const lines = errors.filter(({ message }) => message !== detail);
  return [`${detail}${hint}`, ...lines.map((issue) => `  ${issueText(issue)}`)].join('\n');
}

export function issueText({ path, message }: { readonly path: string; readonly message: string }): string {
  return path === '' ? message : `${path}: ${message}`;
}
