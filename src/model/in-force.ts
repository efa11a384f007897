import type { Mirror } from './mirror.ts';
import type { Ppm } from './percent.ts';
import { percentOn } from './spread.ts';

/** Of a mirror's percent, to see whether its target is well again: a hundredth, and never none of it. */
export function trickleOf(percent: Ppm): Ppm {
  return Math.ceil(percent / 100);
}

/**
 * The percent a node is to have: a stop wins over everything, an unwell target over rollouts, a rollout's share over
 * the mirror's percent.
 */
export function percentInForce(mirror: Mirror, node: string, stopped: boolean): Ppm {
  if (stopped || mirror.suspension?.state === 'open') return 0;
  const percent = percentOn(mirror, node);
  return mirror.suspension === undefined ? percent : trickleOf(percent);
}
