import type { Limits, Target } from '../../../model/target.ts';
import type { Json } from '../../schema/json.ts';

const HTTP_PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

/**
 * The spec of an EnvoyFilter that bounds each copy in time and bytes, for which a DestinationRule has no words. Bodies are
 * streamed: without it a target that stops reading stalls uploads of the primary. The options are replaced as a whole, so
 * what istiod would say there is said again. It reaches all proxies from the mesh's root namespace only.
 */
export function streamBounds({ limits, protocol }: Target, service: string, subset?: string): Json {
  const cluster = { service, ...(subset !== undefined && { subset }) };
  return {
    configPatches: [
      {
        applyTo: 'CLUSTER',
        match: { context: 'ANY', cluster },
        patch: { operation: 'MERGE', value: patch(limits, protocol) },
      },
    ],
  };
}

function patch(limits: Limits, protocol: Target['protocol']): Json {
  return {
    per_connection_buffer_limit_bytes: limits.bufferBytes,
    typed_extension_protocol_options: {
      [HTTP_PROTOCOL_OPTIONS]: {
        '@type': `type.googleapis.com/${HTTP_PROTOCOL_OPTIONS}`,
        common_http_protocol_options: {
          idle_timeout: seconds(limits.idleTimeoutMs),
          max_stream_duration: seconds(limits.maxStreamDurationMs),
        },
        explicit_http_config:
          protocol === 'http2' ? { http2_protocol_options: {} } : { http_protocol_options: {} },
      },
    },
  };
}

export function seconds(milliseconds: number): string {
  return `${milliseconds / 1000}s`;
}
