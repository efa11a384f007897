import { type DescField, type DescEnum, ScalarType } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { IssueList } from '../../../model/issue.ts';
import { object } from '../json.ts';
import type { Rules } from './rule-options.ts';
import type { Rule } from '../../schema/check.ts';
import type { ValueRule } from '../../schema/reader.ts';
import { compileValueRule } from './value-rules.ts';

/** The rules of one field, as protoc-gen-validate means them: an absent plain scalar has its zero value. */
export function compileRules(field: DescField, rules: Rules): Rule | undefined {
  switch (field.fieldKind) {
    case 'list':
      return listRule(object(rules['repeated']) ?? {}, field.enum);
    case 'map':
      return mapRule(object(rules['map']) ?? {}, field.enum);
    case 'message':
      return messageRule(rules, field.oneof !== undefined);
    case 'scalar':
    case 'enum': {
      const rule = compileValueRule(rules, field.enum);
      const zero = field.presence === FeatureSet_FieldPresence.EXPLICIT ? undefined : zeroValue(field);
      return rule && ((value, issues) => applyPresent(rule, value ?? zero, issues));
    }
  }
}

function applyPresent(rule: ValueRule, value: unknown, issues: IssueList): void {
  if (value !== undefined) rule(value, issues);
}

function zeroValue(field: DescField): unknown {
  if (field.fieldKind === 'enum') return field.enum.values.find(({ number }) => number === 0)?.name ?? 0;
  switch (field.scalar) {
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return '';
    case ScalarType.BOOL:
      return false;
    default:
      return 0;
  }
}

/** A member of a oneof is never required by itself: the oneof may be. */
function messageRule(rules: Rules, inOneof: boolean): Rule | undefined {
  const required =
    !inOneof &&
    [rules['message'], rules['duration'], rules['timestamp'], rules['any']].some(
      (one) => object(one)?.['required'] === true,
    );
  const inner = compileValueRule(rules, undefined);
  if (!required && inner === undefined) return undefined;
  return (value, issues) => {
    if (value !== undefined) inner?.(value, issues);
    else if (required) issues.add('is required');
  };
}

function listRule(rules: Rules, desc: DescEnum | undefined): Rule {
  const min = Number(rules['minItems'] ?? 0);
  const max = Number(rules['maxItems'] ?? Infinity);
  const items = object(rules['items']);
  const each = items && compileValueRule(items, desc);
  return (value, issues) => {
    const list = Array.isArray(value) ? (value as unknown[]) : [];
    if (rules['ignoreEmpty'] === true && list.length === 0) return;
    if (list.length < min) issues.add(min === 1 ? 'needs at least one item' : `needs at least ${min} items`);
    if (list.length > max) issues.add(`may have at most ${max} items`);
    if (rules['unique'] === true && new Set(list.map((item) => JSON.stringify(item))).size < list.length) {
      issues.add('items must be unique');
    }
    if (each) list.forEach((item, index) => each(item, issues.at(index)));
  };
}

function mapRule(rules: Rules, desc: DescEnum | undefined): Rule {
  const min = Number(rules['minPairs'] ?? 0);
  const max = Number(rules['maxPairs'] ?? Infinity);
  const keyRules = object(rules['keys']);
  const valueRules = object(rules['values']);
  const eachKey = keyRules && compileValueRule(keyRules, undefined);
  const eachValue = valueRules && compileValueRule(valueRules, desc);
  return (value, issues) => {
    const entries = Object.entries(object(value) ?? {});
    if (rules['ignoreEmpty'] === true && entries.length === 0) return;
    if (entries.length < min) issues.add(`needs at least ${min} entries`);
    if (entries.length > max) issues.add(`may have at most ${max} entries`);
    for (const [key, item] of entries) {
      eachKey?.(key, issues.at(key));
      eachValue?.(item, issues.at(key));
    }
  };
}
