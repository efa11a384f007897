import { isIP } from 'node:net';
import { dump } from 'js-yaml';
import type { Fleet } from '../../model/fleet.ts';
import type { Json } from './json.ts';
import { ADS_SOURCE, HTTP_PROTOCOL_OPTIONS, RUNTIME_LAYER, UPSTREAM_TLS, anyUrl } from './types.ts';

/** Cluster by which an Envoy reaches this server. */
const XDS_CLUSTER = 'mirrorplane_xds';

export interface BootstrapOptions {
  readonly fleet: Fleet;
  /** Undefined: Envoy must be started with `--service-node`. */
  readonly node?: string | undefined;
  /** Where the Envoy reaches the xDS server. */
  readonly xds: { readonly host: string; readonly port: number };
  /** Given when the xDS server has TLS. */
  readonly tls?:
    | {
        /** PEM of the CA that the Envoy trusts. */
        readonly ca: string;
        /** Whether the server asks for a client certificate; then the Envoy's is read from these files. */
        readonly clientCertificate?: { readonly certFile: string; readonly keyFile: string } | undefined;
      }
    | undefined;
  /** Port of Envoy's admin on 127.0.0.1; 0 lets the system choose. */
  readonly adminPort?: number | undefined;
}

/**
 * A complete Envoy bootstrap, YAML: `envoy -c` runs it as it is.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/overview/xds_api#aggregated-discovery-service
 */
export function renderBootstrap(options: BootstrapOptions): string {
  const { fleet, node, adminPort = 9901 } = options;
  const grpc = {
    envoy_grpc: {
      cluster_name: XDS_CLUSTER,
      // By default a reconnect may wait 30 seconds.
      retry_policy: { retry_back_off: { base_interval: '0.25s', max_interval: '1s' } },
    },
  };
  // No timeout: an Envoy that came up without listeners or clusters would take traffic it cannot serve.
  const source = { ...ADS_SOURCE, initial_fetch_timeout: '0s' };
  const bootstrap: Json = {
    node: { ...(node !== undefined && { id: node }), cluster: fleet.nodeCluster },
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: adminPort } } },
    dynamic_resources: {
      ads_config: {
        api_type: 'DELTA_GRPC',
        transport_api_version: 'V3',
        // The node is some 60 KB: it lists every extension.
        set_node_on_first_message_only: true,
        grpc_services: [grpc],
      },
      cds_config: source,
      lds_config: source,
    },
    layered_runtime: {
      layers: [
        // Mirroring must not hold up the start: without the layer nothing is copied. It is the only one by RTDS: an
        // Envoy with several ends when one of them expires.
        {
          name: RUNTIME_LAYER,
          rtds_layer: { name: RUNTIME_LAYER, rtds_config: { ...source, initial_fetch_timeout: '5s' } },
        },
        { name: 'admin', admin_layer: {} },
      ],
    },
    cluster_manager: {
      load_stats_config: {
        api_type: 'GRPC',
        transport_api_version: 'V3',
        grpc_services: [{ envoy_grpc: { cluster_name: XDS_CLUSTER } }],
      },
    },
    static_resources: { clusters: [xdsCluster(options)] },
  };
  return dump(bootstrap, { lineWidth: -1, noRefs: true });
}

function xdsCluster({ xds, tls }: BootstrapOptions): Json {
  return {
    name: XDS_CLUSTER,
    type: isIP(xds.host) === 0 ? 'STRICT_DNS' : 'STATIC',
    connect_timeout: '1s',
    typed_extension_protocol_options: {
      [HTTP_PROTOCOL_OPTIONS]: {
        '@type': anyUrl(HTTP_PROTOCOL_OPTIONS),
        // A server that went away without a word is noticed after 15 seconds.
        explicit_http_config: {
          http2_protocol_options: { connection_keepalive: { interval: '10s', timeout: '5s' } },
        },
      },
    },
    load_assignment: {
      cluster_name: XDS_CLUSTER,
      endpoints: [
        {
          lb_endpoints: [
            { endpoint: { address: { socket_address: { address: xds.host, port_value: xds.port } } } },
          ],
        },
      ],
    },
    ...(tls && { transport_socket: transportSocket(xds.host, tls) }),
  };
}

function transportSocket(host: string, tls: NonNullable<BootstrapOptions['tls']>): Json {
  const certificate = tls.clientCertificate;
  const name =
    isIP(host) === 0
      ? { san_type: 'DNS', matcher: { exact: host } }
      : { san_type: 'IP_ADDRESS', matcher: { exact: host } };
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': anyUrl(UPSTREAM_TLS),
      ...(isIP(host) === 0 && { sni: host }),
      common_tls_context: {
        alpn_protocols: ['h2'],
        ...(certificate && {
          tls_certificates: [
            {
              certificate_chain: { filename: certificate.certFile },
              private_key: { filename: certificate.keyFile },
            },
          ],
        }),
        validation_context: { trusted_ca: { inline_string: tls.ca }, match_typed_subject_alt_names: [name] },
      },
    },
  };
}
