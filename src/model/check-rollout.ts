import { isDeepStrictEqual } from 'node:util';
import { HTTP_URL, checkGate } from './check-gate.ts';
import { isNameGiven } from './check-name.ts';
import { checkFreeze, checkWindow } from './check-schedule.ts';
import { deepFreeze } from './freeze.ts';
import { IssueList, fail, ok } from './issue.ts';
import type { Result } from './issue.ts';
import { NAME_RULE, isName } from './name.ts';
import { NO_PRIMARY } from './observation.ts';
import type { PrimaryTotals } from './observation.ts';
import { FULL, PERCENT_RULE, formatPercent, parsePercent } from './percent.ts';
import type { Ppm } from './percent.ts';
import { presentPlan } from './present-rollout.ts';
import {
  optional,
  readChoice,
  readDuration,
  readFields,
  readInteger,
  readList,
  readText,
  readTime,
  requireField,
} from './read.ts';
import type { Fields } from './read.ts';
import { isActive } from './rollout.ts';
import type { Rollout, RolloutPlan, Step, Webhook } from './rollout.ts';

const KEYS = [
  ...['name', 'mirror', 'mirrors', 'steps', 'gates', 'onFail', 'missingData', 'interval', 'failureLimit'],
  ...['ackTimeout', 'startAt', 'windows', 'freezes', 'webhooks', 'revision', 'status'],
];
const DAY = 24 * 3_600_000;
const REFERENCE = { test: isName, message: NAME_RULE };
const MIRRORS = { min: 1, max: 64, key: (name: string) => name };

/**
 * Reads a plan from its REST form; see docs/rollouts.md. Whether its mirrors exist is not asked here. All issues at once;
 * defaults applied; the value is frozen. Plans that go down, and such as nothing watches, get a warning.
 */
export function checkRollout(name: string, input: unknown): Result<RolloutPlan> {
  const issues = new IssueList();
  const named = isNameGiven(name, input, issues);
  const fields = readFields(input, KEYS, issues) ?? new Map<string, unknown>();
  if (named) requireField(fields, 'steps', issues);
  const mirrors = readMirrors(fields, issues);
  const list = <T>(key: string, read: (element: unknown, at: IssueList) => T | undefined): readonly T[] =>
    readList(fields.get(key), { max: 100 }, issues.at(key), read) ?? [];
  const steps =
    readList(fields.get('steps'), { min: 1, max: 100 }, issues.at('steps'), (step, at) =>
      checkStep(step, at),
    ) ?? [];
  const gates = list('gates', checkGate);
  const time = (key: string, min: number, max: number): number | undefined =>
    readDuration(fields.get(key), min, max, issues.at(key));
  const plan = {
    name,
    mirrors,
    steps,
    gates,
    onFail: readChoice(fields.get('onFail'), ['abort', 'pause'], issues.at('onFail')) ?? 'abort',
    missingData:
      readChoice(fields.get('missingData'), ['pause', 'wait', 'abort'], issues.at('missingData')) ?? 'pause',
    intervalMs: time('interval', 500, DAY) ?? 10_000,
    failureLimit: readInteger(fields.get('failureLimit'), 0, 1000, issues.at('failureLimit')) ?? 0,
    ackTimeoutMs: time('ackTimeout', 100, DAY) ?? 30_000,
    ...optional('startAt', readTime(fields.get('startAt'), issues.at('startAt'))),
    windows: list('windows', checkWindow),
    freezes: list('freezes', checkFreeze),
    webhooks: list('webhooks', checkWebhook),
  } as const;
  if (!named || issues.items.length > 0) return fail(issues.items);
  return ok(deepFreeze(plan), warningsOf(plan).items);
}

function readMirrors(fields: Fields, issues: IssueList): readonly string[] {
  const read = (input: unknown, at: IssueList) => readText(input, REFERENCE, at);
  const [one, many] = [fields.get('mirror'), fields.get('mirrors')];
  if ((one === undefined) === (many === undefined))
    issues.at('mirror').add('is required: mirror, or mirrors');
  if (many !== undefined) return readList(many, MIRRORS, issues.at('mirrors'), read) ?? [];
  return [read(one, issues.at('mirror')) ?? []].flat();
}

