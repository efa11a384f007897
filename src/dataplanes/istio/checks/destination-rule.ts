import type { IssueList } from '../../../model/issue.ts';
import { type Json, object, objects } from '../../schema/json.ts';
import { type Metadata, OWN_DOMAIN } from '../types.ts';
import { checkExportTo } from './export-to.ts';
import { checkDnsLabel, isWildcardHost } from './names.ts';
import { checkSelector } from './selectors.ts';
import { checkTrafficPolicy } from './traffic/policy.ts';
import { checkLabels } from './values.ts';

/** What istiod acknowledges and then does without. */
export function checkDestinationRule(spec: Json, issues: IssueList, { namespace }: Metadata): void {
  const { host } = spec;
  if (host !== undefined && !isWildcardHost(host)) issues.at('host').add('must be the name of a host');
  if (`.${String(host)}`.endsWith(`.${OWN_DOMAIN}`))
    issues.at('host').add(`hosts below ${OWN_DOMAIN} are taken`);
  checkTrafficPolicy(object(spec['trafficPolicy']), namespace, issues.at('trafficPolicy'));
  const names = new Set<unknown>();
  objects(spec['subsets']).forEach((subset, index) => {
    const at = issues.at('subsets').at(index);
    checkDnsLabel(subset['name'], at.at('name'));
    if (names.has(subset['name'])) at.at('name').add('is given twice');
    names.add(subset['name']);
    checkLabels(subset['labels'], at.at('labels'));
    checkTrafficPolicy(object(subset['trafficPolicy']), namespace, at.at('trafficPolicy'));
  });
  const selector = object(spec['workloadSelector']);
  checkSelector(selector, 'matchLabels', issues.at('workloadSelector'));
  const seers = checkExportTo(spec['exportTo'], namespace, issues.at('exportTo'));
  if (selector !== undefined && seers.some((seer) => seer !== namespace))
    issues
      .at('exportTo')
      .add('must be . alone with a workloadSelector: workloads are those of its namespace');
}
