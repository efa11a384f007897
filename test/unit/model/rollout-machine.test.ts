import test from 'ava';
import type { GateReading } from '../../../src/model/gates.ts';
import { command, handSet } from '../../../src/model/rollout-commands.ts';
import { decide } from '../../../src/model/rollout-machine.ts';
import type { Decision, Situation } from '../../../src/model/rollout-machine.ts';
import { nextWake, watchesGates } from '../../../src/model/rollout-wake.ts';
import type { Rollout, RolloutStatus } from '../../../src/model/rollout.ts';
import { NOON, after, delivered, planned, reading, saying, situation } from './support/rollouts.ts';

const MINUTE = 60_000;

/** In its first step of three, as it is after `change`. */
function running(change: Partial<RolloutStatus>, plan: Record<string, unknown> = {}): Rollout {
  const rollout = planned(plan);
  const started = after(rollout, command(rollout, 'start', saying()));
  return { ...started, status: { ...started.status, ...change } };
}

const HOLDING = { state: 'holding', isSet: true, since: NOON, appliedAt: NOON } as const;
const GATING = { ...HOLDING, state: 'gating' } as const;
const SET = { state: 'applying', isSet: true, since: NOON } as const;

const PASSED = [reading('rejections')];

function stateAfter(rollout: Rollout, given: Partial<Situation>): string | undefined {
  return decide(rollout, situation(given))?.status.state;
}

function reasonOf(decision: Decision | undefined): string {
  return decision?.reason ?? 'no decision';
}

test('a rollout waits to be told, and starts by itself at its time, within a window, when nothing is stopped', (t) => {
  t.is(decide(planned(), situation()), undefined);
  const timed = planned({
    startAt: new Date(NOON).toISOString(),
    windows: [{ cron: '0 13 * * *', duration: '1h' }],
  });
  const at = (now: number, given: Partial<Situation> = {}): string | undefined =>
    stateAfter(timed, { now, ...given });
  t.is(at(NOON - 1), undefined);
  t.is(at(NOON), undefined);
  t.is(nextWake(timed, NOON - 5), NOON);
  t.is(nextWake(timed, NOON), NOON + 60 * MINUTE);
  t.is(at(NOON + 60 * MINUTE, { stopped: true }), undefined);
  t.is(at(NOON + 60 * MINUTE), 'applying');
});

test('what ran once does not start by itself again', (t) => {
  const timed = planned({ startAt: new Date(NOON).toISOString() });
  const again = { ...timed, status: { ...timed.status, run: 1 } };
  t.is(decide(again, situation()), undefined);
  t.is(nextWake(again, NOON), undefined);
});

test('a step is set after the webhooks before it, and only within a window', (t) => {
  const hooks = { webhooks: [{ when: 'before', url: 'http://hook.example/' }] };
  const rollout = running({}, hooks);
  t.is(decide(rollout, situation({ hooks: undefined })), undefined);
  t.is(decide(rollout, situation({ hooks: 'running' })), undefined);
  t.deepEqual(decide(rollout, situation({ hooks: { ok: true } }))?.share, {
    percent: 10_000,
    fleetPercent: 100_000,
  });
  const refused = decide(rollout, situation({ hooks: { ok: false, message: 'no, says the hook' } }));
  t.is(refused?.status.state, 'aborting');
  t.regex(reasonOf(refused), /no, says the hook/);
  const night = running({}, { windows: [{ cron: '0 22 * * *', duration: '1h' }] });
  t.is(decide(night, situation()), undefined);
  t.is(nextWake(night, NOON), NOON + 10 * 60 * MINUTE);
  t.truthy(decide(night, situation({ now: NOON + 10 * 60 * MINUTE }))?.share);
});

test('a step is held from when every chosen node acknowledged it', (t) => {
  const rollout = running(SET);
  const waits = (given: Parameters<typeof delivered>[0]): string | undefined =>
    stateAfter(rollout, { now: NOON + 10, delivery: delivered(given) });
  t.is(waits({ nodes: 0, chosen: 0, acked: 0 }), undefined);
  t.is(waits({ chosen: 3, acked: 2, pending: 1 }), undefined);
  const held = decide(rollout, situation({ now: NOON + 10, delivery: delivered({ chosen: 3, acked: 3 }) }));
  t.is(held?.status.state, 'holding');
  t.is(held?.status.appliedAt, NOON + 10);
  t.is(held?.share, undefined);
});

