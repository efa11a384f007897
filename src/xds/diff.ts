import { makeTypeSnapshot } from '../snapshot/build.ts';
import type { Resource, TypeSnapshot } from '../snapshot/snapshot.ts';

/** What takes a client from one content of a type to another. */
export interface Diff {
  readonly changed: readonly Resource[];
  readonly removed: readonly string[];
}

const diffs = new WeakMap<TypeSnapshot, WeakMap<TypeSnapshot, Diff>>();
const empties = new Map<string, TypeSnapshot>();
const unions = new WeakMap<TypeSnapshot, WeakMap<TypeSnapshot, TypeSnapshot>>();

/** What a client has that knows nothing. */
export function emptyType(typeUrl: string): TypeSnapshot {
  const known = empties.get(typeUrl) ?? makeTypeSnapshot(typeUrl, []);
  empties.set(typeUrl, known);
  return known;
}

/** Found once for all nodes that had `from`. */
export function diffOf(from: TypeSnapshot, to: TypeSnapshot): Diff {
  const known = diffs.get(to)?.get(from);
  if (known !== undefined) return known;
  const changed: Resource[] = [];
  for (const resource of to.resources.values()) {
    if (from.resources.get(resource.name)?.version !== resource.version) changed.push(resource);
  }
  const removed = [...from.resources.keys()].filter((name) => !to.resources.has(name));
  const diff = Object.freeze({ changed, removed });
  const byFrom = diffs.get(to) ?? new WeakMap<TypeSnapshot, Diff>();
  diffs.set(to, byFrom.set(from, diff));
  return diff;
}

/** `to`, and what only `from` has: the step between in which nothing is missing. */
export function unionOf(from: TypeSnapshot, to: TypeSnapshot): TypeSnapshot {
  const known = unions.get(to)?.get(from);
  if (known !== undefined) return known;
  const { removed } = diffOf(from, to);
  const kept = removed.map((name) => from.resources.get(name)).filter((resource) => resource !== undefined);
  const union = makeTypeSnapshot(to.typeUrl, [...to.resources.values(), ...kept], {
    labels: to.labels,
    order: to.order,
  });
  const byFrom = unions.get(to) ?? new WeakMap<TypeSnapshot, TypeSnapshot>();
  unions.set(to, byFrom.set(from, union));
  return union;
}
