import type { DescEnum } from '@bufbuild/protobuf';
import { object } from '../json.ts';
import type { ValueRule } from '../../schema/reader.ts';
import type { Rules } from './rule-options.ts';
import { bytesRule, stringRule } from './string-rules.ts';
import { nanoseconds } from '../../schema/well-known.ts';

const NUMBERS = new Set([
  'float',
  'double',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
]);

/** The rule of one value (a field's, an item's, a key's); undefined when there is none to check. */
export function compileValueRule(rules: Rules, desc: DescEnum | undefined): ValueRule | undefined {
  for (const [kind, rule] of Object.entries(rules)) {
    const detail = object(rule) ?? {};
    if (NUMBERS.has(kind)) return orderRule(detail, (value) => Number(value), String);
    if (kind === 'string') return stringRule(detail);
    if (kind === 'bytes') return bytesRule(detail);
    if (kind === 'enum') return enumRule(detail, desc);
    if (kind === 'bool') return constRule(detail['const']);
    if (kind === 'duration') return orderRule(detail, (value) => nanoseconds(String(value)), String);
    if (kind === 'timestamp') return orderRule(detail, (value) => Date.parse(String(value)), String);
    if (kind === 'any') return anyRule(detail);
  }
  return undefined;
}

function constRule(wanted: unknown): ValueRule | undefined {
  return wanted === undefined
    ? undefined
    : (value, issues) => void (value === wanted || issues.add(`must be ${JSON.stringify(wanted)}`));
}

type Ordered = number | bigint;

/** Numbers, durations and times: bounds, `const`, `in`, `not_in`. A lower bound above the upper one means "outside". */
function orderRule(
  rules: Rules,
  order: (value: unknown) => Ordered,
  show: (value: unknown) => string,
): ValueRule | undefined {
  const above = bound(rules['gt'], order, (value, limit) => value > limit);
  const from = bound(rules['gte'], order, (value, limit) => value >= limit);
  const below = bound(rules['lt'], order, (value, limit) => value < limit);
  const to = bound(rules['lte'], order, (value, limit) => value <= limit);
  const lower = above ?? from;
  const upper = below ?? to;
  const words = [
    above && `greater than ${show(rules['gt'])}`,
    from && `at least ${show(rules['gte'])}`,
    below && `less than ${show(rules['lt'])}`,
    to && `at most ${show(rules['lte'])}`,
  ].filter((part) => part !== undefined);
  const outside = lower !== undefined && upper !== undefined && lower.limit > upper.limit;
  const message = `must be ${words.join(outside ? ' or ' : ' and ')}`;
  const only = list(rules['in'], order);
  const never = list(rules['notIn'], order);
  const exact = rules['const'] === undefined ? undefined : order(rules['const']);
  return (value, issues) => {
    const number = order(value);
    if (rules['ignoreEmpty'] === true && Number(number) === 0) return;
    const low = lower?.holds(number) ?? true;
    const high = upper?.holds(number) ?? true;
    if (outside ? !low && !high : !low || !high) issues.add(message);
    if (exact !== undefined && number !== exact) issues.add(`must be ${show(rules['const'])}`);
    if (only !== undefined && !only.includes(number)) issues.add(`must be one of ${only.join(', ')}`);
    if (never?.includes(number) === true) issues.add(`must not be ${show(value)}`);
  };
}

interface Bound {
  readonly limit: Ordered;
  holds(value: Ordered): boolean;
}

function bound(
  json: unknown,
  order: (value: unknown) => Ordered,
  compare: (value: Ordered, limit: Ordered) => boolean,
): Bound | undefined {
  if (json === undefined) return undefined;
  const limit = order(json);
  return { limit, holds: (value) => compare(value, limit) };
}

function list(json: unknown, order: (value: unknown) => Ordered): readonly Ordered[] | undefined {
  return Array.isArray(json) && json.length > 0 ? json.map(order) : undefined;
}

function enumRule(rules: Rules, desc: DescEnum | undefined): ValueRule | undefined {
  if (desc === undefined) return undefined;
  const numberOf = (value: unknown): number =>
    typeof value === 'number' ? value : (desc.values.find(({ name }) => name === value)?.number ?? NaN);
  const named = (numbers: readonly Ordered[]): string =>
    numbers
      .map((number) => desc.values.find((value) => value.number === number)?.name ?? String(number))
      .join(', ');
  const only = list(rules['in'], Number);
  const never = list(rules['notIn'], Number);
  return (value, issues) => {
    const number = numberOf(value);
    const defined = desc.values.some((known) => known.number === number);
    if (rules['definedOnly'] === true && !defined)
      issues.add(`must be one of ${named(desc.values.map((known) => known.number))}`);
    if (only !== undefined && !only.includes(number)) issues.add(`must be one of ${named(only)}`);
    if (never?.includes(number) === true) issues.add(`must not be ${String(value)}`);
    if (rules['const'] !== undefined && number !== rules['const'])
      issues.add(`must be ${named([Number(rules['const'])])}`);
  };
}

function anyRule(rules: Rules): ValueRule | undefined {
  const only = Array.isArray(rules['in']) ? (rules['in'] as unknown[]) : undefined;
  const never = Array.isArray(rules['notIn']) ? (rules['notIn'] as unknown[]) : undefined;
  if (only === undefined && never === undefined) return undefined;
  return (value, issues) => {
    const type = object(value)?.['@type'];
    if (only !== undefined && !only.includes(type))
      issues.at('@type').add(`must be one of ${only.join(', ')}`);
    if (never?.includes(type) === true) issues.at('@type').add('is not allowed here');
  };
}