test('a rejection is never waved through by a gate that only reports', (t) => {
  const delivery = delivered({ chosen: 3, acked: 2, rejected: 1 });
  const with_ = (gates: unknown[]): string | undefined =>
    stateAfter(running(SET, { gates }), { now: NOON + 10, delivery });
  t.is(with_([]), 'aborting');
  t.is(with_([{ metric: 'rejections', max: 0 }]), 'aborting');
  t.is(with_([{ metric: 'rejections', max: 5, dryRun: true }]), 'aborting');
  t.is(with_([{ metric: 'rejections', max: 1 }]), 'holding');
});

test('nodes that do not acknowledge in time end it', (t) => {
  const rollout = running(SET);
  const late = NOON + rollout.ackTimeoutMs;
  t.is(nextWake(rollout, NOON), late);
  const pending = delivered({ chosen: 3, acked: 2, pending: 1 });
  t.is(stateAfter(rollout, { now: late - 1, delivery: pending }), undefined);
  const ended = decide(rollout, situation({ now: late, delivery: { ...pending, overdue: 1 } }));
  t.is(ended?.status.state, 'aborting');
  t.regex(reasonOf(ended), /1 of 3 nodes have not acknowledged/);
  t.is(
    stateAfter({ ...rollout, onFail: 'pause' }, { now: late, delivery: { ...pending, overdue: 1 } }),
    'paused',
  );
});

test('a node that comes after the time for acknowledgements has its own time', (t) => {
  // All nodes were gone, or the control plane was: nobody is overdue yet.
  const rollout = running(SET);
  const now = NOON + 10 * rollout.ackTimeoutMs;
  t.is(
    decide(rollout, situation({ now, delivery: delivered({ chosen: 1, acked: 0, pending: 1 }) })),
    undefined,
  );
});

test('a wake is never in the past', (t) => {
  const now = NOON + 60 * 60 * MINUTE;
  for (const change of [SET, HOLDING, GATING, { ...SET, state: 'aborting' as const }]) {
    const at = nextWake(running(change), now);
    t.true(at === undefined || at > now, `${change.state}: ${at}`);
  }
});

test('a hold lasts its time, its requests and its approval, in whatever order they come', (t) => {
  const steps = [{ percent: 1, hold: '5m', minRequests: 1000, approval: 'manual' }, { percent: 100 }];
  const rollout = running(HOLDING, { steps });
  const approved = running({ ...HOLDING, approved: true }, { steps });
  t.is(nextWake(rollout, NOON), NOON + 5 * MINUTE);
  const over = NOON + 5 * MINUTE;
  t.is(stateAfter(approved, { now: over - 1, requests: 1000 }), undefined);
  t.is(stateAfter(approved, { now: over, requests: 999 }), undefined);
  t.is(stateAfter(rollout, { now: over, requests: 1000 }), undefined);
  t.is(stateAfter(approved, { now: over, requests: 1000 }), 'gating');
  t.is(stateAfter(approved, { now: over, requests: undefined }), 'paused');
});

test('gates are watched from when a step is set; one that fails ends it', (t) => {
  const failing = [reading('rejections', 'fail')];
  t.false(watchesGates(running({})), 'nothing is set yet');
  for (const change of [SET, HOLDING, GATING]) {
    const rollout = running(change);
    t.true(watchesGates(rollout));
    const ended = decide(rollout, situation({ now: NOON + 1, readings: failing }));
    t.is(ended?.status.state, 'aborting');
    t.regex(reasonOf(ended), /rejections/);
    t.is(stateAfter({ ...rollout, onFail: 'pause' }, { now: NOON + 1, readings: failing }), 'paused');
  }
});

test('gates may fail as often in a row as the plan allows', (t) => {
  let rollout = running(HOLDING, { failureLimit: 2 });
  const look = (verdict: GateReading['verdict']): void => {
    const decision = decide(
      rollout,
      situation({ now: NOON + 1, readings: [reading('rejections', verdict)] }),
    );
    rollout = { ...rollout, status: decision?.status ?? rollout.status };
  };
  for (const verdict of ['fail', 'fail', 'pass', 'fail', 'fail'] as const) look(verdict);
  t.is(rollout.status.state, 'holding');
  look('fail');
  t.is(rollout.status.state, 'aborting');
});

