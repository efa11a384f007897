import test from 'ava';
import { checkRollout } from '../../../src/model/check-rollout.ts';
import { judge } from '../../../src/model/gates.ts';
import type { GateReading } from '../../../src/model/gates.ts';
import { evidence } from '../../../src/model/node-evidence.ts';
import type { CopyEvidence, NodeEvidence, Round } from '../../../src/model/node-evidence.ts';
import { NO_COPIES } from '../../../src/model/observation.ts';
import type { Counters } from '../../../src/model/wallarm-status.ts';
import { delivered } from './support/rollouts.ts';

const SECOND = 1000;
const START = 1_000_000_000;
const LOST = { metric: 'nodeRequestsLost', max: 0 };
const ERRORS = { metric: 'nodeErrors', max: 0.01 };
const COVERAGE = { metric: 'nodeCoverage', min: 0.9 };

function look(gate: object, node: NodeEvidence | undefined): GateReading {
  const checked = checkRollout('r', { mirror: 'm', steps: [{ percent: 1 }], gates: [gate] });
  const [read] = checked.ok ? checked.value.gates : [];
  if (read === undefined) throw new Error(JSON.stringify(checked));
  const chosen = { nodes: 1, reporting: 1, copies: NO_COPIES };
  return judge(read, { delivery: delivered(), chosen, ...(node && { node }) });
}

function issues(gate: object): string[] {
  const checked = checkRollout('r', { mirror: 'm', steps: [{ percent: 1 }], gates: [gate] });
  return checked.ok ? [] : checked.issues.map(({ path }) => path);
}

function counted(more: Partial<NodeEvidence>): NodeEvidence {
  return { requests: 1000, lost: 0, errors: 0, coverage: 'not asked', ...more };
}

interface Story {
  readonly seconds: number;
  readonly intervalMs?: number;
  /** Each second. */
  readonly sent?: number;
  /** Of the copies, what the node counts. */
  readonly counts?: number;
  readonly sums?: (second: number) => Counters;
  readonly complete?: (second: number) => boolean;
  readonly restarts?: (second: number) => number;
  /** When the nodes were last read. */
  readonly readFor?: number;
  readonly copies?: Partial<CopyEvidence> | string;
}

/** A step that was applied at START, load reports and readings of each second since. */
function tell(story: Story): NodeEvidence | undefined {
  const { seconds, sent = 100, counts = 1, readFor = seconds } = story;
  const sums = story.sums ?? ((second) => ({ requests: Math.round(second * sent * counts) }));
  const rounds: Round[] = Array.from({ length: readFor + 1 }, (_, second) => ({
    began: START + second * SECOND,
    ended: START + second * SECOND + 20,
    complete: story.complete?.(second) ?? true,
    sums: sums(second),
    restarts: story.restarts?.(second) ?? 0,
  }));
  const points = Array.from({ length: seconds }, (_, second) => ({ at: START + second * SECOND, sent }));
  const copies = { steadySince: 0, points, reportMs: SECOND, inFlight: 0 };
  return evidence({
    ...{ rounds, from: START, now: START + seconds * SECOND + 500, intervalMs: story.intervalMs ?? SECOND },
    copies: typeof story.copies === 'string' ? story.copies : { ...copies, ...story.copies },
  });
}

test('what a node lost, and its errors, are compared with the requests it counted', (t) => {
  t.is(look(LOST, counted({})).verdict, 'pass');
  t.is(look(LOST, counted({ lost: 1 })).verdict, 'fail', 'none at all is none at all');
  t.is(look(LOST, counted({ requests: 99, lost: 0 })).verdict, 'unknown', 'too few to tell');
  t.is(look(ERRORS, counted({ errors: 5 })).verdict, 'pass');
  t.is(look(ERRORS, counted({ errors: 12 })).verdict, 'unknown', 'it may be chance');
  t.is(look(ERRORS, counted({ errors: 100 })).verdict, 'fail');
  t.is(look(ERRORS, counted({ errors: 5000 })).value, 1, 'one request can make several');
  t.regex(look(LOST, counted({ lost: 3 })).note, /3 of 1000 requests were lost by the node/);
});

test('what a node does not say is never a pass', (t) => {
  for (const gate of [LOST, ERRORS, COVERAGE]) t.is(look(gate, undefined).verdict, 'unknown');
  const { lost: _, errors: __, ...silent } = counted({});
  for (const gate of [LOST, ERRORS]) t.is(look(gate, silent).verdict, 'unknown');
  t.is(look(LOST, counted({ gap: 'one is silent' })).verdict, 'unknown');
  t.is(look(LOST, counted({ gap: 'one is silent', lost: 50 })).verdict, 'fail', 'the rest of it can fail');
});

