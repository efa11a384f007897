import type { Reader } from '../schema/reader.ts';

const UNITS: Readonly<Record<string, number>> = {
  h: 3_600_000_000_000,
  m: 60_000_000_000,
  s: 1_000_000_000,
  ms: 1_000_000,
  us: 1000,
  µs: 1000,
  ns: 1,
};
const WHOLE = /^[+-]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ms|us|µs|ns|h|m|s))+$/;
const PART = /(\d+(?:\.\d*)?|\.\d+)(ms|us|µs|ns|h|m|s)/g;

/** Durations as istiod reads them: Go's `1h30m` and `100ms`. Given back as proto JSON has them, in seconds. */
export const readGoDuration: Reader = (json, issues) => {
  if (json === 0 || json === '0') return '0s';
  if (typeof json !== 'string' || !WHOLE.test(json))
    return void issues.add('must be a duration such as "5s", "100ms" or "1m30s"');
  let total = 0;
  for (const [, number = '', unit = ''] of json.matchAll(PART)) total += Number(number) * (UNITS[unit] ?? 0);
  // Beyond this, nanoseconds are no whole numbers of a double; it is 104 days.
  if (!Number.isSafeInteger(Math.round(total))) return void issues.add('is longer than can be told');
  const nanoseconds = Math.round(total);
  const rest = String(nanoseconds % 1_000_000_000)
    .padStart(9, '0')
    .replace(/0+$/, '');
  const seconds = Math.floor(nanoseconds / 1_000_000_000);
  const sign = json.startsWith('-') && nanoseconds > 0 ? '-' : '';
  return `${sign}${seconds}${rest === '' ? '' : `.${rest}`}s`;
};

/** Milliseconds of a duration that was read. */
export function milliseconds(duration: unknown): number | undefined {
  return typeof duration === 'string' ? Number(duration.slice(0, -1)) * 1000 : undefined;
}
