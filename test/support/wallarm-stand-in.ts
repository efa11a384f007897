/** What stands for a Wallarm node: takes copies on a raw socket, counts them, and can be as unwell as a node gets. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { MessageReader, type HttpHead, type HttpMessage } from './http-messages.ts';

export type Mode =
  | 'ok'
  /** The port is closed. */
  | 'refuse'
  /** Reads, never answers. */
  | 'hang'
  /** Answers after that time. */
  | { readonly slowMs: number }
  /** Reads, and does not answer one of as many. */
  | { readonly hangsEach: number }
  /** Accepts connections, never reads. */
  | 'not-reading'
  | '503';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const UNAVAILABLE = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n';

export class WallarmStandIn {
  readonly port: number;
  /** Requests whose head arrived. */
  count = 0;
  /** Requests that arrived in full. */
  completed = 0;
  /** Connections taken. */
  connections = 0;
  /** Bytes of bodies of the requests that arrived in full. */
  bodyBytes = 0;
  /** Heads, the latest `keep` of them. */
  readonly heads: HttpHead[] = [];
  /** Requests that arrived in full, the latest `keep` of them. */
  readonly requests: HttpMessage[] = [];
  readonly #keep: number;
  readonly #onHead: ((head: HttpHead) => void) | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #server: Server | undefined;
  #mode: Mode = 'ok';

  private constructor(server: Server, options: StandInOptions) {
    this.#server = server;
    this.#keep = options.keep ?? 1_000;
    this.#onHead = options.onHead;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (socket: Socket) => this.#accept(socket));
  }

  static async start(options: StandInOptions = {}): Promise<WallarmStandIn> {
    return new WallarmStandIn(await listen(0), options);
  }

  /** From now on. Connections there are go with the old mode: a node that changes does not keep them either. */
  async setMode(mode: Mode): Promise<void> {
    this.#mode = mode;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    if (mode === 'refuse') await this.#close();
    else {
      for (const socket of this.#sockets) socket.destroy();
      if (this.#server === undefined) {
        this.#server = await listen(this.port);
        this.#server.on('connection', (socket: Socket) => this.#accept(socket));
      }
    }
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    await this.#close();
  }

  async #close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise<void>((resolve) => {
      if (server === undefined) resolve();
      else server.close(() => resolve());
    });
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #accept(socket: Socket): void {
    this.connections++;
    this.#sockets.add(socket);
    socket.setNoDelay();
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
    // The server hands out sockets paused.
    if (this.#mode === 'not-reading') return;
    const reader = new MessageReader(
      { kind: 'request' },
      {
        onHead: (head) => {
          this.count++;
          if (this.heads.push(head) > this.#keep) this.heads.shift();
          this.#onHead?.(head);
        },
        onMessage: (request) => {
          this.completed++;
          this.bodyBytes += request.bodySize;
          if (this.requests.push(request) > this.#keep) this.requests.shift();
          this.#reply(socket);
        },
      },
    );
    socket.on('data', (data: Buffer) => reader.push(data));
    socket.resume();
  }

  #reply(socket: Socket): void {
    const mode = this.#mode;
    if (mode === 'ok') socket.write(OK);
    else if (mode === '503') socket.write(UNAVAILABLE);
    else if (typeof mode === 'object' && 'hangsEach' in mode) {
      if (this.completed % mode.hangsEach > 0) socket.write(OK);
    } else if (typeof mode === 'object') {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        if (socket.writable) socket.write(OK);
      }, mode.slowMs);
      this.#timers.add(timer);
    }
  }
}

export interface StandInOptions {
  readonly keep?: number;
  readonly onHead?: (head: HttpHead) => void;
}

async function listen(port: number): Promise<Server> {
  const server = createServer({ pauseOnConnect: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', 1_024, resolve);
  });
  return server;
}
