import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { isRollout } from '../../../src/model/check-rollout.ts';
import type { GateReading, StepDelivery } from '../../../src/model/gates.ts';
import type { Ppm } from '../../../src/model/percent.ts';
import { VERBS, command, handSet } from '../../../src/model/rollout-commands.ts';
import type { Verb } from '../../../src/model/rollout-commands.ts';
import { decide } from '../../../src/model/rollout-machine.ts';
import type { Decision, Situation } from '../../../src/model/rollout-machine.ts';
import type { Rollout, RolloutStatus } from '../../../src/model/rollout.ts';
import { NOON, planned, reading, saying, situation } from './support/rollouts.ts';

type Verdict = GateReading['verdict'];

type Event =
  | { readonly kind: 'command'; readonly verb: Verb }
  | { readonly kind: 'time'; readonly ms: number }
  | { readonly kind: 'ack' | 'reject' | 'lose' | 'join' }
  | { readonly kind: 'look'; readonly verdicts: readonly [Verdict, Verdict, Verdict] }
  | { readonly kind: 'requests'; readonly count: number | undefined }
  | { readonly kind: 'hooks'; readonly hooks: Situation['hooks'] }
  | { readonly kind: 'stop'; readonly on: boolean }
  | { readonly kind: 'hand'; readonly percent: Ppm };

const verdict = fc.constantFrom<Verdict>('pass', 'pass', 'pass', 'unknown', 'fail');

/** Often what lets it go on, so that sequences get far. */
const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Event>({ kind: 'look', verdicts: ['pass', 'pass', 'fail'] }) },
  { weight: 4, arbitrary: fc.constant<Event>({ kind: 'ack' }) },
  { weight: 3, arbitrary: fc.constant<Event>({ kind: 'time', ms: 60_000 }) },
  { weight: 2, arbitrary: fc.constant<Event>({ kind: 'command', verb: 'start' }) },
  { weight: 2, arbitrary: fc.constant<Event>({ kind: 'requests', count: 1000 }) },
  { weight: 2, arbitrary: fc.constant<Event>({ kind: 'hooks', hooks: { ok: true } }) },
  { weight: 1, arbitrary: fc.constantFrom(...VERBS).map((verb): Event => ({ kind: 'command', verb })) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: -120_000, max: 600_000 }).map((ms): Event => ({ kind: 'time', ms })),
  },
  { weight: 1, arbitrary: fc.constantFrom<Event>({ kind: 'reject' }, { kind: 'lose' }, { kind: 'join' }) },
  {
    weight: 1,
    arbitrary: fc.tuple(verdict, verdict, verdict).map((verdicts): Event => ({ kind: 'look', verdicts })),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(undefined, 0, 999).map((count): Event => ({ kind: 'requests', count })),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom<Situation['hooks']>(undefined, 'running', { ok: false, message: 'no' })
      .map((hooks): Event => ({ kind: 'hooks', hooks })),
  },
  { weight: 1, arbitrary: fc.constantFrom<Event>({ kind: 'stop', on: true }, { kind: 'stop', on: false }) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 0, max: 1_000_000 }).map((percent): Event => ({ kind: 'hand', percent })),
  },
);

const plan = fc.record({
  steps: fc.array(
    fc.record({
      percent: fc.integer({ min: 1, max: 100 }),
      fleetPercent: fc.constantFrom(10, 50, 100),
      hold: fc.constantFrom('0s', '1m', '5m'),
      minRequests: fc.constantFrom(0, 0, 1000),
      approval: fc.constantFrom('none', 'none', 'manual'),
    }),
    { minLength: 1, maxLength: 4 },
  ),
  onFail: fc.constantFrom('abort', 'pause'),
  missingData: fc.constantFrom('pause', 'wait', 'abort'),
  failureLimit: fc.constantFrom(0, 2),
  windows: fc.constantFrom([], [{ cron: '0 12 * * *', duration: '10m' }]),
  webhooks: fc.constantFrom(
    [],
    [
      { when: 'before', url: 'http://hook.example/' },
      { when: 'after', url: 'http://hook.example/' },
    ],
  ),
  gates: fc.constant([
    { metric: 'mirrorErrorRate', max: 0.05 },
    { metric: 'coverage', min: 0.9 },
    { metric: 'primaryErrorRate', maxIncrease: 0.01, dryRun: true },
  ]),
});

