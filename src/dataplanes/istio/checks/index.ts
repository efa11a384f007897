import type { IssueList } from '../../../model/issue.ts';
import type { Json } from '../../schema/json.ts';
import { DESTINATION_RULE, GATEWAY, SERVICE_ENTRY, VIRTUAL_SERVICE } from '../types.ts';
import { checkDestinationRule } from './destination-rule.ts';
import { checkGateway } from './gateway.ts';
import { checkServiceEntry } from './service-entry.ts';
import { checkVirtualService } from './virtual-service.ts';

type Check = (spec: Json, issues: IssueList) => void;

/**
 * By kind: what the schema does not say. The kinds that lead traffic; of the others the schema has to be enough.
 * https://github.com/istio/istio/blob/master/pkg/config/validation/validation.go
 */
export const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  [VIRTUAL_SERVICE, checkVirtualService],
  [SERVICE_ENTRY, checkServiceEntry],
  [GATEWAY, checkGateway],
  [DESTINATION_RULE, checkDestinationRule],
]);
