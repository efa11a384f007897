import { isDeepStrictEqual } from 'node:util';

/** Freezes plain data in place, all the way down. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}

/**
 * `after` with every part that equals its counterpart in `before` replaced by that very object. Whoever remembers
 * work by identity then sees what has changed; equal values are `before` itself.
 */
export function shareUnchanged<T>(before: unknown, after: T): T {
  if (typeof after !== 'object' || after === null || typeof before !== 'object' || before === null)
    return after;
  if (isDeepStrictEqual(before, after)) return before as T;
  if (isList(after) || isList(before)) return after;
  const earlier = new Map(Object.entries(before));
  const shared = Object.entries(after as Readonly<Record<string, unknown>>).map(([key, value]) => [
    key,
    shareUnchanged(earlier.get(key), value),
  ]);
  return Object.freeze(Object.fromEntries(shared)) as T;
}

/** Narrows nothing: a list is returned as what it is. */
function isList(value: unknown): boolean {
  return Array.isArray(value);
}
