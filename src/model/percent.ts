/**
 * A share of requests in parts per million: an integer, 0 to 1,000,000. It is read from a decimal's digits,
 * never by multiplying a float (0.39 * 10000 is 3899.9999999999995).
 */
export type Ppm = number;

export const FULL: Ppm = 1_000_000;

const DECIMAL = /^(\d{1,3})(?:\.(\d{1,4}))?$/;

export const PERCENT_RULE = 'must be a decimal from 0 to 100 with at most four decimals, such as 12.5';

/** Reads a percent (0 to 100, at most four decimals). Undefined when it is anything else. */
export function parsePercent(percent: unknown): Ppm | undefined {
  if (typeof percent !== 'number') return undefined;
  // The shortest decimal that denotes this double is what the user wrote; -0 is 0.
  const digits = DECIMAL.exec(String(percent));
  if (digits === null) return undefined;
  const ppm = Number(digits[1]) * 10_000 + Number((digits[2] ?? '').padEnd(4, '0'));
  return ppm <= FULL ? ppm : undefined;
}

/** The percent that {@link parsePercent} reads as `ppm`. */
export function formatPercent(ppm: Ppm): number {
  const digits = String(ppm).padStart(5, '0');
  return Number(`${digits.slice(0, -4)}.${digits.slice(-4)}`);
}
