import type { Mirror, Suspension } from './mirror.ts';
import { isRefuted } from './node-health.ts';
import type { Unwell } from './node-health.ts';
import type { CopyTotals } from './observation.ts';

/** Times in milliseconds. A target is unwell when more than half of its copies fail or are dropped. */
export const WINDOW_MS = 10_000;
const UNWELL = 0.5;
/** Fewer copies tell nothing. */
const MIN_COPIES = 20;
/** A trickle makes few. */
const MIN_TRICKLE = 5;
const FIRST_MS = 30_000;
const LONGEST_MS = 600_000;

/**
 * What becomes of a mirror's circuit breaker; undefined: nothing changes. `copies`: of the last {@link WINDOW_MS}, or
 * since it is half-open. `times`: how often it was opened of late, so that a target which is well only under little load
 * is left alone for longer each time. `unwell`: all nodes of the target are, by their own healthchecks. While these say so
 * themselves, there is no trickle.
 */
export function nextSuspension(
  { suspension }: Pick<Mirror, 'suspension'>,
  copies: CopyTotals | undefined,
  now: number,
  times: number,
  unwell?: Unwell,
): Suspension | 'none' | undefined {
  if (suspension?.state === 'open') {
    if (now < suspension.until || unwell?.said === true) return undefined;
    const reason = 'a trickle of copies, to see whether the target is well again';
    return { ...suspension, state: 'half-open', since: now, reason };
  }
  if (unwell !== undefined && isReason(unwell, suspension, copies)) return opened(now, times, unwell.reason);
  if (copies === undefined) return undefined;
  const ended = copies.succeeded + copies.failed + copies.dropped;
  if (ended < (suspension === undefined ? MIN_COPIES : MIN_TRICKLE)) return undefined;
  const bad = copies.failed + copies.dropped;
  if (bad <= ended * UNWELL) return suspension === undefined ? undefined : 'none';
  return opened(now, times, `${copies.failed} of ${ended} copies failed and ${copies.dropped} were dropped`);
}

/** A trickle is there to find out what a node that cannot be heard of does. */
function isReason(
  unwell: Unwell,
  suspension: Suspension | undefined,
  copies: CopyTotals | undefined,
): boolean {
  return unwell.said || (suspension === undefined && !isRefuted(unwell, copies));
}

function opened(now: number, times: number, reason: string): Suspension {
  const ms = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(times, 10));
  return { state: 'open', since: now, until: now + ms, times: times + 1, reason };
}
