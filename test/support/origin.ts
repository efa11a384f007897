/** The server behind the edge: speaks HTTP/1.1 on a raw socket, keeps every request as it came, answers the same way each time. */
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { MessageReader, type HttpHead, type HttpMessage } from './http-messages.ts';

export type Answer = (request: HttpMessage, head: HttpHead) => string | Buffer;

/** `200` with the request line as body. Its date is fixed: what differs between two runs is not the origin's doing. */
export const ECHO: Answer = (request, head) => answer(200, [], `${request.firstLine}\n`, head);

/** An answer's bytes. To HEAD the body is left out, its length is not. */
export function answer(
  status: number,
  headers: readonly (readonly [string, string])[],
  body: string,
  request: HttpHead,
): string {
  const lines = [
    `HTTP/1.1 ${status} Whatever`,
    'Date: Tue, 01 Jan 2030 00:00:00 GMT',
    'Server: origin',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${request.firstLine.startsWith('HEAD ') ? '' : body}`;
}

export class Origin {
  readonly port: number;
  /** The latest, at most `keep` of them. */
  readonly requests: HttpMessage[] = [];
  count = 0;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start({
    answer = ECHO,
    keep = 1_000,
  }: { answer?: Answer; keep?: number } = {}): Promise<Origin> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.setNoDelay();
      socket.on('error', () => socket.destroy());
      socket.once('close', () => sockets.delete(socket));
      const reader = new MessageReader(
        { kind: 'request' },
        {
          onMessage: (request, head) => {
            origin.count++;
            if (origin.requests.push(request) > keep) origin.requests.shift();
            socket.write(answer(request, head));
          },
        },
      );
      socket.on('data', (data: Buffer) => reader.push(data));
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', 1_024, resolve);
    });
    const origin = new Origin(server, sockets);
    return origin;
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
