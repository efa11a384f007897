import type { IssueList } from './issue.ts';
import { optional, plainText, readDuration, readFields, readText, readTime, requireField } from './read.ts';
import type { Freeze, Window } from './rollout.ts';
import { cronOf } from './schedule.ts';

const DAY = 24 * 3_600_000;

/** `{cron, duration, timezone?}`. */
export function checkWindow(input: unknown, issues: IssueList): Window | undefined {
  const fields = readFields(input, ['cron', 'duration', 'timezone'], issues);
  if (fields === undefined) return undefined;
  for (const key of ['cron', 'duration']) requireField(fields, key, issues);
  const cron = readText(fields.get('cron'), plainText(200), issues.at('cron'));
  const durationMs = readDuration(fields.get('duration'), 60_000, 366 * DAY, issues.at('duration'));
  const timezone = readText(fields.get('timezone'), TIMEZONE, issues.at('timezone')) ?? 'UTC';
  if (cron === undefined || durationMs === undefined) return undefined;
  try {
    // It is asked of a fixed day: whether it can open at all does not depend on today.
    if (cronOf({ cron, timezone: 'UTC' }).nextRun(new Date(0)) === null) {
      issues.at('cron').add('never comes: there is no such day');
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    issues.at('cron').add(`must have five fields, such as "0 9 * * 1-5" (${reason})`);
  }
  return { cron, durationMs, timezone };
}

const TIMEZONE = {
  test: (text: string): boolean => {
    try {
      return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== '';
    } catch {
      return false;
    }
  },
  message: 'must be an IANA time zone, such as "Europe/Berlin"',
};

/** `{from, to, reason?}`. */
export function checkFreeze(input: unknown, issues: IssueList): Freeze | undefined {
  const fields = readFields(input, ['from', 'to', 'reason'], issues);
  if (fields === undefined) return undefined;
  for (const key of ['from', 'to']) requireField(fields, key, issues);
  const from = readTime(fields.get('from'), issues.at('from'));
  const to = readTime(fields.get('to'), issues.at('to'));
  const reason = readText(fields.get('reason'), plainText(500), issues.at('reason'));
  if (from === undefined || to === undefined) return undefined;
  if (Date.parse(to) <= Date.parse(from)) issues.at('to').add('must be after from');
  return { from, to, ...optional('reason', reason) };
}
