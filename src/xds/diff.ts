import { makeTypeSnapshot } from '../snapshot/build.ts';
import type { Resource, ResourceRef, TypeSnapshot } from '../snapshot/snapshot.ts';
import { type Subscription, covers } from './subscription.ts';

/** What takes a client from one content of a type to another. */
export interface Diff {
  readonly changed: readonly Resource[];
  readonly removed: readonly string[];
  /** What must be sent again after `changed`. */
  readonly resend: readonly ResourceRef[];
}

/** What a client has that knows nothing. */
export const NOTHING: TypeSnapshot = makeTypeSnapshot('', []);

const UNSENDABLE = Buffer.alloc(0);

type ByPair<T> = WeakMap<TypeSnapshot, WeakMap<TypeSnapshot, T>>;
const diffs: ByPair<Diff> = new WeakMap();
const unions: ByPair<TypeSnapshot> = new WeakMap();
const doubts: ByPair<TypeSnapshot> = new WeakMap();

/** Made once for all nodes that are between the same two. */
function once<T>(cache: ByPair<T>, from: TypeSnapshot, to: TypeSnapshot, make: () => T): T {
  let byFrom = cache.get(to);
  if (byFrom === undefined) cache.set(to, (byFrom = new WeakMap<TypeSnapshot, T>()));
  let made = byFrom.get(from);
  if (made === undefined) byFrom.set(from, (made = make()));
  return made;
}

export function diffOf(from: TypeSnapshot, to: TypeSnapshot): Diff {
  return once(diffs, from, to, () => {
    const changed: Resource[] = [];
    for (const resource of to.resources.values()) {
      const known = from.resources.get(resource.name);
      // What ends by itself may have ended at a client that says it has it.
      const trusted = resource.ttlMs === undefined || isSendable(known);
      if (known?.version !== resource.version || !trusted) changed.push(resource);
    }
    return Object.freeze({
      changed,
      removed: [...from.resources.keys()].filter((name) => !to.resources.has(name)),
      resend: changed.flatMap(({ resend }) => resend ?? []),
    });
  });
}

/** `to`, and what only `from` has: the step between in which nothing is missing. */
export function unionOf(from: TypeSnapshot, to: TypeSnapshot): TypeSnapshot {
  return once(unions, from, to, () => {
    const kept = diffOf(from, to).removed.flatMap((name) => from.resources.get(name) ?? []);
    return kept.length === 0 ? to : withResources(to, [...to.resources.values(), ...kept]);
  });
}

/** What a client says it has: names and versions, to be compared and never sent. */
export function declared(typeUrl: string, versions: ReadonlyMap<string, string>): TypeSnapshot {
  return makeTypeSnapshot(
    typeUrl,
    [...versions].map(([name, version]) => ({ name, version, body: UNSENDABLE })),
  );
}

/**
 * What a client has that refused `refused`: of the resources in which it differs from `accepted`, and of `names`, which
 * were sent with them, it may have taken some (Envoy takes the good clusters of a response that it rejects). These
 * are unsure.
 */
export function doubtful(
  accepted: TypeSnapshot,
  refused: TypeSnapshot,
  names: ReadonlySet<string>,
): TypeSnapshot {
  const make = (): TypeSnapshot => {
    const resources = [...unionOf(accepted, refused).resources.values()].map((resource) => {
      const { name, version } = resource;
      const same =
        accepted.resources.get(name)?.version === version && refused.resources.get(name)?.version === version;
      return same && !names.has(name) ? resource : unsure(name);
    });
    // Labels are of what is accepted for sure.
    const { labels } = accepted;
    return makeTypeSnapshot(refused.typeUrl, resources, { labels, order: refused.order });
  };
  return names.size === 0 ? once(doubts, accepted, refused, make) : make();
}

/** The same where it is not sure that the client has what has none of these names. */
export function sureOf(type: TypeSnapshot, names: ReadonlySet<string>): TypeSnapshot {
  if (type === NOTHING) return type;
  const resources = [...type.resources.values()];
  return withResources(
    type,
    resources.map((resource) => (names.has(resource.name) ? resource : unsure(resource.name))),
  );
}

/** Compares as unlike anything. */
function unsure(name: string): Resource {
  return { name, version: '', body: UNSENDABLE };
}

/** What of it does not have these names. */
export function without(type: TypeSnapshot, names: ReadonlySet<string>): TypeSnapshot {
  const rest = [...type.resources.values()].filter(({ name }) => !names.has(name));
  return rest.length === type.resources.size ? type : withResources(type, rest);
}

const expiring = new WeakMap<TypeSnapshot, { readonly names: readonly string[]; readonly ttlMs: number }>();

/** Resources that end by themselves, and the shortest time of theirs, in milliseconds; Infinity when there are none. */
export function expiringOf(type: TypeSnapshot): {
  readonly names: readonly string[];
  readonly ttlMs: number;
} {
  let found = expiring.get(type);
  if (found === undefined) {
    const resources = [...type.resources.values()].filter(({ ttlMs }) => ttlMs !== undefined);
    const ttlMs = Math.min(...resources.map((resource) => resource.ttlMs ?? Infinity));
    found = Object.freeze({ names: resources.map(({ name }) => name), ttlMs });
    expiring.set(type, found);
  }
  return found;
}

/** Whether what a client says it has is just this, as far as it is subscribed. */
export function isSame(said: TypeSnapshot, type: TypeSnapshot, subscription: Subscription): boolean {
  if (said.version === type.version) return true;
  const names = subscription.wildcard
    ? [...said.resources.keys(), ...type.resources.keys()]
    : [...subscription.names];
  return names.every((name) => said.resources.get(name)?.version === type.resources.get(name)?.version);
}

/** False for what is known by name and version only. */
export function isSendable(resource: Resource | undefined): resource is Resource {
  return resource !== undefined && resource.body.length > 0;
}

/** Whether the step from one to the other changes a resource of the subscription. */
export function changes(from: TypeSnapshot, to: TypeSnapshot, subscription: Subscription): boolean {
  if (from === to) return false;
  return diffOf(from, to).changed.some(({ name }) => covers(subscription, name));
}

/** Whether the step from one to the other removes a resource of the subscription. */
export function removes(from: TypeSnapshot, to: TypeSnapshot, subscription: Subscription): boolean {
  if (from === to || from.version === to.version) return false;
  return diffOf(from, to).removed.some((name) => covers(subscription, name));
}

function withResources(like: TypeSnapshot, resources: readonly Resource[]): TypeSnapshot {
  return makeTypeSnapshot(like.typeUrl, resources, { labels: like.labels, order: like.order });
}
