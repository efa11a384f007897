/** Native Envoy configs of an edge whose origin and Wallarm node are on loopback. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { anyUrl } from '../../src/dataplanes/envoy/types.ts';

const HCM = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'envoy.extensions.filters.http.router.v3.Router';

export type Json = Record<string, unknown>;

export interface EdgeOptions {
  /** Port of the origin. */
  readonly origin: number;
  /** Default: one that sends everything to the cluster `origin`. */
  readonly virtualHosts?: readonly Json[];
  /** Further fields of the HTTP connection manager. */
  readonly manager?: Json;
  readonly clusters?: readonly Json[];
}

/** Listener `edge` on any free port, stat prefix `edge`, route configuration `edge-routes`, cluster `origin`. */
export function edgeConfig({ origin, virtualHosts, manager, clusters = [] }: EdgeOptions): {
  static_resources: { listeners: Json[]; clusters: Json[] };
} {
  const everything = { name: 'all', domains: ['*'], routes: [toOrigin('/')] };
  return {
    static_resources: {
      listeners: [
        {
          name: 'edge',
          address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
          filter_chains: [
            {
              filters: [
                {
                  name: 'envoy.filters.network.http_connection_manager',
                  typed_config: {
                    '@type': anyUrl(HCM),
                    stat_prefix: 'edge',
                    route_config: { name: 'edge-routes', virtual_hosts: virtualHosts ?? [everything] },
                    http_filters: [
                      { name: 'envoy.filters.http.router', typed_config: { '@type': anyUrl(ROUTER) } },
                    ],
                    ...manager,
                  },
                },
              ],
            },
          ],
        },
      ],
      clusters: [cluster('origin', origin), ...clusters],
    },
  };
}

/** A route by prefix to the cluster `origin`. */
export function toOrigin(prefix: string, action: Json = {}): Json {
  return { match: { prefix }, route: { cluster: 'origin', ...action } };
}

export function cluster(name: string, port: number): Json {
  const address = { socket_address: { address: '127.0.0.1', port_value: port } };
  return {
    name,
    type: 'STATIC',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint: { address } }] }] },
  };
}

const SEED = join(import.meta.dirname, '../golden/in/seed.yaml');

/** The Envoy example of Wallarm's documentation on mirrored traffic, as it stands there. */
export function seedConfig(): string {
  return (load(readFileSync(SEED, 'utf8')) as { config: string }).config;
}

/** The same with its three addresses on loopback. */
export function seedConfigAt(ports: { origin: number; wallarm: number }): string {
  return seedConfig()
    .replace(/address: 0\.0\.0\.0\n(\s+)port_value: 80\n/, 'address: 127.0.0.1\n$1port_value: 0\n')
    .replace(
      /address: httpbin\b.*\n(\s+)port_value: 80\n/,
      `address: 127.0.0.1\n$1port_value: ${ports.origin}\n`,
    )
    .replace(
      /address: wallarm\b.*\n(\s+)port_value: 8445/,
      `address: 127.0.0.1\n$1port_value: ${ports.wallarm}`,
    );
}

/** A bootstrap that runs a config with no control plane. */
export function staticBootstrap(config: Json): string {
  return JSON.stringify({
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
    ...config,
  });
}
