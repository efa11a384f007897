import type { IssueList } from '../../../model/issue.ts';
import { type Json, objects, string } from '../../schema/json.ts';
import { entries, filled, isFilled } from './values.ts';

/** Labels of the workloads that are meant. `key`: where they stand in it. */
export function checkSelector(selector: unknown, key: 'labels' | 'matchLabels', issues: IssueList): void {
  for (const [name, value] of entries((selector as Json | undefined)?.[key])) {
    const at = issues.at(key).at(name);
    if (name === '') at.add('must have a key');
    if (`${name}${String(value)}`.includes('*')) at.add('must not have * in it: labels are taken as written');
  }
}

const TARGETS = new Set([
  ...['/Service', 'core/Service', 'networking.istio.io/ServiceEntry'],
  ...['gateway.networking.k8s.io/Gateway', 'gateway.networking.k8s.io/GatewayClass'],
]);

/** To what a policy applies: workloads by their labels, or what `targetRefs` name. */
export function checkPolicyTargets(spec: Json, issues: IssueList): void {
  const ways = filled(spec, 'selector', 'targetRef', 'targetRefs');
  if (ways.length > 1) issues.add(`cannot have ${ways.join(' and ')} at once`);
  checkSelector(spec['selector'], 'matchLabels', issues.at('selector'));
  objects([spec['targetRef']]).forEach((one) => checkTarget(one, issues.at('targetRef')));
  objects(spec['targetRefs']).forEach((one, index) => checkTarget(one, issues.at('targetRefs').at(index)));
}

function checkTarget(target: Json, issues: IssueList): void {
  if (!isFilled(target['name'])) issues.at('name').add('is required');
  if (isFilled(target['namespace']))
    issues.at('namespace').add('must be left out: a policy is for its own namespace');
  if (!TARGETS.has(`${string(target['group']) ?? ''}/${string(target['kind']) ?? ''}`))
    issues.at('kind').add('must be Service, ServiceEntry, Gateway or GatewayClass, with its group');
}
