import { isRecord } from './read.ts';

/**
 * The result of a JSON merge patch (RFC 7396, section 2): `null` deletes, objects merge, everything else replaces.
 * Neither argument is changed.
 *
 * Ours and not the json-merge-patch package: that one writes into its target by `target[key]`, so a patch with the
 * key `__proto__` (which JSON.parse makes an own property) reaches Object.prototype. Here such a key stays a plain
 * key, and the check of the result refuses it.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged = new Map<string, unknown>(isRecord(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

/** Whether no value in `json` lies deeper than `max` levels. Stops at that depth, so it is safe on any input. */
export function isWithinDepth(json: unknown, max: number): boolean {
  if (typeof json !== 'object' || json === null) return true;
  return max > 0 && Object.values(json).every((child) => isWithinDepth(child, max - 1));
}
