import type { LogLine } from '../dataplanes/nginx/log-line.ts';
import { MAX_ANSWER_MS } from '../dataplanes/nginx/mirror-location.ts';
import type { Limits } from '../model/target.ts';

/**
 * What became of one copy. `hung`: it was not answered, or not well, and took long to find that out. `slow`: it was
 * answered well, and late. Both held up their client's next request on its connection.
 */
export type CopyOutcome = 'ok' | 'failed' | 'hung' | 'slow';

/** From when on a copy has held up a client, in milliseconds. */
export interface Bounds {
  readonly hungMs: number;
  readonly slowMs: number;
}

/** A delay that a person notices. */
const HELD_MS = 400;
const NEARLY = 0.9;
/** Of the time that the target's limits let a copy take: who gives it more than the default lets it answer later. */
const SLOW_SHARE = 0.2;

export function boundsOf({ maxStreamDurationMs }: Limits): Bounds {
  const nearlyAll = Math.min(maxStreamDurationMs, MAX_ANSWER_MS) * NEARLY;
  return {
    hungMs: Math.min(HELD_MS, nearlyAll),
    slowMs: Math.min(Math.max(HELD_MS, maxStreamDurationMs * SLOW_SHARE), nearlyAll),
  };
}

export function outcomeOf(
  { failed, seconds = 0 }: Pick<LogLine, 'failed' | 'seconds'>,
  { hungMs, slowMs }: Bounds,
): CopyOutcome {
  const tookMs = seconds * 1000;
  if (failed) return tookMs >= hungMs ? 'hung' : 'failed';
  return tookMs >= slowMs ? 'slow' : 'ok';
}