test('bounds of these gates are fractions, and full coverage cannot be shown', (t) => {
  t.deepEqual(issues({ metric: 'nodeRequestsLost', max: 5 }), ['gates[0].max']);
  t.deepEqual(issues({ metric: 'nodeErrors', min: 0.1 }), ['gates[0].min', 'gates[0]']);
  t.deepEqual(issues({ metric: 'nodeCoverage', min: 1 }), ['gates[0].min']);
  t.deepEqual(issues({ metric: 'nodeCoverage', min: 90 }), ['gates[0].min']);
  t.deepEqual(issues({ metric: 'nodeCoverage', max: 0.9 }), ['gates[0].max', 'gates[0]']);
});

test('counters are taken from the first reading in the step to the last', (t) => {
  const errors = { tntErrors: 1, apiErrors: 2, segfaults: 3, memfaults: 4 };
  const told = tell({
    seconds: 10,
    sums: (second) => ({ requests: 7 + second, requestsLost: second, ...errors }),
  });
  t.like(told, { requests: 10, lost: 10, errors: 0 });
  t.false('gap' in (told ?? {}));
  t.false('errors' in (tell({ seconds: 10, sums: (requests) => ({ requests, tntErrors: 0 }) }) ?? {}));
  t.is(tell({ seconds: 10, readFor: -1 }), undefined);
});

test('a node that is silent now leaves a gap', (t) => {
  t.truthy(tell({ seconds: 10, complete: (second) => second < 10 })?.gap);
  t.truthy(tell({ seconds: 60, readFor: 30 })?.gap);
  t.is(tell({ seconds: 60, readFor: 58 })?.gap, undefined);
});

function coverage(story: Story, gate: object = COVERAGE): GateReading {
  return look(gate, tell(story));
}

test('coverage: copies that arrive are a pass, once the ends of the time hide no more than is allowed', (t) => {
  t.is(coverage({ seconds: 120 }).verdict, 'pass');
  t.is(coverage({ seconds: 120, counts: 0.95 }).verdict, 'pass');
  t.is(coverage({ seconds: 20 }).verdict, 'unknown');
  t.regex(coverage({ seconds: 20 }).note, /a longer hold tells more/);
  t.is(coverage({ seconds: 20 }, { metric: 'nodeCoverage', min: 0.5 }).verdict, 'pass');
});

test('coverage: copies that do not arrive are a failure, the ends of the time aside', (t) => {
  t.is(coverage({ seconds: 120, counts: 0 }).verdict, 'fail');
  t.is(coverage({ seconds: 15, counts: 0 }).verdict, 'fail', 'soon, where it is plain');
  t.is(coverage({ seconds: 120, counts: 0.7 }).verdict, 'fail');
  t.is(coverage({ seconds: 120, counts: 0.88 }).verdict, 'unknown', 'it may be the ends');
  t.is(coverage({ seconds: 1200, counts: 0.88 }).verdict, 'fail', 'and they matter less and less');
});

test('coverage: requests that are no copies leave nothing to be told', (t) => {
  t.is(coverage({ seconds: 120, counts: 1.05 }).verdict, 'pass');
  t.regex(coverage({ seconds: 120, counts: 1.5 }).note, /others send to it as well/);
  t.is(coverage({ seconds: 120, counts: 1.5 }).verdict, 'unknown');
});

test('coverage: no copies, unknown copies and silent nodes are missing data', (t) => {
  t.is(coverage({ seconds: 120, sent: 0 }).verdict, 'unknown');
  t.is(coverage({ seconds: 120, copies: '2 nodes have not reported' }).note, '2 nodes have not reported');
  t.is(coverage({ seconds: 120, readFor: 60 }).verdict, 'unknown');
  t.is(coverage({ seconds: 120, complete: () => false }).verdict, 'unknown');
  t.is(coverage({ seconds: 2 }).verdict, 'unknown');
});

test('coverage: what was before a change counts on neither side', (t) => {
  const changed = { steadySince: START + 60 * SECOND };
  const story = { seconds: 240, sums: (second: number) => ({ requests: Math.max(0, second - 60) * 100 }) };
  t.is(coverage(story).verdict, 'fail');
  t.is(coverage({ ...story, copies: changed }).verdict, 'pass');
});

test('coverage: what a restart lost counts on neither side', (t) => {
  const sums = (second: number): Counters => ({
    requests: second < 60 ? second * 100 : 5900 + (second - 60) * 100,
  });
  const story = { seconds: 240, sums, restarts: (second: number) => (second < 60 ? 0 : 1) };
  const { verdict, note } = coverage(story);
  t.is(verdict, 'pass', note);
});

test('coverage: the more is under way, and the longer reports take, the less is told', (t) => {
  t.is(coverage({ seconds: 120, copies: { inFlight: 1000 } }).verdict, 'unknown');
  t.is(coverage({ seconds: 120, copies: { reportMs: 10 * SECOND } }).verdict, 'unknown');
  t.is(coverage({ seconds: 600, copies: { reportMs: 10 * SECOND } }).verdict, 'pass');
});
