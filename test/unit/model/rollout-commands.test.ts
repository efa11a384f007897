import test from 'ava';
import { VERBS, command, handSet } from '../../../src/model/rollout-commands.ts';
import type { Verb } from '../../../src/model/rollout-commands.ts';
import type { Rollout, RolloutState, RolloutStatus } from '../../../src/model/rollout.ts';
import { NOON, after, planned, saying } from './support/rollouts.ts';

const STATES = ['pending', 'applying', 'holding', 'gating', 'paused', 'aborting', 'done', 'aborted'] as const;

/** A rollout that was started, unless it is pending. */
function inState(state: RolloutState, change: Partial<RolloutStatus> = {}): Rollout {
  const rollout = planned();
  if (state === 'pending') return rollout;
  const started = after(rollout, command(rollout, 'start', saying()));
  const applied = state !== 'applying' && { isSet: true, appliedAt: NOON };
  return { ...started, status: { ...started.status, ...applied, state, ...change } };
}

/** The state it goes to; `=` when it is as told already, `refused` with words why. */
function outcome(state: RolloutState, verb: Verb): string {
  const answer = command(inState(state), verb, saying());
  if (!answer.ok) return answer.message.length > 0 ? 'refused' : 'refused without a word';
  return answer.decision?.status.state ?? '=';
}

const R = 'refused';
const OUTCOMES: { readonly [V in Verb]: readonly string[] } = {
  // pending, applying, holding, gating, paused, aborting, done, aborted
  start: ['applying', '=', '=', '=', R, R, R, R],
  pause: [R, 'paused', 'paused', 'paused', '=', R, R, R],
  resume: [R, '=', '=', '=', 'applying', R, R, R],
  advance: [R, R, 'applying', 'applying', R, R, R, R],
  abort: ['aborted', 'aborting', 'aborting', 'aborting', 'aborting', '=', R, '='],
  retry: [R, R, R, R, R, R, 'applying', 'applying'],
};

for (const verb of VERBS) {
  test(`${verb} does in each state what it says, or is refused with the reason`, (t) => {
    t.deepEqual(
      STATES.map((state) => outcome(state, verb)),
      OUTCOMES[verb],
    );
  });
}

test('said twice it is the same as said once', (t) => {
  for (const verb of ['start', 'pause', 'resume', 'abort'] as const) {
    for (const state of STATES) {
      const rollout = inState(state);
      const first = command(rollout, verb, saying());
      if (!first.ok) continue;
      t.deepEqual(
        command(after(rollout, first), verb, saying({ now: NOON + 1 })),
        { ok: true },
        `${verb} ${state}`,
      );
    }
  }
});

test('each run has its own baseline, from the first step, with who started it and why', (t) => {
  const rollout = inState('aborted', { step: 2, run: 4, failures: 1, approved: true, handSet: true });
  const { status } = after(
    rollout,
    command(
      rollout,
      'retry',
      saying({ percents: { edge: 7 }, reason: 'fixed', actor: 'bob', now: NOON + 5 }),
    ),
  );
  t.like(status, { state: 'applying', run: 5, step: 0, isSet: false, failures: 0, approved: false });
  t.like(status, { handSet: false, since: NOON + 5, actor: 'bob', baseline: { edge: 7 } });
  t.is(status.appliedAt, undefined);
  t.regex(status.reason, /fixed/);
});

test('what is compared with is of this run alone', (t) => {
  const before = { requests: 10, errors: 1, requestSeconds: 2, variance: 3 };
  const first = after(planned(), command(planned(), 'start', saying({ before })));
  t.deepEqual(first.status.before, before);
  const ended: Rollout = { ...first, status: { ...first.status, state: 'done' } };
  t.is(after(ended, command(ended, 'retry', saying())).status.before, undefined);
});

test('nothing is started or resumed while a stop holds the fleet', (t) => {
  for (const [state, verb] of [
    ['pending', 'start'],
    ['aborted', 'retry'],
    ['paused', 'resume'],
  ] as const) {
    const answer = command(inState(state), verb, saying({ stopped: true }));
    t.false(answer.ok, verb);
    t.regex(answer.ok ? '' : answer.message, /stop/);
  }
  t.true(command(inState('paused'), 'abort', saying({ stopped: true })).ok);
});

test('a step that is resumed is applied, held and approved anew', (t) => {
  const rollout = inState('paused', { step: 1, approved: true, failures: 3 });
  const { status } = after(rollout, command(rollout, 'resume', saying({ now: NOON + 5 })));
  t.like(status, { state: 'applying', step: 1, run: 1, isSet: false, approved: false, failures: 0 });
  t.is(status.since, NOON + 5);
  t.is(status.appliedAt, undefined);
});

test('advance skips what is left of a hold, and ends the last step', (t) => {
  const next = after(inState('holding'), command(inState('holding'), 'advance', saying()));
  t.like(next.status, { state: 'applying', step: 1, isSet: false });
  const last = inState('holding', { step: 2 });
  t.is(after(last, command(last, 'advance', saying())).status.state, 'done');
});

test('where a step waits for approval, advance gives it, and the gates are looked at once more', (t) => {
  const rollout: Rollout = {
    ...inState('holding'),
    steps: planned({ steps: [{ percent: 1, hold: '5m', approval: 'manual' }, { percent: 2 }] }).steps,
  };
  const approve = command(rollout, 'advance', saying({ now: NOON + 300_000 }));
  t.like(after(rollout, approve).status, { state: 'holding', step: 0, approved: true });
  const early = command(rollout, 'advance', saying({ now: NOON + 299_999 }));
  t.like(after(rollout, early).status, { state: 'applying', step: 1 });
});

test('a percent set by hand pauses what runs, once, and leaves the rest alone', (t) => {
  const by = { actor: 'ann', now: NOON + 9, what: 'edge to 5 %' };
  for (const state of STATES) {
    const rollout = inState(state);
    const status = handSet(rollout, by);
    const runs = ['applying', 'holding', 'gating', 'paused'].includes(state);
    t.is(status?.state, runs ? 'paused' : undefined, state);
    if (status === undefined) continue;
    t.regex(status.reason, /edge to 5 %/);
    t.is(status.actor, 'ann');
    if (state !== 'paused') t.false(status.isSet, "the percent is not the step's any more");
    t.is(handSet({ ...rollout, status }, by), undefined);
  }
});
