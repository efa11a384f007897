import type { Issue, IssueList } from '../../../../model/issue.ts';
import { type Json, fieldsOf, listOf } from '../../json.ts';
import { ROOT } from '../../schema/fields.ts';
import { OBJECTS } from '../../schema/objects.ts';
import { MIDDLEWARES } from './middlewares.ts';
import type { ValueRule, ValueTable } from './rule.ts';
import { SERVICES } from './services.ts';
import { TLS } from './tls.ts';

const TABLE: ValueTable = { ...MIDDLEWARES, ...SERVICES, ...TLS };

/**
 * What Traefik reads and then makes nothing of: it answers 404 for the routers that it concerns, or does something else than
 * what was meant. The config's fields are in canonical spelling.
 */
export function checkValues(config: Json, issues: IssueList, warnings: Issue[]): void {
  visit(config, ROOT, issues, warnings);
}

function visit(value: unknown, type: string, at: IssueList, warnings: Issue[]): void {
  if (type.startsWith('['))
    listOf(value).forEach((item, index) => visit(item, type.slice(1, -1), at.at(index), warnings));
  else if (type.startsWith('{'))
    for (const [key, item] of Object.entries(fieldsOf(value)))
      visit(item, type.slice(1, -1), at.at(key), warnings);
  else {
    const fields = OBJECTS.get(type);
    if (fields === undefined) return;
    const object = fieldsOf(value);
    for (const [field, rules] of Object.entries(TABLE[type] ?? {}))
      for (const rule of rules) apply(rule, object, field, at, warnings);
    for (const { name, type: inner } of fields.values())
      if (object[name] !== undefined) visit(object[name], inner, at.at(name), warnings);
  }
}

function apply(rule: ValueRule, owner: Json, field: string, at: IssueList, warnings: Issue[]): void {
  const value = owner[field];
  const below = field === '' ? at : at.at(field);
  const tell = (where: IssueList, message: string | undefined): void => {
    if (message === undefined) return;
    if (rule.isHint) warnings.push({ path: where.path, message });
    else where.add(message);
  };
  switch (rule.of) {
    case 'field':
      return tell(below, rule.fault(field === '' ? owner : value, owner));
    case 'keys':
      for (const key of Object.keys(fieldsOf(value))) tell(below.at(key), rule.fault(key, owner));
      return;
    case 'items':
      if (Array.isArray(value))
        value.forEach((item: unknown, index) => tell(below.at(index), rule.fault(item, owner)));
      else if (value !== undefined) tell(below, rule.fault(value, owner));
  }
}
