import type { IssueList } from '../../../../model/issue.ts';
import { type Json, object, objects } from '../../../schema/json.ts';
import { checkPolicyTargets } from '../selectors.ts';
import { checkWithin, entries, isFilled } from '../values.ts';

/** But for the filters of access logs, whose CEL is not looked at. */
export function checkTelemetry(spec: Json, issues: IssueList): void {
  checkPolicyTargets(spec, issues);
  for (const key of ['metrics', 'tracing', 'accessLogging'])
    objects(spec[key]).forEach((one, index) => checkProviders(one, issues.at(key).at(index)));
  objects(spec['tracing']).forEach((one, index) => checkTracing(one, issues.at('tracing').at(index)));
  objects(spec['metrics']).forEach((one, index) => checkMetrics(one, issues.at('metrics').at(index)));
}

function checkProviders(one: Json, issues: IssueList): void {
  objects(one['providers']).forEach(({ name }, index) => {
    if (!isFilled(name)) issues.at('providers').at(index).at('name').add('is required');
  });
}

const NAMED_BY: Readonly<Record<string, string>> = { literal: 'value', header: 'name', environment: 'name' };

function checkTracing(tracing: Json, issues: IssueList): void {
  checkWithin(tracing, issues, [0, 100], 'randomSamplingPercentage');
  for (const [name, tag] of entries(tracing['customTags'])) {
    const at = issues.at('customTags').at(name);
    if (name === '') at.add('must have a name');
    for (const [kind, field] of Object.entries(NAMED_BY)) {
      const value = object(object(tag)?.[kind]);
      if (value !== undefined && !isFilled(value[field])) at.at(kind).at(field).add('is required');
    }
  }
}

function checkMetrics(metrics: Json, issues: IssueList): void {
  objects(metrics['overrides']).forEach((override, index) => {
    const at = issues.at('overrides').at(index);
    for (const [name, tag] of entries(override['tagOverrides'])) {
      const { operation = 'UPSERT', value } = object(tag) ?? {};
      const here = at.at('tagOverrides').at(name).at('value');
      if (operation === 'UPSERT' && !isFilled(value)) here.add('is required to UPSERT');
      if (operation === 'REMOVE' && isFilled(value)) here.add('says nothing to REMOVE; leave it out');
    }
    if (object(override['match'])?.['customMetric'] === '')
      at.at('match').at('customMetric').add('must not be empty');
  });
}
