import { RE2JS } from 're2js';
import type { IssueList } from '../../../model/issue.ts';
import { type Json, object } from '../../schema/json.ts';
import { nanoseconds } from '../../schema/well-known.ts';
import { isQualifiedName } from './names.ts';

/** Whether it is there for istiod: of an empty text or list nothing is left on the wire, of an empty object it is. */
export function isFilled(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== '';
}

/** Which of these fields are there for istiod. */
export function filled(json: Json | undefined, ...keys: readonly string[]): string[] {
  return json === undefined ? [] : keys.filter((key) => isFilled(json[key]));
}

export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

export function entries(value: unknown): readonly (readonly [string, unknown])[] {
  return Object.entries(object(value) ?? {});
}

/** Each of a list of texts. */
export function checkEach(
  value: unknown,
  issues: IssueList,
  check: (text: string, issues: IssueList) => void,
): void {
  texts(value).forEach((text, index) => check(text, issues.at(index)));
}

const MILLISECOND = 1_000_000n;

export function checkDuration(value: unknown, issues: IssueList, hint = ''): void {
  if (typeof value !== 'string') return;
  const time = nanoseconds(value);
  if (time < MILLISECOND) issues.add(`must be at least 1ms${hint}`);
  else if (time % MILLISECOND !== 0n) issues.add('must be whole milliseconds');
}

export function checkDurations(json: Json | undefined, issues: IssueList, ...keys: readonly string[]): void {
  for (const key of keys) checkDuration(json?.[key], issues.at(key));
}

/** Numbers of which istiod takes none below 0. */
export function checkNotNegative(
  json: Json | undefined,
  issues: IssueList,
  ...keys: readonly string[]
): void {
  for (const key of keys) if (Number(json?.[key] ?? 0) < 0) issues.at(key).add('must not be below 0');
}

export function checkWithin(
  json: Json | undefined,
  issues: IssueList,
  [low, high]: readonly [number, number],
  ...keys: readonly string[]
): void {
  for (const key of keys) {
    const number = Number(json?.[key] ?? low);
    if (number < low || number > high) issues.at(key).add(`must be from ${low} to ${high}`);
  }
}

const MAX_REGEX = 1024;

export function checkRegex(value: unknown, issues: IssueList): void {
  if (typeof value !== 'string' || value === '') return issues.add('must be a regular expression');
  if (Buffer.byteLength(value) > MAX_REGEX) return issues.add(`must not be longer than ${MAX_REGEX} bytes`);
  const reason = regexProblem(value);
  if (reason !== undefined) issues.add(`must be a regular expression in RE2 syntax: ${reason}`);
}

export function regexProblem(value: string): string | undefined {
  try {
    RE2JS.compile(value);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;

/** Labels of workloads, as Kubernetes has them. */
export function checkLabels(value: unknown, issues: IssueList): void {
  for (const [key, text] of entries(value)) {
    const at = issues.at(key);
    if (!isQualifiedName(key))
      at.add('must be a key such as version or example.com/version: letters, digits, "-", "_" and "."');
    if (!LABEL_VALUE.test(String(text)))
      at.add('must be letters, digits, "-", "_" and ".", a letter or digit first and last');
  }
}