test('a failure while nodes still take the step counts in the row that goes on when all have it', (t) => {
  const rollout = running(SET, { failureLimit: 1 });
  const pending = delivered({ chosen: 3, acked: 2, pending: 1 });
  const failing = [reading('rejections', 'fail')];
  const once = decide(rollout, situation({ now: NOON + 1, delivery: pending, readings: failing }));
  t.like(once?.status, { state: 'applying', failures: 1 });
  const counted = { ...rollout, status: { ...rollout.status, failures: 1 } };
  const held = decide(counted, situation({ now: NOON + 2 }));
  t.like(held?.status, { state: 'holding', failures: 1 });
  t.is(stateAfter(counted, { now: NOON + 2, delivery: pending, readings: failing }), 'aborting');
});

test('what cannot be told neither counts as a failure nor as the end of failing', (t) => {
  let rollout = running(HOLDING, { failureLimit: 1 });
  for (const verdict of ['fail', 'unknown', 'fail'] as const) {
    const decision = decide(
      rollout,
      situation({ now: NOON + 1, readings: [reading('rejections', verdict)] }),
    );
    rollout = { ...rollout, status: decision?.status ?? rollout.status };
  }
  t.is(rollout.status.state, 'aborting');
});

test('it goes on only when every gate passes, and a gate that only reports holds nothing up', (t) => {
  const rollout = running(GATING, {
    gates: [
      { metric: 'rejections', max: 0 },
      { metric: 'coverage', min: 0.9, dryRun: true },
    ],
  });
  const now = NOON + 10 * MINUTE;
  const dry = { ...reading('coverage', 'fail'), dryRun: true };
  t.is(stateAfter(rollout, { now, readings: undefined }), undefined);
  const next = decide(rollout, situation({ now, readings: [...PASSED, dry] }));
  t.is(next?.status.state, 'applying');
  t.is(next?.status.step, 1);
  t.false(next?.status.isSet);
  const approved = { ...rollout, status: { ...rollout.status, approved: true } };
  t.false(decide(approved, situation({ now, readings: [...PASSED, dry] }))?.status.approved);
  t.is(next?.share, undefined, 'the next step is set by a move of its own');
});

test('a gate that nobody measured is not passed', (t) => {
  const rollout = running(GATING, {
    gates: [
      { metric: 'rejections', max: 0 },
      { metric: 'coverage', min: 0.9 },
    ],
  });
  for (const readings of [[], PASSED]) {
    const decision = decide(rollout, situation({ now: NOON + 10 * MINUTE, readings }));
    t.is(decision?.status.state, 'paused');
    t.regex(reasonOf(decision), /coverage/);
  }
  const all = [...PASSED, reading('coverage')];
  t.is(stateAfter(rollout, { now: NOON + 10 * MINUTE, readings: all }), 'applying');
});

test('of several mirrors every one is measured', (t) => {
  const rollout = running(GATING, { mirror: undefined, mirrors: ['edge', 'api'] });
  const edge = reading('rejections of edge');
  t.is(stateAfter(rollout, { now: NOON + 10 * MINUTE, readings: [edge] }), 'paused');
  const both = [edge, reading('rejections of api')];
  t.is(stateAfter(rollout, { now: NOON + 10 * MINUTE, readings: both }), 'applying');
});

test('it does not go on while no node has the step', (t) => {
  const now = NOON + 10 * MINUTE;
  for (const gates of [[], [{ metric: 'rejections', max: 0 }]]) {
    const rollout = running(GATING, { gates });
    const with_ = (given: Parameters<typeof delivered>[0]): string | undefined => {
      const readings = gates.length === 0 ? [] : PASSED;
      const seen = { presentAt: now - 1, reportedAt: now - 1 };
      return stateAfter(rollout, { now, readings, seen, delivery: delivered(given) });
    };
    t.is(with_({ nodes: 0, chosen: 0, acked: 0 }), undefined);
    t.is(with_({ chosen: 0, acked: 0 }), undefined);
    t.is(with_({ chosen: 1, acked: 0, pending: 1 }), undefined);
    t.is(with_({ chosen: 2, acked: 1, pending: 1 }), 'applying');
  }
});

const GONE = delivered({ chosen: 0, acked: 0 });
const NEEDY = { steps: [{ percent: 1, hold: '5m', minRequests: 1000 }, { percent: 100 }] };

