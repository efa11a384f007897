import type { IssueList } from '../../../model/issue.ts';
import { type Json, string } from '../../schema/json.ts';
import { GATEWAY, type Metadata } from '../types.ts';
import { isDnsLabel } from './names.ts';

/** Of istiod's own use: it takes nothing of an owner's with these. */
const INTERNAL = [
  'internal.istio.io/webhook-always-reject',
  'internal.istio.io/parent-namespace',
  'internal.istio.io/parents',
  // Not refused, but with these it would not look at the spec as at an owner's.
  'internal.istio.io/route-semantics',
  'internal.istio.io/gateway-semantics',
];
const DRY_RUN = 'istio.io/dry-run';
const BOOLEAN = /^(?:1|0|[tTfF]|true|True|TRUE|false|False|FALSE)$/;

/** What istiod refuses of the names and annotations of a resource. */
export function checkMetadata(
  kind: string,
  { name, annotations = {} }: Metadata,
  spec: Json,
  issues: IssueList,
): void {
  if (kind === GATEWAY && !isDnsLabel(name))
    issues.at('name').add('must have no "." in it, and 63 characters at most');
  const at = issues.at('annotations');
  for (const key of INTERNAL)
    if (annotations[key] !== undefined) at.at(key).add('is for istiod itself; leave it out');
  const dryRun = annotations[DRY_RUN];
  if (dryRun === undefined) return;
  const action = string(spec['action']) ?? 'ALLOW';
  if (kind !== 'AuthorizationPolicy' || (action !== 'ALLOW' && action !== 'DENY'))
    at.at(DRY_RUN).add('can be given for AuthorizationPolicies that allow or deny only');
  else if (!BOOLEAN.test(dryRun)) at.at(DRY_RUN).add('must be "true" or "false"');
}