function checkStep(input: unknown, issues: IssueList): Step | undefined {
  const keys = ['percent', 'fleetPercent', 'hold', 'minRequests', 'approval'];
  const fields = readFields(input, keys, issues);
  if (fields === undefined) return undefined;
  requireField(fields, 'percent', issues);
  const percent = readPercent(fields, 'percent', issues) ?? 0;
  const fleetPercent = readPercent(fields, 'fleetPercent', issues) ?? FULL;
  if (fleetPercent === 0) issues.at('fleetPercent').add('must be above 0: the share has at least one node');
  return {
    percent,
    fleetPercent,
    holdMs: readDuration(fields.get('hold'), 0, 30 * DAY, issues.at('hold')) ?? 0,
    minRequests: readInteger(fields.get('minRequests'), 0, 1e12, issues.at('minRequests')) ?? 0,
    approval: readChoice(fields.get('approval'), ['none', 'manual'], issues.at('approval')) ?? 'none',
  };
}

function readPercent(fields: Fields, key: string, issues: IssueList): Ppm | undefined {
  const value = fields.get(key);
  const percent = parsePercent(value);
  if (percent === undefined && value !== undefined) issues.at(key).add(PERCENT_RULE);
  return percent;
}

function checkWebhook(input: unknown, issues: IssueList): Webhook | undefined {
  const fields = readFields(input, ['when', 'url', 'timeout'], issues);
  if (fields === undefined) return undefined;
  for (const key of ['when', 'url']) requireField(fields, key, issues);
  const when = readChoice(fields.get('when'), ['before', 'after'], issues.at('when'));
  const url = readText(fields.get('url'), HTTP_URL, issues.at('url'));
  const timeoutMs = readDuration(fields.get('timeout'), 100, 600_000, issues.at('timeout')) ?? 5000;
  return when === undefined || url === undefined ? undefined : { when, url, timeoutMs };
}

function warningsOf({ steps, gates }: Pick<RolloutPlan, 'steps' | 'gates'>): IssueList {
  const warnings = new IssueList();
  for (const [index, step] of steps.entries()) {
    const before = steps[index - 1];
    const at = warnings.at('steps').at(index);
    if (before === undefined) continue;
    if (step.percent < before.percent)
      at.at('percent').add(`goes down, from ${formatPercent(before.percent)}`);
    if (step.fleetPercent < before.fleetPercent) {
      at.at('fleetPercent').add(`goes down, from ${formatPercent(before.fleetPercent)}`);
    }
  }
  if (!gates.some(({ dryRun }) => !dryRun)) {
    warnings.at('gates').add('has none that could stop it: only rejected and missing acknowledgements will');
  }
  return warnings;
}

/** Whether a stored rollout is one that these checks let in. */
export function isRollout(name: string, stored: Rollout): boolean {
  const { status, ...plan } = stored;
  const checked = checkRollout(name, presentPlan(plan));
  return checked.ok && isDeepStrictEqual(checked.value, plan) && isStatus(status, plan);
}

const STATUS_KEYS = [
  ...['state', 'run', 'step', 'since', 'appliedAt', 'isSet', 'failures', 'approved', 'handSet'],
  ...['baseline', 'before', 'reason', 'actor'],
];
const STATES = ['pending', 'applying', 'holding', 'gating', 'paused', 'aborting', 'done', 'aborted'];

function isStatus(status: Rollout['status'], { mirrors, steps }: RolloutPlan): boolean {
  const whole = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
  const { state, run, step, since, appliedAt, failures, isSet, approved, handSet, baseline, reason, actor } =
    status;
  return (
    Object.keys(status).every((key) => STATUS_KEYS.includes(key)) &&
    STATES.includes(state) &&
    [run, step, since, failures, appliedAt ?? 0].every(whole) &&
    step < steps.length &&
    [isSet, approved, handSet].every((flag) => typeof flag === 'boolean') &&
    Object.values(baseline).every((ppm) => whole(ppm) && ppm <= FULL) &&
    // An abort must know where to go back to.
    (!isActive(status) || mirrors.every((mirror) => baseline[mirror] !== undefined)) &&
    [reason, actor].every((text) => typeof text === 'string') &&
    (status.before === undefined || isTotals(status.before))
  );
}

function isTotals(totals: PrimaryTotals): boolean {
  const keys = Object.keys(NO_PRIMARY);
  const isCount = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0;
  return isDeepStrictEqual(Object.keys(totals).sort(), keys.sort()) && Object.values(totals).every(isCount);
}