test('nodes of the share that have left for good are missing data, in a hold that is over and at the last look', (t) => {
  const late = { now: NOON + 10 * MINUTE, delivery: GONE, requests: 300, readings: PASSED };
  const asked = { steps: [{ percent: 1, approval: 'manual' }] };
  for (const rollout of [running(HOLDING, NEEDY), running(HOLDING, asked), running(GATING, { gates: [] })]) {
    const decision = decide(rollout, situation(late));
    t.is(decision?.status.state, 'paused');
    t.is(reasonOf(decision), 'not enough data: no node of the share has been connected for 30 s');
    t.is(stateAfter({ ...rollout, missingData: 'abort' }, late), 'aborting');
  }
  const inHold = { ...late, now: NOON + 4 * MINUTE };
  t.is(stateAfter(running(HOLDING, NEEDY), inHold), undefined, 'while it holds they may come back');
});

test('nodes that went away a moment ago may come back', (t) => {
  const rollout = running(HOLDING, { ...NEEDY, interval: '1s', ackTimeout: '1m' });
  const now = NOON + 10 * MINUTE;
  const gone = (ms: number): string | undefined => {
    const seen = { presentAt: now - ms, reportedAt: now - ms };
    return stateAfter(rollout, { now, delivery: GONE, requests: 300, seen });
  };
  t.is(gone(MINUTE - 1), undefined);
  t.is(gone(MINUTE), 'paused');
});

test('nodes of the share that are there and have not the step are missing data', (t) => {
  const now = NOON + 10 * MINUTE;
  const pending = delivered({ chosen: 1, acked: 0, pending: 1 });
  const decision = decide(running(GATING), situation({ now, delivery: pending, readings: PASSED }));
  t.is(decision?.status.state, 'paused');
  t.regex(reasonOf(decision), /none of the connected nodes of the share has had the step for 30 s/);
});

test('requests that nobody reports are missing data, and too few of them are not', (t) => {
  const now = NOON + 10 * MINUTE;
  const rollout = running(HOLDING, NEEDY);
  const reported = (ms: number): Decision | undefined =>
    decide(rollout, situation({ now, requests: 300, seen: { presentAt: now, reportedAt: now - ms } }));
  t.is(reported(0), undefined);
  t.is(reported(29_999), undefined);
  t.is(reported(30_000)?.status.state, 'paused');
  t.regex(reasonOf(reported(30_000)), /no load report for 30 s: 300 of 1000 requests/);
  const enough = { now, requests: 1000, seen: { presentAt: now, reportedAt: NOON } };
  t.is(stateAfter(rollout, enough), 'gating', 'what is not needed is not missed');
});

test('who is told to wait says once what for, and once that it is over', (t) => {
  const now = NOON + 10 * MINUTE;
  for (const change of [HOLDING, GATING]) {
    let rollout = running(change, { ...NEEDY, missingData: 'wait' });
    const look = (given: Partial<Situation>): string => {
      const decision = decide(rollout, situation({ now, requests: 300, ...given }));
      t.is(decision?.share, undefined);
      rollout = { ...rollout, status: decision?.status ?? rollout.status };
      return reasonOf(decision);
    };
    t.is(look({ delivery: GONE }), 'waits: no node of the share has been connected for 30 s');
    t.is(look({ delivery: GONE, readings: PASSED }), 'no decision');
    t.is(look({}), 'nodes of the share tell again how it does');
    t.is(look({}), 'no decision');
    t.deepEqual(rollout.status.state, change.state);
  }
});

test('where the whole fleet is away it waits, whatever is to be done without data, and says so', (t) => {
  const empty = { now: NOON + 10 * MINUTE, delivery: delivered({ nodes: 0, chosen: 0, acked: 0 }) };
  for (const missingData of ['pause', 'abort', 'wait']) {
    const decision = decide(running(GATING, { missingData }), situation({ ...empty, readings: PASSED }));
    t.is(decision?.status.state, 'gating');
    t.is(reasonOf(decision), 'waits: no node of the fleet has been connected for 30 s');
  }
});

test('missing data waits for a first look, then does what the plan says, and never goes on', (t) => {
  const unknown = [reading('rejections', 'unknown')];
  const late = NOON + 10 * MINUTE;
  const does = (missingData: string, now = late): string | undefined =>
    stateAfter(running(GATING, { missingData }), { now, readings: unknown });
  t.is(does('pause', NOON + 1), undefined);
  t.is(does('pause'), 'paused');
  t.is(does('abort'), 'aborting');
  t.is(does('wait'), undefined);
});

