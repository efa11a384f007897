import { messageType } from '../xds/protocol.ts';

/** What a node says of itself: in the first request of each stream. */
export interface NodeIdentity {
  readonly id: string;
  readonly cluster: string;
  /** `1.22.1` */
  readonly nginx: string;
}

export const DELTA = '/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources';
export const HEALTH = '/grpc.health.v1.Health/Check';
// The node is bytes in all that uses this schema in one process.
const requestType = messageType('envoy.service.discovery.v3.DeltaDiscoveryRequest', { raw: ['node'] });
const responseType = messageType('envoy.service.discovery.v3.DeltaDiscoveryResponse');
const nodeType = messageType('envoy.config.core.v3.Node');

export interface DeltaResponse {
  readonly type_url: string;
  readonly nonce: string;
  readonly resources: readonly {
    readonly name: string;
    readonly version: string;
    readonly resource: { readonly value: Uint8Array } | null;
  }[];
  readonly removed_resources: readonly string[];
}

export function encodeRequest(request: object): Uint8Array {
  return requestType.encode(request).finish();
}

/** Throws where it is none. */
export function decodeResponse(bytes: Uint8Array): DeltaResponse {
  return responseType.decode(bytes) as unknown as DeltaResponse;
}

/** Serialised `envoy.config.core.v3.Node`. */
export function encodeNode({ id, cluster, nginx }: NodeIdentity): Uint8Array {
  const [major = 0, minor = 0, patch = 0] = nginx.split('.').map(Number);
  return nodeType
    .encode({
      id,
      cluster,
      user_agent_name: 'nginx',
      user_agent_build_version: { version: { major_number: major, minor_number: minor, patch } },
    })
    .finish();
}

const MAX_PLAN_BYTES = 16 * 1024 * 1024;

/** Of a channel to the control plane. */
export const CHANNEL = {
  // One connection per attempt, and not one shared with an earlier one that hangs.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 5000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.max_receive_message_length': MAX_PLAN_BYTES,
  'grpc.enable_retries': 0,
} as const;
