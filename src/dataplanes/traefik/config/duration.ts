const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
const PART = /(\d+)(h|ms|m|s)/g;

/** A duration of Traefik in milliseconds: whole seconds, or as in Go. Undefined where it is none of whole milliseconds. */
export function milliseconds(value: unknown): number | undefined {
  if (typeof value === 'number') return value * 1000;
  if (typeof value !== 'string' || value.replace(PART, '') !== '' || value === '') return undefined;
  return [...value.matchAll(PART)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0),
    0,
  );
}
