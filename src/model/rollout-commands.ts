import type { PrimaryTotals } from './observation.ts';
import type { Ppm } from './percent.ts';
import { isActive } from './rollout.ts';
import type { Rollout, RolloutStatus } from './rollout.ts';
import { type Decision, abort, advanceStep, begin, holdEnd, pause, stepOf } from './rollout-machine.ts';

export const VERBS = ['start', 'pause', 'resume', 'advance', 'abort', 'retry'] as const;

export type Verb = (typeof VERBS)[number];

/** Who says it, and how things are. */
export interface Saying {
  readonly actor: string;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Percents of the mirrors now. */
  readonly percents: Readonly<Record<string, Ppm>>;
  /** A stop holds the fleet. */
  readonly stopped: boolean;
  readonly before?: PrimaryTotals;
}

/** Without a decision it is as it was told to be already. */
export type Answer =
  { readonly ok: true; readonly decision?: Decision } | { readonly ok: false; readonly message: string };

const NOTHING: Answer = { ok: true };

/** What becomes of a rollout that is told something. Said twice, it is the same as said once. */
export function command(rollout: Rollout, verb: Verb, saying: Saying): Answer {
  return COMMANDS[verb](rollout, saying);
}

const COMMANDS: { readonly [V in Verb]: (rollout: Rollout, saying: Saying) => Answer } = {
  start(rollout, saying) {
    const { state } = rollout.status;
    if (state === 'done' || state === 'aborted') return refuse(rollout, 'say retry to run it again');
    if (state === 'paused') return refuse(rollout, 'say resume');
    if (state === 'aborting') return refuse(rollout, 'wait until that is done, and say retry');
    if (state !== 'pending') return NOTHING;
    return startNow(rollout, saying);
  },
  retry(rollout, saying) {
    const { state } = rollout.status;
    if (state === 'pending') return refuse(rollout, 'say start');
    if (isActive(rollout.status)) return refuse(rollout, 'it can be run again when it has ended');
    return startNow(rollout, saying);
  },
  pause({ status }, { now, actor, reason }) {
    if (status.state === 'paused') return NOTHING;
    if (!isRunning(status)) return { ok: false, message: `it is ${status.state}: there is nothing to pause` };
    return { ok: true, decision: pause(status, now, actor, worded('paused', reason)) };
  },
  resume(rollout, { now, actor, reason, stopped }) {
    const { status } = rollout;
    if (isRunning(status)) return NOTHING;
    if (status.state !== 'paused') return refuse(rollout, 'only what is paused can be resumed');
    if (stopped) return { ok: false, message: 'a stop holds the fleet: release it first' };
    const { appliedAt: _, ...rest } = status;
    const why = worded('resumed', reason);
    // The step is set again, whatever was done by hand meanwhile; its hold and its approval start anew.
    const next: RolloutStatus = {
      ...rest,
      ...{ state: 'applying', since: now, isSet: false, failures: 0, approved: false, reason: why, actor },
    };
    return { ok: true, decision: { status: next, reason: why } };
  },
  advance(rollout, { now, actor, reason }) {
    const { state } = rollout.status;
    if (state !== 'holding' && state !== 'gating') {
      return refuse(rollout, 'only a step that is applied, and held or looked at, can be skipped');
    }
    const { status } = rollout;
    if (
      state === 'holding' &&
      stepOf(rollout).approval === 'manual' &&
      !status.approved &&
      now >= holdEnd(rollout)
    ) {
      // What it waited for: the gates are looked at once more.
      const why = worded('approved', reason);
      return {
        ok: true,
        decision: { status: { ...status, approved: true, reason: why, actor }, reason: why },
      };
    }
    return { ok: true, decision: advanceStep(rollout, now, actor, worded('advanced by hand', reason)) };
  },
  abort(rollout, saying) {
    const { status } = rollout;
    const { now, actor, reason } = saying;
    const why = worded('aborted', reason);
    if (status.state === 'aborted' || status.state === 'aborting') return NOTHING;
    if (status.state === 'done') return refuse(rollout, 'set the percent, or run another rollout');
    if (status.state === 'pending') {
      const next: RolloutStatus = { ...status, state: 'aborted', since: now, reason: why, actor };
      return { ok: true, decision: { status: next, reason: why } };
    }
    return { ok: true, decision: abort(rollout, saying, actor, why) };
  },
};

function startNow(rollout: Rollout, saying: Saying): Answer {
  const { actor, reason, stopped } = saying;
  if (stopped) return { ok: false, message: 'a stop holds the fleet: release it first' };
  return { ok: true, decision: begin(rollout, saying, actor, worded('started', reason)) };
}

/** A percent was set by hand: the plan does not fight it. Undefined where it was not moving. */
export function handSet(
  { status }: Rollout,
  { now, actor, what }: { readonly now: number; readonly actor: string; readonly what: string },
): RolloutStatus | undefined {
  const reason = `the percent was set by hand: ${what}`;
  if (status.state === 'paused')
    return status.handSet ? undefined : { ...status, handSet: true, reason, actor };
  if (!isRunning(status)) return undefined;
  return { ...status, state: 'paused', since: now, handSet: true, isSet: false, reason, actor };
}

function isRunning({ state }: RolloutStatus): boolean {
  return state === 'applying' || state === 'holding' || state === 'gating';
}

function refuse({ status }: Rollout, what: string): Answer {
  return { ok: false, message: `it is ${status.state}: ${what}` };
}

function worded(what: string, reason: string): string {
  return reason === '' ? what : `${what}: ${reason}`;
}
