/** What a Wallarm node says of itself, on ports of their own: `/-/healthcheck` and `/wallarm-status`. */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';

export class WallarmNodeApi {
  /** How the healthcheck answers; `hang`: not at all. */
  health: number | 'hang' = 200;
  /** How the status answers; `hang`: not at all. */
  status: number | 'hang' = 200;
  /** Besides `requests`, by the node's own names. */
  readonly counters: Record<string, number> = {
    ...{ attacks: 0, blocked: 0, abnormal: 0, tnt_errors: 0, api_errors: 0, requests_lost: 0 },
    ...{ overlimits_time: 0, segfaults: 0, memfaults: 0, softmemfaults: 0, proton_errors: 0 },
    stalled_workers_count: 0,
  };
  /** How often each was asked. */
  asked = { health: 0, status: 0 };
  readonly #requests: () => number;
  readonly #health: Server;
  readonly #status: Server;
  #startid = 1459972331756458216n;
  #before = 0;

  private constructor(requests: () => number) {
    this.#requests = requests;
    this.#health = createServer(({ url }, response) => {
      this.asked.health += 1;
      answer(response, url === '/-/healthcheck' ? this.health : 404, 'ok');
    });
    this.#status = createServer(({ url }, response) => {
      this.asked.status += 1;
      answer(response, url === '/wallarm-status' ? this.status : 404, this.#json());
    });
  }

  /** `requests`: how many the node has taken. */
  static async start(t: ExecutionContext, requests: () => number): Promise<WallarmNodeApi> {
    const api = new WallarmNodeApi(requests);
    for (const server of [api.#health, api.#status]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      t.teardown(() => {
        server.closeAllConnections();
        server.close();
      });
    }
    return api;
  }

  /** What a target's `node` has to be for it to be asked, often. */
  get probes(): object {
    const pace = { interval: '200ms', timeout: '1s' };
    return {
      health: { port: portOf(this.#health), ...pace },
      status: { port: portOf(this.#status), ...pace },
    };
  }

  /** NGINX is started anew: all that was counted is forgotten. */
  restart(): void {
    this.#startid += 1n;
    this.#before = this.#requests();
    for (const name of Object.keys(this.counters)) this.counters[name] = 0;
  }

  #json(): string {
    const status = JSON.stringify({ requests: this.#requests() - this.#before, ...this.counters });
    return `${status.slice(0, -1)},"startid":${this.#startid},"timestamp":${Date.now() / 1000}}`;
  }
}

function answer(response: ServerResponse, status: number | 'hang', body: string): void {
  if (status === 'hang') return;
  const location = status === 302 ? { location: '/wallarm-status' } : {};
  response.writeHead(status, location).end(status === 200 ? body : '');
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
