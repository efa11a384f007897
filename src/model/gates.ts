import type { CopyTotals, GroupTotals, PrimaryTotals } from './observation.ts';
import { few, judgeRate, percent, round } from './finding.ts';
import type { Finding, GateReading } from './finding.ts';
import type { NodeEvidence } from './node-evidence.ts';
import { judgeNodeCoverage, judgeNodeRate } from './node-gates.ts';
import type { Gate, MetricGate, RolloutPlan } from './rollout.ts';
import { Z, isMoreOften, meanLatency } from './statistics.ts';
import type { Proportion } from './statistics.ts';

export type { GateReading };

/** Nodes, by what they make of the step. */
export interface StepDelivery {
  readonly nodes: number;
  readonly chosen: number;
  readonly acked: number;
  readonly rejected: number;
  readonly pending: number;
  /** Chosen ones that have been pending for longer than `ackTimeout`. */
  readonly overdue: number;
  /** In the whole fleet: those that have not the percent they are to have. */
  readonly unsettled: number;
}

export interface GateInput {
  readonly delivery: StepDelivery;
  readonly chosen: GroupTotals;
  /** The nodes outside the share in the same time. */
  readonly rest?: GroupTotals;
  readonly before?: PrimaryTotals;
  readonly prometheus?: number;
  /** What the target's own nodes counted. */
  readonly node?: NodeEvidence;
}

export function judge(gate: Gate, input: GateInput): GateReading {
  const finding = gate.kind === 'metric' ? judgeMetric(gate, input) : judgeNumber(gate, input.prometheus);
  return { gate: gateName(gate), ...finding, dryRun: gate.dryRun };
}

function gateName(gate: Gate): string {
  return gate.kind === 'metric' ? gate.metric : `prometheus: ${gate.query}`;
}

/**
 * Gates that could stop it and cannot tell, in words: those nobody measured, of any mirror, are among them. Of several
 * mirrors the readings of metrics are called `coverage of edge-a`.
 */
export function untold(
  { gates, mirrors }: Pick<RolloutPlan, 'gates' | 'mirrors'>,
  readings: readonly GateReading[],
): readonly string[] {
  const telling = readings.filter(({ dryRun }) => !dryRun);
  const measured = new Set(telling.map(({ gate }) => gate));
  const wanted = gates.flatMap((gate) => {
    const name = gateName(gate);
    if (gate.dryRun) return [];
    return gate.kind === 'metric' && mirrors.length > 1
      ? mirrors.map((mirror) => `${name} of ${mirror}`)
      : [name];
  });
  return [
    ...wanted.filter((name) => !measured.has(name)).map((name) => `${name}: it was not measured`),
    ...telling.filter(({ verdict }) => verdict === 'unknown').map(({ gate, note }) => `${gate}: ${note}`),
  ];
}

function judgeMetric(gate: MetricGate, { delivery, chosen, rest, before, node }: GateInput): Finding {
  const { copies, primary } = chosen;
  switch (gate.metric) {
    case 'rejections':
      return judgeCount(gate, delivery, delivery.rejected);
    case 'missingAcks':
      return judgeCount(gate, delivery, delivery.overdue);
    case 'mirrorErrorRate':
      return judgeRate(gate, { hits: copies.failed, of: copies.succeeded + copies.failed }, 'copies failed');
    case 'droppedRate':
      return judgeRate(gate, { hits: copies.dropped, of: attempted(copies) }, 'copies were dropped');
    case 'coverage':
      return judgeCoverage(gate, copies);
    case 'primaryErrorRate':
      return primary === undefined ? UNTOLD : judgeErrors(gate, primary, reference(gate, rest, before));
    case 'primaryLatency':
      return primary === undefined ? UNTOLD : judgeLatency(gate, primary, reference(gate, rest, before));
    case 'nodeRequestsLost':
      return judgeNodeRate(gate, node, node?.lost, 'requests were lost by the node');
    case 'nodeErrors':
      return judgeNodeRate(gate, node, node?.errors, 'requests ended in an error of the node');
    case 'nodeCoverage':
      return judgeNodeCoverage(gate, node);
  }
}

function attempted({ succeeded, failed, dropped }: CopyTotals): number {
  return succeeded + failed + dropped;
}

const UNTOLD: Finding = {
  verdict: 'unknown',
  note: "the counters cannot tell which primary requests are the mirror's (the clusters serve other routes too, or retries count twice)",
};

/** Exact, but of no node it says nothing. */
function judgeCount(gate: MetricGate, { chosen }: StepDelivery, value: number): Finding {
  if (chosen === 0) return { verdict: 'unknown', note: 'no node of the share is connected' };
  return judgeNumber(gate, value);
}

function judgeNumber({ max, min }: { max?: number; min?: number }, value: number | undefined): Finding {
  if (value === undefined || Number.isNaN(value)) return { verdict: 'unknown', note: 'there is no value' };
  const above = max !== undefined && value > max;
  const below = min !== undefined && value < min;
  const bound = above ? `above ${max}` : below ? `below ${min}` : 'within bounds';
  return { verdict: above || below ? 'fail' : 'pass', value, note: `${round(value)} is ${bound}` };
}

