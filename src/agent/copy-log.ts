import { type Socket, createSocket } from 'node:dgram';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { type LogLine, readLogLine } from '../dataplanes/nginx/log-line.ts';
import type { ListenAddress } from './state-api.ts';

/** The kernel gives less where `net.core.rmem_max` says so; what does not fit is not counted. */
const BUFFER_BYTES = 8 * 1024 * 1024;

/**
 * Below what systems hand out themselves: NGINX's own socket would be given the port some time while no agent has it, as
 * it opens one for each line that nobody takes.
 */
const [LOWEST, HIGHEST] = [22_200, 32_000];
const TRIES = 20;

/** Takes the lines that NGINX sends of each copy. */
export class CopyLog {
  readonly #onLine: (line: LogLine) => void;
  #socket: Socket | undefined;

  constructor(onLine: (line: LogLine) => void) {
    this.#onLine = onLine;
  }

  /** `preferred`: the port to have where any will do and this one is free. Resolves with the port. */
  async start({ host, port }: ListenAddress, preferred: number | undefined): Promise<number> {
    if (port !== 0) return this.#bind(host, port);
    const ports = preferred === undefined ? [] : [preferred];
    while (ports.length < TRIES) ports.push(randomInt(LOWEST, HIGHEST));
    for (const one of ports) {
      const bound = await this.#bind(host, one).catch(() => undefined);
      if (bound !== undefined) return bound;
    }
    return this.#bind(host, 0);
  }

  stop(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  async #bind(host: string, port: number): Promise<number> {
    const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize: BUFFER_BYTES });
    socket.on('message', (message) => {
      const line = readLogLine(message.toString('latin1'));
      if (line !== undefined) this.#onLine(line);
    });
    socket.bind(port, host);
    try {
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      throw error;
    }
    socket.on('error', () => undefined);
    this.#socket = socket;
    return socket.address().port;
  }
}
