import { Cron } from 'croner';
import type { RolloutPlan, Window } from './rollout.ts';

export interface Schedule {
  readonly open: boolean;
  /** When that may change, epoch milliseconds. */
  readonly until?: number;
  /** In words. */
  readonly why: string;
}

/** Whether steps may be taken now: within one of the windows, if there are any, and in no freeze. */
export function mayStep(
  { windows, freezes }: Pick<RolloutPlan, 'windows' | 'freezes'>,
  now: number,
): Schedule {
  const changes: number[] = [];
  for (const { from, to, reason } of freezes) {
    const [start, end] = [Date.parse(from), Date.parse(to)];
    if (now >= start && now < end) {
      return {
        open: false,
        until: end,
        why: `frozen until ${to}${reason === undefined ? '' : `: ${reason}`}`,
      };
    }
    if (now < start) changes.push(start);
  }
  if (windows.length === 0) return answer(true, changes, 'no window is set');
  let open = false;
  for (const window of windows) {
    const { cron, durationMs } = window;
    const started = cronOf(window)
      .previousRuns(1, new Date(now + 1))[0]
      ?.getTime();
    if (started !== undefined && now < started + durationMs) {
      open = true;
      changes.push(started + durationMs);
    } else {
      const next = cronOf(window).nextRun(new Date(now))?.getTime();
      if (next !== undefined) changes.push(next);
    }
    if (open) return answer(true, changes, `in the window "${cron}"`);
  }
  return answer(false, changes, 'outside every window');
}

function answer(open: boolean, changes: readonly number[], why: string): Schedule {
  return { open, ...(changes.length > 0 && { until: Math.min(...changes) }), why };
}

/** Throws unless it can be read. https://croner.56k.guru */
export function cronOf({ cron, timezone }: Pick<Window, 'cron' | 'timezone'>): Cron {
  return new Cron(cron, { timezone, mode: '5-part', paused: true });
}