/** Copies are a random sample of the requests: their number scatters like its square root. */
function judgeCoverage({ max, min, minSamples }: MetricGate, copies: CopyTotals): Finding {
  const { sent, expected } = copies;
  if (expected === undefined) return UNTOLD;
  if (expected < minSamples) return few(Math.floor(expected), minSamples);
  const value = sent / expected;
  const scatter = Z * Math.sqrt(sent + 1);
  const note = `${sent} copies of ${Math.round(expected)} that were to be made (${percent(value)})`;
  const known = { value, samples: Math.floor(expected) };
  if (min !== undefined && sent + scatter < min * expected)
    return { verdict: 'fail', ...known, note: `${note}: below ${percent(min)}` };
  if (max !== undefined && sent - scatter > max * expected)
    return { verdict: 'fail', ...known, note: `${note}: above ${percent(max)}` };
  // What chance can do is no reason to fail, nor to wait: more data would only tell the same.
  const near =
    (min === undefined || value >= min - scatter / expected) &&
    (max === undefined || value <= max + scatter / expected);
  return { verdict: near ? 'pass' : 'unknown', ...known, note };
}

/** The other nodes now where they have enough requests, else all nodes before. */
function reference(
  { minSamples }: MetricGate,
  rest: GroupTotals | undefined,
  before: PrimaryTotals | undefined,
): { readonly totals: PrimaryTotals; readonly where: string } | undefined {
  const other = rest?.primary;
  if (other !== undefined && other.requests >= minSamples)
    return { totals: other, where: 'on the other nodes' };
  if (before !== undefined && before.requests >= minSamples)
    return { totals: before, where: 'before the rollout' };
  return undefined;
}

type Reference = ReturnType<typeof reference>;

function judgeErrors(gate: MetricGate, primary: PrimaryTotals, against: Reference): Finding {
  const sample = { hits: primary.errors, of: primary.requests };
  const absolute = judgeRate(gate, sample, 'primary requests failed');
  if (gate.maxIncrease === undefined) return absolute;
  return worse(absolute, judgeIncrease(gate, gate.maxIncrease, sample, against));
}

function worse(a: Finding, b: Finding): Finding {
  const first = (['fail', 'unknown'] as const).find(
    (verdict) => a.verdict === verdict || b.verdict === verdict,
  );
  return a.verdict === first ? a : b;
}

function judgeIncrease(gate: MetricGate, increase: number, sample: Proportion, against: Reference): Finding {
  if (sample.of < gate.minSamples) return few(sample.of, gate.minSamples);
  if (against === undefined)
    return { verdict: 'unknown', samples: sample.of, note: 'there is nothing to compare with yet' };
  const other = { hits: against.totals.errors, of: against.totals.requests };
  const [value, otherValue] = [sample.hits / sample.of, other.hits / other.of];
  const known = { value, against: otherValue, samples: sample.of };
  const note = `${percent(value)} of ${sample.of} primary requests failed, ${percent(otherValue)} of ${other.of} ${against.where}`;
  if (isMoreOften(sample, other, increase)) return { verdict: 'fail', ...known, note };
  return value - otherValue <= increase
    ? { verdict: 'pass', ...known, note }
    : { verdict: 'unknown', ...known, note: `${note}: more than is allowed, but it may be chance` };
}

function judgeLatency(gate: MetricGate, primary: PrimaryTotals, against: Reference): Finding {
  if (primary.requests < gate.minSamples) return few(primary.requests, gate.minSamples);
  const now = meanLatency(primary);
  const other = against && meanLatency(against.totals);
  const samples = primary.requests;
  if (now === undefined)
    return {
      verdict: 'unknown',
      samples,
      note: 'no request was under way at the end of a report: too fast to tell',
    };
  if (gate.max !== undefined && now.seconds - Z * now.error > gate.max) {
    return {
      verdict: 'fail',
      value: now.seconds,
      samples,
      note: `${ms(now.seconds)} is above ${ms(gate.max)}`,
    };
  }
  if (gate.maxIncrease === undefined) {
    const within = gate.max === undefined || now.seconds <= gate.max;
    return { verdict: within ? 'pass' : 'unknown', value: now.seconds, samples, note: ms(now.seconds) };
  }
  if (against === undefined || other === undefined)
    return { verdict: 'unknown', samples, note: 'there is nothing to compare with yet' };
  const factor = 1 + gate.maxIncrease;
  const error = Math.hypot(now.error, factor * other.error);
  const known = { value: now.seconds, against: other.seconds, samples };
  const note = `${ms(now.seconds)} on average, ${ms(other.seconds)} ${against.where}`;
  if (now.seconds - factor * other.seconds > Z * error) return { verdict: 'fail', ...known, note };
  // A blur wider than what is allowed cannot show that it is kept.
  const sharp = error <= Math.max(gate.maxIncrease, 0.1) * other.seconds;
  const within = now.seconds <= Math.min(factor * other.seconds, gate.max ?? Infinity);
  return { verdict: sharp && within ? 'pass' : 'unknown', ...known, note };
}

function ms(seconds: number): string {
  return `${round(seconds * 1000)} ms`;
}
