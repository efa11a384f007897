import { untold } from './gates.ts';
import type { GateReading, StepDelivery } from './gates.ts';
import type { PrimaryTotals } from './observation.ts';
import type { Ppm } from './percent.ts';
import { FULL, formatPercent } from './percent.ts';
import type { Rollout, RolloutStatus, Step } from './rollout.ts';
import { type Seen, lack } from './rollout-sight.ts';
import { mayStep } from './schedule.ts';

/** What is done to the mirrors, in the same write as the move. */
export type Share =
  | { readonly percent: Ppm; readonly fleetPercent: Ppm }
  /** Back to what it was, on all nodes. */
  | { readonly baseline: Readonly<Record<string, Ppm>> };

export interface Decision {
  readonly status: RolloutStatus;
  readonly share?: Share;
  readonly reason: string;
}

export interface Situation {
  /** Epoch milliseconds. */
  readonly now: number;
  readonly delivery: StepDelivery;
  readonly seen: Seen;
  /** Undefined: it is not time to look at gates. */
  readonly readings: readonly GateReading[] | undefined;
  /** Primary requests on the chosen nodes since they acknowledged the step; undefined: not known. */
  readonly requests: number | undefined;
  /** What became of the webhooks of {@link hooksDue}. */
  readonly hooks:
    'running' | { readonly ok: true } | { readonly ok: false; readonly message: string } | undefined;
  /** A stop holds the fleet. */
  readonly stopped: boolean;
  /** Percents of the mirrors now. */
  readonly percents: Readonly<Record<string, Ppm>>;
  readonly before?: PrimaryTotals;
}

/** Author of what a rollout does by itself. */
const SELF = 'mirrorplane';
/** Begins the reasons of {@link wait}, and no others. */
const WAITS = 'waits: ';

/**
 * The next move, if it is time for one. One move at a time: ask again after it, of the situation that it made. Readings
 * are given once each, as failures are counted.
 */
export function decide(rollout: Rollout, situation: Situation): Decision | undefined {
  const { status } = rollout;
  const { now, stopped } = situation;
  switch (status.state) {
    case 'pending': {
      const due = rollout.startAt !== undefined && now >= Date.parse(rollout.startAt) && status.run === 0;
      if (!due || stopped || !mayStep(rollout, now).open) return undefined;
      return begin(rollout, situation, SELF, `started at its time, ${rollout.startAt}`);
    }
    case 'applying':
    case 'holding':
    case 'gating':
      if (stopped) return pause(status, now, SELF, 'a stop holds the fleet: resume it after the release');
      return RUNNING[status.state](rollout, situation);
    case 'aborting':
      return endAbort(rollout, situation);
    case 'paused':
    case 'done':
    case 'aborted':
      return undefined;
  }
}

const RUNNING = { applying, holding, gating } as const;

/** Into the first step, with the percents of now to go back to. */
export function begin(
  { status }: Rollout,
  { now, percents, before }: Pick<Situation, 'now' | 'percents' | 'before'>,
  actor: string,
  reason: string,
): Decision {
  const { before: _, appliedAt: __, ...rest } = status;
  const next: RolloutStatus = {
    ...rest,
    ...{ state: 'applying', run: status.run + 1, step: 0, since: now, isSet: false },
    ...{ failures: 0, approved: false, handSet: false, baseline: percents, reason, actor },
    ...(before && { before }),
  };
  return { status: next, reason };
}

function applying(rollout: Rollout, situation: Situation): Decision | undefined {
  const { status } = rollout;
  const step = stepOf(rollout);
  if (!status.isSet) return setStep(rollout, situation, step);
  const { now, delivery } = situation;
  if (delivery.rejected > allowedRejections(rollout)) {
    return fail(rollout, situation, `${delivery.rejected} of ${delivery.chosen} nodes rejected it`);
  }
  // Not by the clock alone: a node that has just come has its own time.
  if (delivery.overdue > 0) {
    const what = `${delivery.overdue} of ${delivery.chosen} nodes have not acknowledged it`;
    return fail(rollout, situation, `${what} within ${rollout.ackTimeoutMs / 1000} s`);
  }
  const failed = watch(rollout, situation);
  if (failed !== undefined) return failed;
  if (delivery.chosen === 0 || delivery.pending > 0) return undefined;
  const reason = `${nodes(delivery.chosen)} acknowledged ${describe(step)}`;
  return move(status, { state: 'holding', since: now, appliedAt: now, reason });
}