/** A fleet of ten, all of it in the share, that does what events say; and every rule a move has to keep. */
class World {
  rollout: Rollout;
  now = NOON;
  percent: Ppm = 50_000;
  readonly #count = { acked: 10, rejected: 0, pending: 0 };
  #requests: number | undefined = 1000;
  #hooks: Situation['hooks'];
  #stopped = false;
  /** What an abort may leave: what there was before, or less if someone said so since the step was set. */
  #baseline: Ppm = 0;
  #lowered = false;

  constructor(rollout: Rollout) {
    this.rollout = rollout;
  }

  happen(one: Event): void {
    const count = this.#count;
    switch (one.kind) {
      case 'command':
        return this.#say(one.verb);
      case 'time':
        this.now += one.ms;
        break;
      case 'ack':
        count.acked += count.pending;
        count.pending = 0;
        break;
      case 'reject':
        if (count.pending === 0) break;
        count.pending -= 1;
        count.rejected += 1;
        break;
      case 'lose':
        Object.assign(count, { acked: 0, rejected: 0, pending: 0 });
        break;
      case 'join':
        count.pending += 3;
        break;
      case 'requests':
        this.#requests = one.count;
        break;
      case 'hooks':
        this.#hooks = one.hooks;
        break;
      case 'stop':
        this.#stopped = one.on;
        break;
      case 'hand': {
        this.percent = one.percent;
        const status = handSet(this.rollout, { actor: 'ann', now: this.now, what: 'edge' });
        if (status !== undefined) this.#take({ status, reason: status.reason });
        this.#lowered ||= ['paused'].includes(this.rollout.status.state);
        break;
      }
      case 'look':
        break;
    }
    this.#settle(one.kind === 'look' ? one.verdicts : undefined);
  }

