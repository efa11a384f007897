/** Load on several Envoys at once: requests and their copies, by Envoy and phase. */
import type { ExecutionContext } from 'ava';
import { binomialInterval } from './binomial.ts';
import type { Envoy } from './envoy.ts';
import { get } from './http-client.ts';
import type { HttpHead } from './http-messages.ts';
import { startLoad } from './load.ts';

const CONNECTIONS = 2;

type Load = ReturnType<typeof startLoad>;

export class FleetLoad {
  readonly #sent = new Map<string, number>();
  readonly #copied = new Map<string, number>();
  readonly #loads = new Map<string, Load>();
  #phase = 'before';

  /** To be told of each copy. */
  readonly onCopy = (head: HttpHead): void => {
    count(this.#copied, head.get('x-load') ?? '?');
  };

  async add(id: string, envoy: Envoy): Promise<void> {
    const load = startLoad({
      port: await envoy.port(),
      connections: CONNECTIONS,
      request: () => {
        const key = `${id}/${this.#phase}`;
        count(this.#sent, key);
        return get('/', { 'X-Load': key });
      },
    });
    this.#loads.set(id, load);
  }

  /** Requests of every Envoy, this many more. */
  async more(requests: number): Promise<void> {
    await Promise.all([...this.#loads.values()].map((load) => load.more(requests)));
  }

  /** Shares of copies by Envoy over at least so many requests of each, all of them begun and answered meanwhile. */
  async measure(
    phase: string,
    requests: number,
  ): Promise<ReadonlyMap<string, { sent: number; copied: number }>> {
    this.#phase = phase;
    await this.more(requests);
    this.#phase = `after ${phase}`;
    await this.more(2 * CONNECTIONS);
    return new Map(
      [...this.#loads.keys()].map((id) => {
        const key = `${id}/${phase}`;
        return [id, { sent: this.#sent.get(key) ?? 0, copied: this.#copied.get(key) ?? 0 }];
      }),
    );
  }

  /** Failed requests, of all Envoys. */
  async stop(): Promise<readonly string[]> {
    const results = await Promise.all([...this.#loads.values()].map((load) => load.stop()));
    return results.flatMap(({ failures }) => failures);
  }
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

/** Whether what was measured is what the percent makes, but once in ten thousand times. */
export function isShare(
  t: ExecutionContext,
  what: string,
  { sent, copied }: { sent: number; copied: number },
  percent: number,
): boolean {
  const { low, high } = binomialInterval(sent, percent / 100);
  t.log(`${what}: ${copied} of ${sent}, expected ${low} to ${high} (${percent} %)`);
  return low <= copied && copied <= high;
}
