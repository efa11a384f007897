const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];

const DURATION = /^(\d{1,9})(?:\.(\d{1,3}))?(ms|s|m|h)$/;

export const DURATION_RULE = 'must be a duration such as "500ms", "1.5s", "2m" or "1h"';

/** Reads `"500ms"`, `"1.5s"`, `"2m"`, `"1h"` as whole milliseconds. Undefined when it is anything else. */
export function parseDuration(text: unknown): number | undefined {
  const parts = typeof text === 'string' ? DURATION.exec(text) : null;
  if (parts === null) return undefined;
  const unit = UNITS.find(([name]) => name === parts[3])?.[1] ?? 1;
  // From the digits, as 1.001 * 1000 is not 1001.
  const thousandths = Number((parts[2] ?? '').padEnd(3, '0')) * unit;
  if (thousandths % 1000 !== 0) return undefined;
  return Number(parts[1]) * unit + thousandths / 1000;
}

/** The shortest duration that {@link parseDuration} reads as `ms`: `2m`, `1.5s`, `500ms`. */
export function formatDuration(ms: number): string {
  for (const [unit, size] of UNITS) {
    if (size > 1 && ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  if (ms < 1000) return `${ms}ms`;
  const fraction = String(ms % 1000).padStart(3, '0');
  return `${Math.floor(ms / 1000)}.${fraction.replace(/0+$/, '')}s`;
}
