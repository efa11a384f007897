import test from 'ava';
import fc from 'fast-check';
import { checkRollout } from '../../../src/model/check-rollout.ts';
import { judge } from '../../../src/model/gates.ts';
import type { GateInput, GateReading } from '../../../src/model/gates.ts';
import type { CopyTotals, GroupTotals, PrimaryTotals } from '../../../src/model/observation.ts';
import { NO_COPIES, NO_PRIMARY } from '../../../src/model/observation.ts';
import { delivered } from './support/rollouts.ts';

function group(copies: Partial<CopyTotals>, primary?: Partial<PrimaryTotals>): GroupTotals {
  return {
    ...{ nodes: 2, reporting: 2, copies: { ...NO_COPIES, ...copies } },
    ...(primary && { primary: { ...NO_PRIMARY, ...primary } }),
  };
}

function look(gate: unknown, input: Partial<GateInput> = {}): GateReading {
  const checked = checkRollout('r', { mirror: 'm', steps: [{ percent: 1 }], gates: [gate] });
  const [read] = checked.ok ? checked.value.gates : [];
  if (read === undefined) throw new Error(JSON.stringify(checked));
  return judge(read, { delivery: delivered(), chosen: group({}), ...input });
}

function verdict(gate: unknown, input: Partial<GateInput> = {}): string {
  return look(gate, input).verdict;
}

/** `errors` of `requests`, each taking `latency` seconds on average, reports of each second. */
function primary(requests: number, errors: number, latency = 0.1): PrimaryTotals {
  return { requests, errors, requestSeconds: requests * latency, variance: requests * latency };
}

test('rejections and missing acknowledgements are counted, not estimated', (t) => {
  for (const [metric, key] of [
    ['rejections', 'rejected'],
    ['missingAcks', 'overdue'],
  ] as const) {
    t.is(verdict({ metric, max: 1 }, { delivery: delivered({ [key]: 1 }) }), 'pass');
    t.is(verdict({ metric, max: 1 }, { delivery: delivered({ [key]: 2 }) }), 'fail');
    t.is(verdict({ metric, max: 0 }, { delivery: delivered({ nodes: 0, chosen: 0, acked: 0 }) }), 'unknown');
  }
});

for (const [metric, copiesOf] of [
  ['mirrorErrorRate', (bad: number, all: number) => ({ failed: bad, succeeded: all - bad })],
  ['droppedRate', (bad: number, all: number) => ({ dropped: bad, succeeded: all - bad })],
] as const) {
  test(`${metric}: too few tell nothing, chance tells nothing, and what is beyond chance fails`, (t) => {
    const of = (bad: number, all: number, max = 0.05): string =>
      verdict({ metric, max }, { chosen: group(copiesOf(bad, all)) });
    t.is(of(0, 0), 'unknown');
    t.is(of(0, 99), 'unknown');
    t.is(of(99, 99), 'unknown');
    t.is(of(0, 100), 'pass');
    t.is(of(5, 100), 'pass');
    t.is(of(7, 100), 'unknown');
    t.is(of(15, 100), 'fail');
    t.is(of(700, 10_000), 'fail');
    t.is(of(0, 100, 0), 'pass');
    t.is(of(1, 100_000, 0), 'fail', 'none at all is none at all');
  });
}

test('coverage: of what was to be copied', (t) => {
  const of = (sent: number, expected?: number): string =>
    verdict(
      { metric: 'coverage', min: 0.9 },
      { chosen: group({ sent, ...(expected !== undefined && { expected }) }) },
    );
  t.is(of(0), 'unknown');
  t.is(of(50, 99), 'unknown');
  t.is(of(0, 100), 'fail');
  t.is(of(1000, 1000), 'pass');
  t.is(of(700, 1000), 'fail');
  t.is(of(100_000, 100_000), 'pass');
  t.is(of(85_000, 100_000), 'fail');
});

