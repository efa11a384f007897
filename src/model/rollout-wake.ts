import type { Rollout } from './rollout.ts';
import { holdEnd } from './rollout-machine.ts';
import { mayStep } from './schedule.ts';

/** Whether gates are to be measured, every `intervalMs`: from when a step was set, as the first nodes copy at once. */
export function watchesGates({ status: { state, isSet } }: Rollout): boolean {
  return state === 'holding' || state === 'gating' || (state === 'applying' && isSet);
}

/** When the next move may be due by time alone, epoch milliseconds; gates and events aside. */
export function nextWake(rollout: Rollout, now: number): number | undefined {
  const { status } = rollout;
  switch (status.state) {
    case 'pending': {
      if (rollout.startAt === undefined || status.run > 0) return undefined;
      const start = Date.parse(rollout.startAt);
      return now < start ? start : mayStep(rollout, now).until;
    }
    case 'applying':
      return status.isSet ? nextTimeout(rollout, now) : mayStep(rollout, now).until;
    case 'holding':
      return now < holdEnd(rollout) ? holdEnd(rollout) : undefined;
    case 'aborting':
      return nextTimeout(rollout, now);
    case 'gating':
    case 'paused':
    case 'done':
    case 'aborted':
      return undefined;
  }
}

/** Never past: while no node is there to acknowledge, one timeout follows the other. */
function nextTimeout({ status: { since }, ackTimeoutMs }: Rollout, now: number): number {
  return since + (Math.floor((now - since) / ackTimeoutMs) + 1) * ackTimeoutMs;
}