function setStep(rollout: Rollout, situation: Situation, step: Step): Decision | undefined {
  const { now, hooks } = situation;
  if (!mayStep(rollout, now).open) return undefined;
  if (hooksDue(rollout, undefined) === 'before') {
    if (hooks === undefined || hooks === 'running') return undefined;
    if (!hooks.ok) return fail(rollout, situation, hooks.message);
  }
  const reason = `step ${rollout.status.step + 1} of ${rollout.steps.length}: ${describe(step)}`;
  const { percent, fleetPercent } = step;
  const set = { isSet: true, handSet: false, since: now, reason };
  return { ...move(rollout.status, set), share: { percent, fleetPercent } };
}

/** A `rejections` gate that allows some is heeded here, too; not one that only reports. */
function allowedRejections({ gates }: Rollout): number {
  const gate = gates.find((one) => one.kind === 'metric' && one.metric === 'rejections' && !one.dryRun);
  return gate?.max ?? 0;
}

function holding(rollout: Rollout, situation: Situation): Decision | undefined {
  const failed = watch(rollout, situation);
  if (failed !== undefined) return failed;
  const { status } = rollout;
  const { now, requests } = situation;
  const step = stepOf(rollout);
  if (now < holdEnd(rollout)) return undefined;
  const lacking = heedLack(rollout, situation);
  if (lacking !== undefined) return lacking;
  if (step.minRequests > 0 && (requests ?? 0) < step.minRequests) return undefined;
  if (step.approval === 'manual' && !status.approved) return undefined;
  return move(status, { state: 'gating', since: now, reason: 'the hold is over: a last look at the gates' });
}

function gating(rollout: Rollout, situation: Situation): Decision | undefined {
  const failed = watch(rollout, situation);
  if (failed !== undefined) return failed;
  const { status } = rollout;
  const { now, readings, hooks, delivery } = situation;
  const lacking = heedLack(rollout, situation);
  if (lacking !== undefined) return lacking;
  // Where no node has the step there is nothing to look at, whatever the gates say.
  if (readings === undefined || delivery.acked === 0) return undefined;
  const unknown = untold(rollout, readings);
  if (unknown.length > 0) {
    // Reports of the first interval may still be on their way.
    if (now - (status.appliedAt ?? now) < 2 * rollout.intervalMs) return undefined;
    // That it waits for these is shown with the gates, whose numbers change at each look.
    return rollout.missingData === 'wait' ? undefined : missing(rollout, situation, unknown.join('; '));
  }
  if (readings.some(({ verdict, dryRun }) => verdict === 'fail' && !dryRun)) return undefined;
  // It waits for a window here, where what is set is watched.
  const isLast = status.step + 1 >= rollout.steps.length;
  if (!isLast && !mayStep(rollout, now).open) return undefined;
  if (hooksDue(rollout, readings) === 'after') {
    if (hooks === undefined || hooks === 'running') return undefined;
    if (!hooks.ok) return fail(rollout, situation, hooks.message);
  }
  return advanceStep(rollout, now, SELF, 'all gates passed');
}

/** Nodes that are gone, or silent, tell nothing more, however long it waits: said once, and heeded. */
function heedLack(rollout: Rollout, situation: Situation): Decision | undefined {
  const { status } = rollout;
  const { delivery } = situation;
  const what = lack(rollout, situation);
  if (what !== undefined) {
    // A fleet that is away as a whole: the connection to here, more likely than each of them.
    return delivery.nodes === 0 ? wait(status, what) : missing(rollout, situation, what);
  }
  if (!status.reason.startsWith(WAITS) || delivery.acked === 0) return undefined;
  return move(status, { reason: 'nodes of the share tell again how it does' });
}

/** Gates that fail, more often in a row than is allowed. What cannot be told ends no such row. */
function watch(rollout: Rollout, situation: Situation): Decision | undefined {
  const { status, failureLimit } = rollout;
  const { readings } = situation;
  if (readings === undefined) return undefined;
  const failing = readings.filter(({ verdict, dryRun }) => verdict === 'fail' && !dryRun);
  if (failing.length === 0) {
    if (status.failures === 0 || untold(rollout, readings).length > 0) return undefined;
    return move(status, { failures: 0, reason: 'the gates pass again' });
  }
  const reason = failing.map(({ gate, note }) => `${gate}: ${note}`).join('; ');
  if (status.failures >= failureLimit) return fail(rollout, situation, reason);
  return move(status, { failures: status.failures + 1, reason });
}

