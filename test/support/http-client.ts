/** One keep-alive connection of an HTTP/1.1 client that sends bytes as they are given and hands back the answer's bytes. */
import { connect, type Socket } from 'node:net';
import { MessageReader, type HttpMessage } from './http-messages.ts';

export class HttpConnection {
  /** The client's own address, as the server sees it. */
  readonly localPort: number;
  readonly localAddress: string;
  readonly #socket: Socket;
  #waiting: PromiseWithResolvers<HttpMessage> | undefined;
  #isHead = false;
  #gone: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.localPort = socket.localPort ?? 0;
    this.localAddress = socket.localAddress ?? '';
    const reader = new MessageReader(
      { kind: 'response', isBodiless: () => this.#isHead },
      {
        onMessage: (message) => {
          if (message.firstLine.startsWith('HTTP/1.1 1')) return;
          const waiting = this.#waiting;
          this.#waiting = undefined;
          waiting?.resolve(message);
        },
      },
    );
    socket.on('data', (data: Buffer) => reader.push(data));
    socket.once('error', (error) => this.#end(error));
    socket.once('end', () => reader.end());
    socket.once('close', () => this.#end(new Error('the connection was closed without an answer')));
  }

  static async open(
    port: number,
    options: { host?: string; localAddress?: string } = {},
  ): Promise<HttpConnection> {
    const socket = connect({
      port,
      host: options.host ?? '127.0.0.1',
      ...(options.localAddress !== undefined && { localAddress: options.localAddress }),
      noDelay: true,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new HttpConnection(socket);
  }

  get isOpen(): boolean {
    return this.#gone === undefined;
  }

  /** Sends one request; resolves with its answer. One at a time. */
  send(...request: readonly (string | Buffer)[]): Promise<HttpMessage> {
    if (this.#gone !== undefined) return Promise.reject(this.#gone);
    if (this.#waiting !== undefined) return Promise.reject(new Error('an answer is still awaited'));
    const waiting = Promise.withResolvers<HttpMessage>();
    this.#waiting = waiting;
    this.#isHead = typeof request[0] === 'string' && request[0].startsWith('HEAD ');
    this.#socket.cork();
    for (const part of request) this.#socket.write(part);
    this.#socket.uncork();
    return waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
    this.#end(new Error('closed by the client'));
  }

  #end(error: Error): void {
    this.#gone ??= error;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(error);
  }
}

/** Bytes of a request with no body. */
export function get(path: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): string {
  const lines = Object.entries({ Host: 'shop.example', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
}
