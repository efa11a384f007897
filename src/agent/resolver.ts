import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Addresses } from '../dataplanes/nginx/options.ts';
import type { Plan } from '../dataplanes/nginx/plan.ts';
import type { Clock } from './time.ts';

const REFRESH_MS = 30_000;
const RETRY_MS = 2000;
/** More than a load balancer has. */
const MAX_ADDRESSES = 16;

interface Known {
  readonly addresses: readonly string[];
  readonly at: number;
  readonly error?: string;
}

export type Lookup = (host: string) => Promise<readonly string[]>;

const systemLookup: Lookup = async (host) => {
  const found = await lookup(host, { all: true });
  return found.map(({ address }) => address);
};

export interface ResolverOptions {
  readonly clock: Clock;
  /**
   * Where each change costs a reload: addresses stay as long as one of them is still right. Load balancers answer with
   * others each time.
   */
  readonly sticky: boolean;
  readonly lookup?: Lookup;
}

/**
 * Addresses of the targets' names. NGINX itself would resolve them when it starts, and not start where it cannot. A name
 * that cannot be resolved any more keeps the addresses it had.
 */
export class Resolver {
  readonly #options: ResolverOptions;
  readonly #known = new Map<string, Known>();
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(options: ResolverOptions) {
    this.#options = options;
  }

  /** What is known of the names in `plan`. */
  addresses(plan: Plan): Addresses {
    const found = hostsOf(plan).map((host) => [host, this.#known.get(host)?.addresses ?? []] as const);
    return new Map(found.filter(([, addresses]) => addresses.length > 0));
  }

  /** Resolves what is new or old of the names in `plan`; resolves with what is wrong with those that have no address. */
  async refresh(plan: Plan): Promise<readonly string[]> {
    const hosts = hostsOf(plan);
    const now = this.#options.clock.now();
    const due = hosts.filter((host) => {
      const known = this.#known.get(host);
      return known === undefined || now - known.at >= (known.error === undefined ? REFRESH_MS : RETRY_MS);
    });
    await Promise.all(due.map((host) => this.#resolveOnce(host)));
    return hosts.flatMap((host) => {
      const { addresses = [], error = 'not resolved' } = this.#known.get(host) ?? {};
      return addresses.length > 0 ? [] : [`host ${host} cannot be resolved: ${error}`];
    });
  }

  /** Forgets the names that none of these has. */
  keep(plans: readonly Plan[]): void {
    const hosts = new Set(plans.flatMap(hostsOf));
    for (const host of this.#known.keys()) if (!hosts.has(host)) this.#known.delete(host);
  }

  #resolveOnce(host: string): Promise<void> {
    const underWay = this.#underWay.get(host);
    if (underWay !== undefined) return underWay;
    const promise = this.#resolve(host).finally(() => this.#underWay.delete(host));
    this.#underWay.set(host, promise);
    return promise;
  }

  async #resolve(host: string): Promise<void> {
    const { clock, sticky, lookup = systemLookup } = this.#options;
    const before = this.#known.get(host)?.addresses ?? [];
    try {
      // Sorted: servers turn the order with each answer, and that is no news.
      const found = [...new Set(await lookup(host))].sort().slice(0, MAX_ADDRESSES);
      if (found.length === 0) throw new Error('it has no address');
      const stays = sticky && before.some((address) => found.includes(address));
      this.#known.set(host, { addresses: stays ? before : found, at: clock.now() });
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      this.#known.set(host, { addresses: before, at: clock.now(), error: said });
    }
  }
}

/** Names, not addresses; each once, in order. */
function hostsOf({ mirrors }: Plan): string[] {
  const hosts = mirrors.flatMap(({ target }) => target.endpoints.map(({ host }) => host));
  return [...new Set(hosts)].filter((host) => isIP(host) === 0).sort();
}