  #say(verb: Verb): void {
    const { status: before } = this.rollout;
    const percents = { edge: this.percent };
    const answer = command(this.rollout, verb, saying({ now: this.now, percents, stopped: this.#stopped }));
    if (!answer.ok || answer.decision === undefined) return;
    const { status } = answer.decision;
    if (status.run > before.run) {
      check(verb === 'start' || verb === 'retry', 'a run begins by start or retry');
      check(!this.#stopped, 'nothing begins under a stop');
      this.#begin();
    } else if (status.step !== before.step || status.state === 'done') {
      check(verb === 'advance', `${verb} moved it on`);
    }
    this.#take(answer.decision);
    this.#settle(undefined);
  }

  #begin(): void {
    this.#baseline = this.percent;
    this.#lowered = false;
  }

  /** Lets it do all it wants to. What is read of gates is read once. */
  #settle(verdicts: readonly Verdict[] | undefined): void {
    let readings = verdicts && [
      reading('mirrorErrorRate', verdicts[0]),
      reading('coverage', verdicts[1]),
      { ...reading('primaryErrorRate', verdicts[2]), dryRun: true },
    ];
    for (let moves = 0; ; moves++) {
      check(moves < 20, 'it comes to rest');
      const given = this.#situation(readings);
      const decision = decide(this.rollout, given);
      const restarted = JSON.parse(JSON.stringify(this.rollout)) as Rollout;
      check(isRollout('canary', restarted), 'what was stored is read again');
      check(isDeepStrictEqual(decide(restarted, given), decision), 'a restart changes nothing');
      if (decision === undefined) return;
      this.#checkMove(this.rollout.status, decision, given);
      this.#take(decision);
      readings = undefined;
    }
  }

  #situation(readings: Situation['readings']): Situation {
    const { acked, rejected, pending } = this.#count;
    const { status, ackTimeoutMs } = this.rollout;
    const late = status.isSet && this.now - status.since >= ackTimeoutMs;
    const nodes = acked + rejected + pending;
    const delivery: StepDelivery = {
      ...{ nodes, chosen: nodes, acked, rejected, pending, overdue: late ? pending : 0 },
      unsettled: rejected + pending,
    };
    return situation({
      ...{ now: this.now, delivery, readings, requests: this.#requests, hooks: this.#hooks },
      ...{ stopped: this.#stopped, percents: { edge: this.percent } },
    });
  }

  /** What the machine did by itself. */
  #checkMove(before: RolloutStatus, { status, share }: Decision, given: Situation): void {
    const { steps, webhooks } = this.rollout;
    const step = steps[before.step];
    check(
      !['pending', 'paused', 'done', 'aborted'].includes(before.state),
      `${before.state} moved by itself`,
    );
    check(status.run === before.run, 'it does not begin again by itself');
    check(status.step === before.step || status.step === before.step + 1, 'one step at a time');
    const runs = ['applying', 'holding', 'gating'].includes(before.state);
    if (runs && given.stopped) check(status.state === 'paused' && share === undefined, 'a stop pauses it');
    if (before.state === 'applying' && status.state === 'holding') {
      const { acked, pending, rejected, chosen } = given.delivery;
      check(
        before.isSet && chosen > 0 && acked === chosen,
        `held with ${pending} pending, ${rejected} rejected`,
      );
      check(status.appliedAt === this.now, 'it is held from now');
    }
    if (status.state === 'gating' && before.state === 'holding') {
      check(this.now >= (before.appliedAt ?? Infinity) + (step?.holdMs ?? Infinity), 'its hold is over');
      check(
        step?.minRequests === 0 || (given.requests ?? -1) >= (step?.minRequests ?? 0),
        'it had its requests',
      );
      check(step?.approval === 'none' || before.approved, 'it was approved');
    }
    if (status.step > before.step || status.state === 'done') {
      check(before.state === 'gating', `it went on from ${before.state}`);
      check(given.delivery.acked > 0, 'some node has the step');
      const hard = given.readings?.filter(({ dryRun }) => !dryRun) ?? [];
      check(hard.length === 2 && hard.every((one) => one.verdict === 'pass'), 'every gate passed');
      check(webhooks.length === 0 || isOk(given.hooks), 'the webhooks after it were content');
    }
    if (share !== undefined && 'percent' in share) {
      check(before.state === 'applying' && !before.isSet && status.isSet, 'a step is set once');
      check(
        share.percent === step?.percent && share.fleetPercent === step.fleetPercent,
        'and is of the plan',
      );
      check(webhooks.length === 0 || isOk(given.hooks), 'the webhooks before it were content');
      check(this.rollout.windows.length === 0 || isNoon(this.now), 'it is set within a window');
    }
  }

  #take({ status, share }: Decision): void {
    const before = this.rollout.status;
    const goesBack = status.state === 'aborting' && before.state !== 'aborting';
    check(goesBack === (share !== undefined && 'baseline' in share), 'an abort first of all goes back');
    if (share !== undefined && 'baseline' in share) {
      const back = share.baseline['edge'];
      const least = this.#lowered ? Math.min(this.percent, this.#baseline) : this.#baseline;
      check(back === least, `back to ${back}, not ${least}`);
      this.percent = least;
    } else if (share !== undefined) {
      this.percent = share.percent;
      this.#lowered = false;
    }
    if (share !== undefined) {
      const count = this.#count;
      Object.assign(count, { acked: 0, rejected: 0, pending: count.acked + count.rejected + count.pending });
    }
    check(status.run > before.run || status.step >= before.step, 'it never goes a step back');
    this.rollout = { ...this.rollout, status };
  }
}

function check(holds: boolean, rule: string): void {
  if (!holds) throw new Error(rule);
}

function isOk(hooks: Situation['hooks']): boolean {
  return typeof hooks === 'object' && hooks.ok;
}

function isNoon(now: number): boolean {
  const past = (((now - NOON) % 86_400_000) + 86_400_000) % 86_400_000;
  return past < 600_000;
}

test('whatever happens, in whatever order, every move keeps the rules', (t) => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(plan, fc.array(event, { minLength: 1, maxLength: 60, size: 'max' }), (given, events) => {
      const world = new World(planned(given));
      for (const one of events) {
        world.happen(one);
        reached.add(world.rollout.status.state);
      }
    }),
    { numRuns: 600 },
  );
  // Else nothing was shown.
  t.deepEqual([...reached].sort(), [
    'aborted',
    'aborting',
    'applying',
    'done',
    'gating',
    'holding',
    'paused',
    'pending',
  ]);
});

test('nothing new means nothing to do', (t) => {
  fc.assert(
    fc.property(plan, fc.array(event, { maxLength: 40 }), (given, events) => {
      const world = new World(planned(given));
      for (const one of events) world.happen(one);
      const { rollout } = world;
      world.happen({ kind: 'time', ms: 0 });
      t.is(world.rollout, rollout);
    }),
  );
});