test('the errors of the primaries are compared with the other nodes, else with the time before', (t) => {
  const gate = { metric: 'primaryErrorRate', maxIncrease: 0.01 };
  const chosen = group({}, primary(10_000, 500));
  const rest = (errors: number, requests = 10_000): GroupTotals => group({}, primary(requests, errors));
  t.is(verdict(gate, { chosen, rest: rest(500) }), 'pass');
  t.is(verdict(gate, { chosen, rest: rest(100) }), 'fail');
  t.is(verdict(gate, { chosen, rest: rest(390) }), 'unknown', 'more than is allowed, but it may be chance');
  t.is(verdict(gate, { chosen, rest: rest(0, 99) }), 'unknown');
  t.is(verdict(gate, { chosen, rest: rest(99, 99), before: primary(10_000, 100) }), 'fail');
  t.is(
    verdict(gate, { chosen, rest: rest(500), before: primary(10_000, 0) }),
    'pass',
    'the same time counts',
  );
  t.is(verdict(gate, { chosen }), 'unknown');
  t.is(verdict(gate, { chosen, before: primary(99, 0) }), 'unknown');
  t.is(verdict(gate, { chosen: group({}), rest: rest(0) }), 'unknown', 'the counters cannot tell');
  t.is(verdict(gate, { chosen: group({}, primary(99, 99)), rest: rest(0) }), 'unknown');
});

test('of two bounds the one that fails decides', (t) => {
  const gate = { metric: 'primaryErrorRate', max: 0.045, maxIncrease: 0.01 };
  const chosen = group({}, primary(10_000, 460));
  t.is(verdict(gate, { chosen, rest: group({}, primary(10_000, 460)) }), 'unknown');
  t.is(verdict(gate, { chosen, rest: group({}, primary(10_000, 0)) }), 'fail');
  t.is(verdict({ ...gate, max: 0.01 }, { chosen, rest: group({}, primary(10_000, 460)) }), 'fail');
  const slow = { metric: 'primaryLatency', max: 0.099, maxIncrease: 0.5 };
  const now = group({}, primary(10_000, 0, 0.1));
  t.is(verdict(slow, { chosen: now, rest: now }), 'unknown', 'above the bound, but it may be chance');
});

test('the time that primaries take is compared by a fraction', (t) => {
  const gate = { metric: 'primaryLatency', maxIncrease: 0.2 };
  const at = (seconds: number, requests = 100_000): GroupTotals => group({}, primary(requests, 0, seconds));
  t.is(verdict(gate, { chosen: at(0.11), rest: at(0.1) }), 'pass');
  t.is(verdict(gate, { chosen: at(0.2), rest: at(0.1) }), 'fail');
  t.is(verdict(gate, { chosen: at(0.121), rest: at(0.1) }), 'unknown');
  t.is(verdict(gate, { chosen: at(0.2, 99), rest: at(0.1) }), 'unknown');
  t.is(verdict(gate, { chosen: at(0.1, 100), rest: at(0.1, 100) }), 'unknown', 'ten sightings are a blur');
  t.is(verdict(gate, { chosen: at(0), rest: at(0.1) }), 'unknown');
  t.is(verdict({ metric: 'primaryLatency', max: 0.1 }, { chosen: at(0.2) }), 'fail');
  t.is(verdict({ metric: 'primaryLatency', max: 0.1 }, { chosen: at(0.09) }), 'pass');
});

test('a query that has no answer tells nothing', (t) => {
  const gate = { prometheus: { url: 'http://prom:9090', query: 'up' }, min: 1, max: 2 };
  t.is(verdict(gate), 'unknown');
  t.is(verdict(gate, { prometheus: NaN }), 'unknown');
  t.is(verdict(gate, { prometheus: 0.5 }), 'fail');
  t.is(verdict(gate, { prometheus: 1 }), 'pass');
  t.is(verdict(gate, { prometheus: 2.5 }), 'fail');
  t.is(look(gate).gate, 'prometheus: up');
});

test('a reading says its numbers, and whether it only reports', (t) => {
  const reading = look(
    { metric: 'mirrorErrorRate', max: 0.05, dryRun: true },
    { chosen: group({ failed: 20, succeeded: 80 }) },
  );
  t.like(reading, { gate: 'mirrorErrorRate', verdict: 'fail', value: 0.2, samples: 100, dryRun: true });
  t.regex(reading.note, /20 of 100/);
});

test('more errors never make a verdict better', (t) => {
  const ranks = ['pass', 'unknown', 'fail'];
  const gate = { metric: 'primaryErrorRate', maxIncrease: 0.01 };
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 5000 }),
      fc.integer({ min: 0, max: 4999 }),
      fc.integer({ min: 100, max: 5000 }),
      fc.integer({ min: 0, max: 5000 }),
      (requests, errors, others, otherErrors) => {
        if (errors >= requests || otherErrors > others) return;
        const rest = group({}, primary(others, otherErrors));
        const rank = (bad: number): number =>
          ranks.indexOf(verdict(gate, { chosen: group({}, primary(requests, bad)), rest }));
        t.true(rank(errors + 1) >= rank(errors));
      },
    ),
  );
});