function fail(rollout: Rollout, situation: Situation, reason: string): Decision {
  if (rollout.onFail === 'pause') return pause(rollout.status, situation.now, SELF, reason);
  return abort(rollout, situation, SELF, reason);
}

function missing(rollout: Rollout, situation: Situation, what: string): Decision | undefined {
  const reason = `not enough data: ${what}`;
  switch (rollout.missingData) {
    case 'pause':
      return pause(rollout.status, situation.now, SELF, reason);
    case 'abort':
      return abort(rollout, situation, SELF, reason);
    case 'wait':
      return wait(rollout.status, what);
  }
}

/** It stays where it is and says what for, once. */
function wait(status: RolloutStatus, what: string): Decision | undefined {
  const reason = `${WAITS}${what}`;
  return status.reason === reason ? undefined : move(status, { reason });
}

export function pause(status: RolloutStatus, now: number, actor: string, reason: string): Decision {
  return move(status, { state: 'paused', since: now, actor, reason });
}

/** First of all the percents go back. What someone lowered by hand since is not raised again. */
export function abort(
  { status }: Rollout,
  { now, percents }: Pick<Situation, 'now' | 'percents'>,
  actor: string,
  reason: string,
): Decision {
  const entries = Object.entries(status.baseline).map(([mirror, ppm]): [string, Ppm] => {
    const lowered = status.handSet ? Math.min(ppm, percents[mirror] ?? ppm) : ppm;
    return [mirror, lowered];
  });
  const next = move(status, { state: 'aborting', since: now, actor, reason });
  return { ...next, share: { baseline: Object.fromEntries(entries) } };
}

function endAbort({ status, ackTimeoutMs }: Rollout, { now, delivery }: Situation): Decision | undefined {
  const left = delivery.unsettled;
  if (left > 0 && now - status.since < ackTimeoutMs) return undefined;
  const reason = left === 0 ? status.reason : `${status.reason} (${nodes(left)} have not answered yet)`;
  return move(status, { state: 'aborted', since: now, reason });
}

/** To the next step, or to the end. */
export function advanceStep(rollout: Rollout, now: number, actor: string, why: string): Decision {
  const { status, steps } = rollout;
  const { appliedAt: _, ...rest } = status;
  if (status.step + 1 >= steps.length) {
    return move(status, { state: 'done', since: now, actor, reason: `${why}; that was the last step` });
  }
  const reason = `${why}; on to step ${status.step + 2} of ${steps.length}`;
  const next = { state: 'applying', step: status.step + 1, since: now, isSet: false } as const;
  return move(rest, { ...next, failures: 0, approved: false, actor, reason });
}

function move(status: RolloutStatus, change: Partial<RolloutStatus> & { readonly reason: string }): Decision {
  return { status: { ...status, actor: SELF, ...change }, reason: change.reason };
}

/** Webhooks to be called now: before a step is set, or after its gates passed. */
export function hooksDue(
  rollout: Rollout,
  readings: readonly GateReading[] | undefined,
): 'before' | 'after' | undefined {
  const { status, webhooks } = rollout;
  const has = (when: 'before' | 'after'): boolean => webhooks.some((hook) => hook.when === when);
  if (status.state === 'applying' && !status.isSet) return has('before') ? 'before' : undefined;
  const passed = readings?.every(({ verdict, dryRun }) => verdict === 'pass' || dryRun) === true;
  return status.state === 'gating' && passed && has('after') ? 'after' : undefined;
}

/** End of the step's hold, epoch milliseconds. */
export function holdEnd(rollout: Rollout): number {
  return (rollout.status.appliedAt ?? rollout.status.since) + stepOf(rollout).holdMs;
}

export function stepOf({ steps, status }: Rollout): Step {
  const step = steps[status.step];
  if (step === undefined) throw new RangeError(`there is no step ${status.step}`);
  return step;
}

export function describe({ percent, fleetPercent }: Step): string {
  const fleet = fleetPercent >= FULL ? 'all nodes' : `${formatPercent(fleetPercent)} % of the nodes`;
  return `${formatPercent(percent)} % on ${fleet}`;
}

function nodes(count: number): string {
  return count === 1 ? '1 node' : `${count} nodes`;
}
