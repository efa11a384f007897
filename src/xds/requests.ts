import { messageType } from './protocol.ts';
import type { DeltaRequest, NodeInfo, SotwRequest } from './types.ts';

// Without the 500 extensions that an Envoy lists: unknown fields are passed over.
const nodeType = messageType('envoy.config.core.v3.Node', {
  ignore: ['extensions', 'metadata', 'dynamicParameters', 'locality', 'listeningAddresses', 'clientFeatures'],
});
const sotwType = messageType('envoy.service.discovery.v3.DiscoveryRequest', {
  raw: ['node'],
  ignore: ['resourceLocators'],
});
const deltaType = messageType('envoy.service.discovery.v3.DeltaDiscoveryRequest', {
  raw: ['node'],
  ignore: ['resourceLocatorsSubscribe', 'resourceLocatorsUnsubscribe'],
});

interface Status {
  readonly code: number;
  readonly message: string;
}

interface RawRequest {
  readonly node: Uint8Array;
  readonly typeUrl: string;
  readonly responseNonce: string;
  readonly errorDetail: Status | null;
}

function common({ node, typeUrl, responseNonce, errorDetail }: RawRequest) {
  return {
    node: node.length > 0 ? node : undefined,
    typeUrl,
    nonce: responseNonce,
    error: errorDetail === null ? undefined : errorDetail.message || `rejected with code ${errorDetail.code}`,
  };
}

export function decodeSotw(bytes: Uint8Array): SotwRequest {
  const raw = sotwType.decode(bytes) as unknown as RawRequest & {
    readonly versionInfo: string;
    readonly resourceNames: readonly string[];
  };
  return { ...common(raw), version: raw.versionInfo, names: raw.resourceNames };
}

export function decodeDelta(bytes: Uint8Array): DeltaRequest {
  const raw = deltaType.decode(bytes) as unknown as RawRequest & {
    readonly resourceNamesSubscribe: readonly string[];
    readonly resourceNamesUnsubscribe: readonly string[];
    readonly initialResourceVersions: Readonly<Record<string, string>>;
  };
  return {
    ...common(raw),
    subscribe: raw.resourceNamesSubscribe,
    unsubscribe: raw.resourceNamesUnsubscribe,
    initialVersions: new Map(Object.entries(raw.initialResourceVersions)),
  };
}

interface RawNode {
  readonly id: string;
  readonly cluster: string;
  readonly userAgentVersion: string;
  readonly userAgentBuildVersion: {
    readonly version: { majorNumber: number; minorNumber: number; patch: number } | null;
  } | null;
}

export function decodeNode(bytes: Uint8Array): NodeInfo {
  const { id, cluster, userAgentVersion, userAgentBuildVersion } = nodeType.decode(
    bytes,
  ) as unknown as RawNode;
  const build = userAgentBuildVersion?.version;
  const version = build ? `${build.majorNumber}.${build.minorNumber}.${build.patch}` : userAgentVersion;
  return Object.freeze({ id, cluster, version: version === '' ? undefined : version });
}
