import type { IssueList } from './issue.ts';
import type { Spread, Suspension } from './mirror.ts';
import { NAME_RULE, isName } from './name.ts';
import { PERCENT_RULE, parsePercent } from './percent.ts';
import type { Ppm } from './percent.ts';
import { plainText, readChoice, readFields, readInteger, readText, requireField } from './read.ts';
import type { Fields } from './read.ts';
import { MAX_HASH } from './spread.ts';

const SPREAD_KEYS = ['rollout', 'threshold', 'fleetPercent', 'rest'];
const SUSPENSION_KEYS = ['state', 'since', 'until', 'times', 'reason'];
const ROLLOUT = { test: isName, message: NAME_RULE };

/** What a rollout set on a mirror: `{rollout, threshold, fleetPercent, rest}`, percents as decimals. */
export function checkSpread(input: unknown, issues: IssueList): Spread | undefined {
  const fields = readFields(input, SPREAD_KEYS, issues);
  if (fields === undefined) return undefined;
  for (const key of SPREAD_KEYS) requireField(fields, key, issues);
  const rollout = readText(fields.get('rollout'), ROLLOUT, issues.at('rollout'));
  const threshold = readInteger(fields.get('threshold'), 0, MAX_HASH, issues.at('threshold'));
  const fleetPercent = readPercent(fields, 'fleetPercent', issues);
  const rest = readPercent(fields, 'rest', issues);
  if (rollout === undefined || threshold === undefined) return undefined;
  if (fleetPercent === undefined || rest === undefined) return undefined;
  return { rollout, threshold, fleetPercent, rest };
}

/** The state of a mirror's circuit breaker: `{state, since, until, times, reason}`, times in epoch milliseconds. */
export function checkSuspension(input: unknown, issues: IssueList): Suspension | undefined {
  const fields = readFields(input, SUSPENSION_KEYS, issues);
  if (fields === undefined) return undefined;
  for (const key of SUSPENSION_KEYS) requireField(fields, key, issues);
  const state = readChoice(fields.get('state'), ['open', 'half-open'], issues.at('state'));
  const whole = (key: string) => readInteger(fields.get(key), 0, Number.MAX_SAFE_INTEGER, issues.at(key));
  const [since, until, times] = [whole('since'), whole('until'), whole('times')];
  const reason = readText(fields.get('reason'), plainText(1000), issues.at('reason'));
  if (state === undefined || since === undefined || until === undefined) return undefined;
  if (times === undefined || reason === undefined) return undefined;
  return { state, since, until, times, reason };
}

function readPercent(fields: Fields, key: string, issues: IssueList): Ppm | undefined {
  const value = fields.get(key);
  const percent = parsePercent(value);
  if (percent === undefined && value !== undefined) issues.at(key).add(PERCENT_RULE);
  return percent;
}