test('outside the windows it stays where its gates are watched', (t) => {
  const steps = [{ percent: 1 }, { percent: 100 }];
  const windows = [{ cron: '0 22 * * *', duration: '1h' }];
  const rollout = running(GATING, { steps, windows });
  t.is(stateAfter(rollout, { now: NOON + MINUTE, readings: PASSED }), undefined);
  t.is(stateAfter(rollout, { now: NOON + MINUTE, readings: [reading('rejections', 'fail')] }), 'aborting');
  t.is(stateAfter(rollout, { now: NOON + 10 * 60 * MINUTE, readings: PASSED }), 'applying');
  const last = running({ ...GATING, step: 1 }, { steps, windows });
  t.is(stateAfter(last, { now: NOON + MINUTE, readings: PASSED }), 'done', 'the end takes no step');
});

test('webhooks after a step are heeded before it goes on', (t) => {
  const rollout = running(GATING, { webhooks: [{ when: 'after', url: 'http://hook.example/' }] });
  const with_ = (hooks: Situation['hooks']): string | undefined =>
    stateAfter(rollout, { now: NOON + MINUTE, readings: PASSED, hooks });
  t.is(with_(undefined), undefined);
  t.is(with_('running'), undefined);
  t.is(with_({ ok: true }), 'applying');
  t.is(with_({ ok: false, message: 'no' }), 'aborting');
});

test('an abort first of all puts the percents back, and ends when all nodes have them or time is up', (t) => {
  const rollout = running({ ...HOLDING, baseline: { edge: 50_000 } });
  const aborting = decide(rollout, situation({ now: NOON + 1, readings: [reading('rejections', 'fail')] }));
  t.deepEqual(aborting?.share, { baseline: { edge: 50_000 } });
  const going = after(rollout, { ok: true, ...(aborting && { decision: aborting }) });
  const left = delivered({ unsettled: 2 });
  t.is(stateAfter(going, { now: NOON + 2, delivery: left }), undefined);
  t.is(stateAfter(going, { now: NOON + 2, delivery: delivered({ unsettled: 0 }) }), 'aborted');
  const late = decide(going, situation({ now: NOON + 1 + rollout.ackTimeoutMs, delivery: left }));
  t.is(late?.status.state, 'aborted');
  t.regex(reasonOf(late), /2 nodes have not answered/);
});

test('an abort does not raise again what someone lowered by hand, also not after a resume that set nothing', (t) => {
  const plan = { webhooks: [{ when: 'before', url: 'http://hook.example/' }] };
  const rollout = running({ ...HOLDING, baseline: { edge: 50_000 } }, plan);
  const paused = handSet(rollout, { actor: 'ann', now: NOON + 1, what: 'edge to 0.5 %' });
  t.is(paused?.state, 'paused');
  t.regex(paused?.reason ?? '', /by hand: edge to 0.5 %/);
  const low = { percents: { edge: 5000 } };
  const high = { percents: { edge: 90_000 } };
  const held = { ...rollout, status: paused ?? rollout.status };
  const shareOf = (answer: ReturnType<typeof command>): unknown => answer.ok && answer.decision?.share;
  t.deepEqual(shareOf(command(held, 'abort', saying(low))), { baseline: { edge: 5000 } });
  t.deepEqual(shareOf(command(held, 'abort', saying(high))), { baseline: { edge: 50_000 } });
  const resumed = after(held, command(held, 'resume', saying()));
  const refused = decide(resumed, situation({ ...low, hooks: { ok: false, message: 'no' } }));
  t.deepEqual(refused?.share, { baseline: { edge: 5000 } });
  // Set again, the percent is the plan's.
  const set = decide(resumed, situation({ ...low, hooks: { ok: true } }));
  const moving = { ...resumed, status: set?.status ?? resumed.status };
  t.deepEqual(shareOf(command(moving, 'abort', saying(low))), { baseline: { edge: 50_000 } });
});

test('a stop for all pauses what runs, and nothing else', (t) => {
  for (const change of [SET, HOLDING, GATING]) {
    t.is(stateAfter(running(change), { stopped: true, readings: PASSED }), 'paused');
  }
  for (const state of ['paused', 'done', 'aborted'] as const) {
    t.is(decide(running({ state }), situation({ stopped: true })), undefined);
  }
});
