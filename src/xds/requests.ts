import { messageType } from './protocol.ts';
import type { DeltaRequest, NodeInfo, SotwRequest } from './types.ts';

// Without the 500 extensions that an Envoy lists: unknown fields are passed over.
const nodeType = messageType('envoy.config.core.v3.Node', {
  ignore: [
    'extensions',
    'metadata',
    'dynamic_parameters',
    'locality',
    'listening_addresses',
    'client_features',
  ],
});
const sotwType = messageType('envoy.service.discovery.v3.DiscoveryRequest', {
  raw: ['node'],
  ignore: ['resource_locators'],
});
const deltaType = messageType('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
  raw: ['node'],
  ignore: ['resource_locators_subscribe', 'resource_locators_unsubscribe'],
});

interface Status {
  readonly code: number;
  readonly message: string;
}

interface RawRequest {
  readonly node: Uint8Array | null;
  readonly type_url: string;
  readonly response_nonce: string;
  readonly error_detail: Status | null;
}

function common({ node, type_url: typeUrl, response_nonce: nonce, error_detail: errorDetail }: RawRequest) {
  return {
    node: node !== null && node.length > 0 ? node : undefined,
    typeUrl,
    nonce,
    error: errorDetail === null ? undefined : errorDetail.message || `rejected with code ${errorDetail.code}`,
  };
}

export function decodeSotw(bytes: Uint8Array): SotwRequest {
  const raw = sotwType.decode(bytes) as unknown as RawRequest & {
    readonly version_info: string;
    readonly resource_names: readonly string[];
  };
  return { ...common(raw), version: raw.version_info, names: raw.resource_names };
}

export function decodeDelta(bytes: Uint8Array): DeltaRequest {
  const raw = deltaType.decode(bytes) as unknown as RawRequest & {
    readonly resource_names_subscribe: readonly string[];
    readonly resource_names_unsubscribe: readonly string[];
    // A map is a list of its entries to a schema read from descriptors.
    readonly initial_resource_versions: readonly { readonly key: string; readonly value: string }[];
  };
  return {
    ...common(raw),
    subscribe: raw.resource_names_subscribe,
    unsubscribe: raw.resource_names_unsubscribe,
    initialVersions: new Map(raw.initial_resource_versions.map(({ key, value }) => [key, value])),
  };
}

interface RawNode {
  readonly id: string;
  readonly cluster: string;
  readonly user_agent_version: string;
  readonly user_agent_build_version: {
    readonly version: { major_number: number; minor_number: number; patch: number } | null;
  } | null;
}

export function decodeNode(bytes: Uint8Array): NodeInfo {
  const {
    id,
    cluster,
    user_agent_version: userAgent,
    user_agent_build_version: build,
  } = nodeType.decode(bytes) as unknown as RawNode;
  const numbers = build?.version;
  const version = numbers ? `${numbers.major_number}.${numbers.minor_number}.${numbers.patch}` : userAgent;
  return Object.freeze({ id, cluster, version: version === '' ? undefined : version });
}
