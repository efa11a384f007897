import { isIP } from 'node:net';
import type { Mirror } from '../../../model/mirror.ts';
import type { Endpoint, Target, Tls } from '../../../model/target.ts';
import type { Json } from '../json.ts';
import { ADS_SOURCE, HTTP_PROTOCOL_OPTIONS, UPSTREAM_TLS, anyUrl, mirrorCluster } from '../types.ts';
import { copyFilters } from './copy-filters.ts';

/** A mirror's cluster, and its endpoints where those are addresses. */
export interface MirrorCluster {
  readonly cluster: Json;
  readonly endpoints: Json | undefined;
}

/**
 * Each mirror has a cluster of its own: its counters are the mirror's counters, and its limits bound the mirror.
 * Addresses go by EDS, so that a change of them replaces no cluster; names are resolved by Envoy.
 * `restoresOriginals`: some route rewrites host or path before the copy is made.
 */
export function buildMirrorCluster(
  mirror: Mirror,
  target: Target,
  restoresOriginals: boolean,
): MirrorCluster {
  const name = mirrorCluster(mirror.name);
  const byAddress = target.endpoints.every(({ host }) => isIP(host) !== 0);
  const assignment = { cluster_name: name, endpoints: [{ lb_endpoints: target.endpoints.map(lbEndpoint) }] };
  const { limits, health } = target;
  const thresholds = {
    max_connections: limits.maxConnections,
    max_pending_requests: limits.maxPendingRequests,
    max_requests: limits.maxRequests,
    max_retries: 0,
  };
  const cluster: Json = {
    name,
    ...(byAddress
      ? { type: 'EDS', eds_cluster_config: { eds_config: { ...ADS_SOURCE, initial_fetch_timeout: '5s' } } }
      : {
          type: 'STRICT_DNS',
          dns_lookup_family: 'V4_PREFERRED',
          respect_dns_ttl: true,
          load_assignment: assignment,
        }),
    connect_timeout: seconds(limits.connectTimeoutMs),
    per_connection_buffer_limit_bytes: limits.bufferBytes,
    // Routes of high priority make copies of high priority.
    circuit_breakers: { thresholds: [thresholds, { priority: 'HIGH', ...thresholds }] },
    ...(target.tls && { transport_socket: transportSocket(target.tls, target.protocol) }),
    typed_extension_protocol_options: {
      [HTTP_PROTOCOL_OPTIONS]: {
        '@type': anyUrl(HTTP_PROTOCOL_OPTIONS),
        // Bodies are streamed: without this a target that stops reading stalls uploads of the primary.
        common_http_protocol_options: {
          max_stream_duration: seconds(limits.maxStreamDurationMs),
          idle_timeout: seconds(limits.idleTimeoutMs),
        },
        explicit_http_config:
          target.protocol === 'http2' ? { http2_protocol_options: {} } : { http_protocol_options: {} },
        http_filters: copyFilters(mirror.copy, restoresOriginals),
      },
    },
    ...(health && {
      health_checks: [
        {
          timeout: seconds(health.timeoutMs),
          interval: seconds(health.intervalMs),
          unhealthy_threshold: 2,
          healthy_threshold: 1,
          ...(health.port !== undefined && { alt_port: health.port }),
          http_health_check: { path: health.path },
        },
      ],
      // No panic routing: a target that is down gets nothing.
      common_lb_config: { healthy_panic_threshold: { value: 0 } },
    }),
  };
  return { cluster, endpoints: byAddress ? assignment : undefined };
}

function lbEndpoint({ host, port }: Endpoint): Json {
  return { endpoint: { address: { socket_address: { address: host, port_value: port } } } };
}

function transportSocket(tls: Tls, protocol: Target['protocol']): Json {
  const ca = tls.caFile === undefined ? tls.ca && { inline_string: tls.ca } : { filename: tls.caFile };
  const names =
    tls.serverName === undefined ? undefined : [{ san_type: 'DNS', matcher: { exact: tls.serverName } }];
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': anyUrl(UPSTREAM_TLS),
      ...(tls.serverName !== undefined && { sni: tls.serverName }),
      common_tls_context: {
        alpn_protocols: [protocol === 'http2' ? 'h2' : 'http/1.1'],
        ...(tls.certFile !== undefined && {
          tls_certificates: [
            { certificate_chain: { filename: tls.certFile }, private_key: { filename: tls.keyFile } },
          ],
        }),
        ...(ca && {
          validation_context: { trusted_ca: ca, ...(names && { match_typed_subject_alt_names: names }) },
        }),
      },
    },
  };
}

/** A proto-JSON duration. */
export function seconds(milliseconds: number): string {
  return `${milliseconds / 1000}s`;
}
