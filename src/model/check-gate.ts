import type { IssueList } from './issue.ts';
import {
  isRecord,
  optional,
  plainText,
  readChoice,
  readFields,
  readInteger,
  readText,
  requireField,
} from './read.ts';
import type { Fields, TextRule } from './read.ts';
import type { Gate, GateMetric } from './rollout.ts';

export const DEFAULT_MIN_SAMPLES = 100;

type Bound = 'max' | 'min' | 'maxIncrease';

/** Which bounds say something of a metric. */
const METRICS: Readonly<Record<GateMetric, readonly Bound[]>> = {
  rejections: ['max'],
  missingAcks: ['max'],
  mirrorErrorRate: ['max'],
  droppedRate: ['max'],
  coverage: ['min', 'max'],
  primaryErrorRate: ['max', 'maxIncrease'],
  primaryLatency: ['max', 'maxIncrease'],
  nodeRequestsLost: ['max'],
  nodeErrors: ['max'],
  nodeCoverage: ['min'],
};
const NODE_METRICS: readonly unknown[] = [
  'nodeRequestsLost',
  'nodeErrors',
  'nodeCoverage',
] satisfies GateMetric[];
/** The ends of the time in which copies and requests are compared are never quite the same. */
const MAX_NODE_COVERAGE = 0.99;
const NAMES = Object.keys(METRICS) as GateMetric[];
/** Bounds of these are fractions; above 1 such a gate could never do anything, as when 5 was meant as 5 %. */
const FRACTIONS: readonly (readonly [GateMetric, Bound])[] = [
  ['mirrorErrorRate', 'max'],
  ['droppedRate', 'max'],
  ['coverage', 'min'],
  ['primaryErrorRate', 'max'],
  ['primaryErrorRate', 'maxIncrease'],
  ['nodeRequestsLost', 'max'],
  ['nodeErrors', 'max'],
  ['nodeCoverage', 'min'],
];
const BOUNDS: readonly Bound[] = ['max', 'min', 'maxIncrease'];

export const HTTP_URL: TextRule = {
  test: (text) => text.length <= 2000 && /^https?:$/.test(protocolOf(text)),
  message: 'must be an http or https URL',
};

function protocolOf(text: string): string {
  return URL.parse(text)?.protocol ?? '';
}

/** `{metric, max?, min?, maxIncrease?, minSamples?, dryRun?}` or `{prometheus: {url, query}, max?, min?, dryRun?}`. */
export function checkGate(input: unknown, issues: IssueList): Gate | undefined {
  if (isRecord(input) && input['prometheus'] !== undefined) return checkPrometheus(input, issues);
  const fields = readFields(input, ['metric', ...BOUNDS, 'minSamples', 'dryRun'], issues);
  if (fields === undefined) return undefined;
  if (fields.get('metric') === undefined) issues.add('must have metric or prometheus');
  const metric = readChoice(fields.get('metric'), NAMES, issues.at('metric'));
  const bounds = readBounds(fields, BOUNDS, issues);
  const minSamples = readInteger(fields.get('minSamples'), 1, 1_000_000_000, issues.at('minSamples'));
  const dryRun = readFlag(fields.get('dryRun'), issues.at('dryRun'));
  if (metric === undefined) return undefined;
  const fitting = METRICS[metric];
  for (const bound of BOUNDS) {
    if (bounds[bound] !== undefined && !fitting.includes(bound)) {
      issues.at(bound).add(`says nothing of ${metric}; it can have ${fitting.join(', ')}`);
    }
  }
  for (const [of, bound] of FRACTIONS) {
    if (of === metric && (bounds[bound] ?? 0) > 1) issues.at(bound).add('must be a fraction: 0.05 is 5 %');
  }
  const covered = metric === 'nodeCoverage' ? (bounds.min ?? 0) : 0;
  if (covered > MAX_NODE_COVERAGE && covered <= 1) {
    issues
      .at('min')
      .add(`must be at most ${MAX_NODE_COVERAGE}: copies and requests are not counted at the same moments`);
  }
  if (!fitting.some((bound) => fields.get(bound) !== undefined))
    issues.add(`must have ${fitting.join(' or ')}`);
  return { kind: 'metric', metric, ...bounds, minSamples: minSamples ?? DEFAULT_MIN_SAMPLES, dryRun };
}

/** Whether a gate, checked or not yet, goes by what the nodes of the mirror's target count (`node.status`). */
export function needsNode(gate: unknown): boolean {
  return isRecord(gate) && NODE_METRICS.includes(gate['metric']);
}

function checkPrometheus(input: Record<string, unknown>, issues: IssueList): Gate | undefined {
  const fields = readFields(input, ['prometheus', 'max', 'min', 'dryRun'], issues);
  const at = issues.at('prometheus');
  const source = readFields(fields?.get('prometheus'), ['url', 'query'], at);
  if (fields === undefined || source === undefined) return undefined;
  for (const key of ['url', 'query']) requireField(source, key, at);
  const url = readText(source.get('url'), HTTP_URL, at.at('url'));
  const query = readText(source.get('query'), plainText(4000), at.at('query'));
  const bounds = readBounds(fields, ['max', 'min'], issues);
  if (bounds.max === undefined && bounds.min === undefined) issues.add('must have max or min');
  const dryRun = readFlag(fields.get('dryRun'), issues.at('dryRun'));
  return url === undefined || query === undefined
    ? undefined
    : { kind: 'prometheus', url, query, ...bounds, dryRun };
}

function readBounds(fields: Fields, bounds: readonly Bound[], issues: IssueList): { [B in Bound]?: number } {
  const read = Object.assign(
    {},
    ...bounds.map((bound) => {
      const value = fields.get(bound);
      if (value === undefined) return {};
      if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return optional(bound, value);
      issues.at(bound).add('must be a number of at least 0');
      return {};
    }),
  ) as { [B in Bound]?: number };
  if ((read.min ?? 0) > (read.max ?? Infinity)) issues.at('min').add('must not be above max');
  return read;
}

export function readFlag(input: unknown, issues: IssueList): boolean {
  if (input !== undefined && typeof input !== 'boolean') issues.add('must be true or false');
  return input === true;
}
