/** Types of which a first request without names means nothing, and not everything. */
const ALWAYS_NAMED = new Set(
  [
    'envoy.config.route.v3.RouteConfiguration',
    'envoy.config.route.v3.VirtualHost',
    'envoy.config.endpoint.v3.ClusterLoadAssignment',
    'envoy.extensions.transport_sockets.tls.v3.Secret',
    'envoy.service.runtime.v3.Runtime',
    'envoy.config.core.v3.TypedExtensionConfig',
  ].map((name) => `type.googleapis.com/${name}`),
);

export const WILDCARD = '*';

/** https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#how-the-client-specifies-what-resources-to-return */
export function allowsLegacyWildcard(typeUrl: string): boolean {
  return !ALWAYS_NAMED.has(typeUrl);
}

/** A set of names asked for. Equal sets are one object, whichever streams they belong to. */
export interface Subscription {
  /** Unlike for unlike sets. */
  readonly key: string;
  readonly wildcard: boolean;
  /** Without `*`. */
  readonly names: ReadonlySet<string>;
}

export function covers(subscription: Subscription, name: string): boolean {
  return subscription.wildcard || subscription.names.has(name);
}

interface Pooled {
  readonly subscription: Subscription;
  users: number;
}

/** Thousands of nodes ask for the same names: the set is kept once, and answers are shared by its key. */
export class SubscriptionPool {
  readonly #pooled = new Map<string, Pooled>();

  /** The subscription to exactly these; to be released once. */
  take(wildcard: boolean, names: Iterable<string>): Subscription {
    const sorted = [...new Set(names)].sort();
    // Names may hold any character: with their lengths, no two sets have the same key.
    const key = (wildcard ? '*' : '') + sorted.map((name) => `${name.length}:${name}`).join('');
    const known = this.#pooled.get(key);
    if (known !== undefined) {
      known.users += 1;
      return known.subscription;
    }
    const subscription = Object.freeze({ key, wildcard, names: new Set(sorted) });
    this.#pooled.set(key, { subscription, users: 1 });
    return subscription;
  }

  release(subscription: Subscription): void {
    const pooled = this.#pooled.get(subscription.key);
    if (pooled === undefined) return;
    pooled.users -= 1;
    if (pooled.users === 0) this.#pooled.delete(subscription.key);
  }

  get size(): number {
    return this.#pooled.size;
  }
}
