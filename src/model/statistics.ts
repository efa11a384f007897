import type { PrimaryTotals } from './observation.ts';

/** One-sided, 99 %. */
export const Z = 2.326;

export interface Proportion {
  readonly hits: number;
  readonly of: number;
}

/** Bounds that the true proportion lies above, and below, with 99 % each. https://www.jstor.org/stable/2276774 (Wilson) */
export function bounds({ hits, of }: Proportion, z = Z): { readonly lower: number; readonly upper: number } {
  if (of <= 0) return { lower: 0, upper: 1 };
  const p = hits / of;
  const square = z * z;
  const middle = p + square / (2 * of);
  const half = z * Math.sqrt((p * (1 - p) + square / (4 * of)) / of);
  const whole = 1 + square / of;
  // Exactly so: what rounding leaves of a bound at 0 would be above it.
  return {
    lower: hits === 0 ? 0 : Math.max(0, (middle - half) / whole),
    upper: hits === of ? 1 : Math.min(1, (middle + half) / whole),
  };
}

/**
 * Whether `a` exceeds `b` by more than `by`, and not by chance. One success and one failure are added to each, so that
 * a sample without errors has a variance too. https://www.jstor.org/stable/2685779 (Agresti and Caffo)
 */
export function isMoreOften(a: Proportion, b: Proportion, by: number, z = Z): boolean {
  const [pa, na] = [(a.hits + 1) / (a.of + 2), a.of + 2];
  const [pb, nb] = [(b.hits + 1) / (b.of + 2), b.of + 2];
  const error = Math.sqrt((pa * (1 - pa)) / na + (pb * (1 - pb)) / nb);
  return a.of > 0 && b.of > 0 && (pa - pb - by) / error > z;
}

/**
 * Mean time of a request in seconds, by Little's law: requests under way on average, divided by requests per second.
 * Load reports have no times, but they have both. `error` is the standard error: the requests under way at the ends of
 * reports are taken for a Poisson sample. Undefined without requests. https://www.jstor.org/stable/167570
 */
export function meanLatency({
  requests,
  requestSeconds,
  variance,
}: PrimaryTotals): { readonly seconds: number; readonly error: number } | undefined {
  if (requests === 0 || requestSeconds === 0) return undefined;
  const seconds = requestSeconds / requests;
  return { seconds, error: seconds * Math.sqrt(variance / requestSeconds ** 2 + 1 / requests) };
}
