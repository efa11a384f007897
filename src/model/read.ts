/**
 * Readers of untrusted JSON. Each takes a value and where to report; it answers undefined when the field is absent
 * or wrong, and reports what is wrong, so that a caller reads every field and knows all issues at the end.
 */
import { DURATION_RULE, formatDuration, parseDuration } from './duration.ts';
import type { IssueList } from './issue.ts';

export type Fields = ReadonlyMap<string, unknown>;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of an object. A Map, as a key may be called `__proto__`. */
export function readFields(input: unknown, known: readonly string[], issues: IssueList): Fields | undefined {
  if (input === undefined) return undefined;
  if (!isRecord(input)) {
    issues.add('must be an object');
    return undefined;
  }
  const fields = new Map(Object.entries(input));
  for (const key of fields.keys()) {
    if (!known.includes(key)) issues.at(key).add(`is not known here; known are ${known.join(', ')}`);
  }
  return fields;
}

interface ListRule<T> {
  readonly min?: number;
  readonly max: number;
  /** Elements of one key are repeats, and refused. */
  readonly key?: (element: T) => string;
}

/** Elements as `read` made them; those it refused are left out. */
export function readList<T>(
  input: unknown,
  rule: ListRule<T>,
  issues: IssueList,
  read: (element: unknown, issues: IssueList) => T | undefined,
): T[] | undefined {
  if (input === undefined) return undefined;
  if (!Array.isArray(input)) {
    issues.add('must be a list');
    return undefined;
  }
  const min = rule.min ?? 0;
  if (input.length < min || input.length > rule.max) {
    issues.add(`must have ${min} to ${rule.max} elements, has ${input.length}`);
    return undefined;
  }
  const elements: T[] = [];
  const firstOf = new Map<string, number>();
  for (const [index, element] of input.entries()) {
    // JSON has no undefined, and a reader takes it for an absent field.
    const value = read(element === undefined ? null : element, issues.at(index));
    if (value === undefined) continue;
    elements.push(value);
    const key = rule.key?.(value);
    if (key === undefined) continue;
    const first = firstOf.get(key);
    if (first === undefined) firstOf.set(key, index);
    else issues.at(index).add(`repeats element ${first}`);
  }
  return elements;
}

export interface TextRule {
  readonly test: (text: string) => boolean;
  readonly message: string;
}

export function readText(input: unknown, rule: TextRule, issues: IssueList): string | undefined {
  if (input === undefined) return undefined;
  if (typeof input === 'string' && rule.test(input)) return input;
  issues.add(rule.message);
  return undefined;
}

// eslint-disable-next-line no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Text to be shown or compared: not empty, no control characters. */
export function plainText(max: number): TextRule {
  return {
    test: (text) => text.length > 0 && text.length <= max && !CONTROL.test(text),
    message: `must be text of 1 to ${max} characters without control characters`,
  };
}

export function readChoice<T extends string>(
  input: unknown,
  choices: readonly T[],
  issues: IssueList,
): T | undefined {
  if (input === undefined) return undefined;
  const choice = choices.find((known) => known === input);
  if (choice === undefined) issues.add(`must be ${choices.map((known) => `"${known}"`).join(' or ')}`);
  return choice;
}

export function readInteger(input: unknown, min: number, max: number, issues: IssueList): number | undefined {
  if (input === undefined) return undefined;
  if (typeof input === 'number' && Number.isInteger(input) && input >= min && input <= max) return input;
  issues.add(`must be an integer from ${min} to ${max}`);
  return undefined;
}

export function readDuration(
  input: unknown,
  minMs: number,
  maxMs: number,
  issues: IssueList,
): number | undefined {
  if (input === undefined) return undefined;
  const ms = parseDuration(input);
  if (ms === undefined) issues.add(DURATION_RULE);
  else if (ms < minMs || ms > maxMs) {
    issues.add(`must be from ${formatDuration(minMs)} to ${formatDuration(maxMs)}`);
  } else return ms;
  return undefined;
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/** A time in ISO 8601 with its zone; in UTC with milliseconds as it is kept. */
export function readTime(input: unknown, issues: IssueList): string | undefined {
  if (input === undefined) return undefined;
  const time = typeof input === 'string' && TIME.test(input) ? Date.parse(input) : NaN;
  if (!Number.isNaN(time)) return new Date(time).toISOString();
  issues.add('must be a time with its zone in ISO 8601, such as "2026-12-01T03:00:00Z"');
  return undefined;
}

/** Reports a field that must be given. `field` is undefined also when it was refused, so ask for presence. */
export function requireField(fields: Fields, key: string, issues: IssueList): void {
  if (fields.get(key) === undefined) issues.at(key).add('is required');
}

/** `{key: value}` without the key when there is no value, as exact optional properties want it. */
export function optional<K extends string, T>(key: K, value: T | undefined): { [P in K]?: T } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });
}
