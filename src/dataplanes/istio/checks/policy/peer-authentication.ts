import type { IssueList } from '../../../../model/issue.ts';
import { type Json, object } from '../../../schema/json.ts';
import { checkPort } from '../names.ts';
import { checkSelector } from '../selectors.ts';
import { entries } from '../values.ts';

export function checkPeerAuthentication(spec: Json, issues: IssueList): void {
  const selector = object(spec['selector']);
  const ports = entries(spec['portLevelMtls']);
  if (ports.length > 0 && entries(selector?.['matchLabels']).length === 0)
    issues.at('portLevelMtls').add('can be given only with a selector that has matchLabels');
  for (const [port] of ports) checkPort(Number(port), issues.at('portLevelMtls').at(port));
  checkSelector(selector, 'matchLabels', issues.at('selector'));
}
