/** Constant load over keep-alive connections: each sends its next request when the answer to the last is there. */
import { HttpConnection, get } from './http-client.ts';
import { statusOf } from './http-messages.ts';

export interface LoadOptions {
  readonly port: number;
  readonly connections?: number;
  /** Ends after as many requests; without it only {@link Load.stop} ends it. */
  readonly requests?: number;
  /** Bytes of request number `n`, counted from 0. Called right before it is sent. */
  readonly request?: (n: number) => string | Buffer;
}

export interface LoadResult {
  readonly sent: number;
  /** Answered 200. */
  readonly ok: number;
  /** Any other answer, none, or no connection. */
  readonly failed: number;
  /** The first few failures, in words. */
  readonly failures: readonly string[];
}

export interface Load {
  /** Resolves when all requests are answered. Never rejects: failures are counted. */
  readonly done: Promise<LoadResult>;
  /** Answered or failed so far. */
  readonly finished: () => number;
  /** Resolves when `n` more requests than now are finished, or when the load has ended. */
  readonly more: (n: number) => Promise<void>;
  /** Lets those under way end; resolves with the count. */
  readonly stop: () => Promise<LoadResult>;
}

const DEFAULT_REQUEST = get('/');

export function startLoad({ port, connections = 8, requests = Infinity, request }: LoadOptions): Load {
  const next = request ?? (() => DEFAULT_REQUEST);
  let sent = 0;
  let ok = 0;
  let failed = 0;
  let stopped = false;
  const failures: string[] = [];
  let waiting: { at: number; resolve: () => void }[] = [];

  const settle = (): void => {
    const finished = ok + failed;
    const due = waiting.filter(({ at }) => at <= finished);
    if (due.length === 0) return;
    waiting = waiting.filter(({ at }) => at > finished);
    for (const { resolve } of due) resolve();
  };
  const fail = (why: string): void => {
    failed++;
    if (failures.length < 5) failures.push(why);
  };

  async function client(): Promise<void> {
    let connection: HttpConnection | undefined;
    while (!stopped && sent < requests) {
      const n = sent++;
      try {
        if (connection?.isOpen !== true) connection = await HttpConnection.open(port);
        const answer = await connection.send(next(n));
        if (statusOf(answer) === 200) ok++;
        else fail(`request ${n}: ${answer.firstLine}`);
      } catch (error) {
        fail(`request ${n}: ${error instanceof Error ? error.message : String(error)}`);
        connection?.close();
        connection = undefined;
      }
      settle();
    }
    connection?.close();
  }

  const done = Promise.all(Array.from({ length: connections }, client)).then((): LoadResult => {
    for (const { resolve } of waiting) resolve();
    waiting = [];
    return { sent, ok, failed, failures };
  });
  return {
    done,
    finished: () => ok + failed,
    more: (n) =>
      stopped ? Promise.resolve() : new Promise((resolve) => waiting.push({ at: ok + failed + n, resolve })),
    stop: () => {
      stopped = true;
      return done;
    },
  };
}
