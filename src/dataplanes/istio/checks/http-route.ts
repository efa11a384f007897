import type { IssueList } from '../../../model/issue.ts';
import { type Json, object, objects } from '../../schema/json.ts';

const FIELDS = new Set(['parentRefs', 'hostnames', 'rules', 'useDefaultGateways']);

/** An HTTPRoute is rendered and never served, so only what we work on is looked at. */
export function readHttpRoute(value: unknown, issues: IssueList): Json | undefined {
  const spec = object(value);
  if (spec === undefined) return void issues.add('is required: an object with rules');
  for (const key of Object.keys(spec))
    if (!FIELDS.has(key)) issues.at(key).add('unknown field of an HTTPRoute');
  const { rules = [] } = spec;
  if (!Array.isArray(rules)) return void issues.at('rules').add('must be a list');
  (rules as unknown[]).forEach((item, index) => checkRule(item, issues.at('rules').at(index)));
  return spec;
}

function checkRule(value: unknown, issues: IssueList): void {
  const rule = object(value);
  if (rule === undefined) return issues.add('must be an object');
  for (const key of ['matches', 'filters', 'backendRefs'])
    if (rule[key] !== undefined && !Array.isArray(rule[key])) issues.at(key).add('must be a list');
  objects(rule['filters']).forEach((filter, index) => {
    if (filter['type'] !== 'RequestMirror') return;
    const at = issues.at('filters').at(index).at('requestMirror');
    const mirror = object(filter['requestMirror']);
    if (mirror === undefined) return at.add('is required');
    if (typeof object(mirror['backendRef'])?.['name'] !== 'string')
      at.at('backendRef').at('name').add('is required');
    checkShare(mirror, at);
  });
}

function checkShare(mirror: Json, issues: IssueList): void {
  const { percent } = mirror;
  const fraction = object(mirror['fraction']);
  if (percent !== undefined && fraction !== undefined) issues.add('cannot have percent and fraction at once');
  if (percent !== undefined && !(Number.isInteger(percent) && Number(percent) >= 0 && Number(percent) <= 100))
    issues.at('percent').add('must be a whole number from 0 to 100');
  if (fraction === undefined) return;
  const [numerator, denominator] = [Number(fraction['numerator']), Number(fraction['denominator'] ?? 100)];
  if (!(denominator >= 1) || !(numerator >= 0) || numerator > denominator)
    issues.at('fraction').add('must be a numerator from 0 to the denominator');
}
