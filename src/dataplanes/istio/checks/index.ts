import type { IssueList } from '../../../model/issue.ts';
import type { Json } from '../../schema/json.ts';
import {
  DESTINATION_RULE,
  ENVOY_FILTER,
  GATEWAY,
  type Metadata,
  SERVICE_ENTRY,
  VIRTUAL_SERVICE,
} from '../types.ts';
import { checkDestinationRule } from './destination-rule.ts';
import { checkEnvoyFilter } from './envoy-filter.ts';
import { checkTrafficExtension, checkWasmPlugin } from './extensions.ts';
import { checkGateway } from './gateway.ts';
import { checkAuthorizationPolicy } from './policy/authorization-policy.ts';
import { checkPeerAuthentication } from './policy/peer-authentication.ts';
import { checkRequestAuthentication } from './policy/request-authentication.ts';
import { checkTelemetry } from './policy/telemetry.ts';
import { checkProxyConfig } from './proxy-config.ts';
import { checkServiceEntry } from './service-entry.ts';
import { checkSidecar } from './sidecar.ts';
import { checkVirtualService } from './virtual-service.ts';
import { checkWorkloadGroup } from './workload-group.ts';
import { checkWorkloadEntry } from './workload.ts';

type Check = (spec: Json, issues: IssueList, metadata: Metadata) => void;

/**
 * By kind: what istiod refuses beyond the schema, without a word to its config source.
 * https://github.com/istio/istio/blob/master/pkg/config/validation/validation.go
 */
export const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  [VIRTUAL_SERVICE, checkVirtualService],
  [SERVICE_ENTRY, checkServiceEntry],
  [GATEWAY, checkGateway],
  [DESTINATION_RULE, checkDestinationRule],
  [ENVOY_FILTER, checkEnvoyFilter],
  ['Sidecar', checkSidecar],
  ['WorkloadEntry', checkWorkloadEntry],
  ['WorkloadGroup', checkWorkloadGroup],
  ['ProxyConfig', checkProxyConfig],
  ['AuthorizationPolicy', checkAuthorizationPolicy],
  ['PeerAuthentication', checkPeerAuthentication],
  ['RequestAuthentication', checkRequestAuthentication],
  ['Telemetry', checkTelemetry],
  ['WasmPlugin', checkWasmPlugin],
  ['TrafficExtension', checkTrafficExtension],
]);
