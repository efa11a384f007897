import { FULL, type Ppm } from '../../../model/percent.ts';

/** Traefik takes whole percents. */
export const STEP: Ppm = 10_000;

/** The nearest whole percent; never nothing of something, nor all of less than all. */
export function rounded(percent: Ppm): Ppm {
  if (percent <= 0) return 0;
  if (percent >= FULL) return FULL;
  return Math.min(FULL - STEP, Math.max(STEP, Math.round(percent / STEP) * STEP));
}
