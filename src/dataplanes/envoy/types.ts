/** Resource types, by the name they have in a config of lists. https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol */
export const RESOURCES = {
  runtimes: 'envoy.service.runtime.v3.Runtime',
  secrets: 'envoy.extensions.transport_sockets.tls.v3.Secret',
  clusters: 'envoy.config.cluster.v3.Cluster',
  endpoints: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
  listeners: 'envoy.config.listener.v3.Listener',
  routes: 'envoy.config.route.v3.RouteConfiguration',
} as const;

export type ResourceList = keyof typeof RESOURCES;

/** Push order: what is named comes before what names it. */
export const RESOURCE_LISTS = Object.keys(RESOURCES) as readonly ResourceList[];

export function typeUrl(list: ResourceList): string {
  return anyUrl(RESOURCES[list]);
}

export function anyUrl(typeName: string): string {
  return `type.googleapis.com/${typeName}`;
}

/** The message type that an `@type` names. */
export function messageOf(url: unknown): string {
  return typeof url === 'string' ? url.slice(url.lastIndexOf('/') + 1) : '';
}

/** Field that names a resource of the list. */
export function nameField(list: ResourceList): string {
  return list === 'endpoints' ? 'cluster_name' : 'name';
}

export const BOOTSTRAP = 'envoy.config.bootstrap.v3.Bootstrap';
export const HTTP_CONNECTION_MANAGER =
  'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
export const TCP_PROXY = 'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';
export const UPSTREAM_TLS = 'envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext';
export const HTTP_PROTOCOL_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

export const SET_FILTER_STATE = 'envoy.extensions.filters.http.set_filter_state.v3.Config';

/** Keys of the filter state that hold a request's Host and path as they came. */
export const ORIGINAL_HOST = 'mirrorplane.host';
export const ORIGINAL_PATH = 'mirrorplane.path';

/** Resources come over the stream that the node already has. */
export const ADS_SOURCE = Object.freeze({ ads: {}, resource_api_version: 'V3' });

/** Runtime layer that carries the percents; the bootstrap subscribes to it by this name. */
export const RUNTIME_LAYER = 'mirrorplane';

/** Names beginning so are ours: no cluster of an owner may have one. */
export const CLUSTER_PREFIX = 'mirrorplane:';

export function mirrorCluster(mirror: string): string {
  return CLUSTER_PREFIX + mirror;
}

export function runtimeKey(mirror: string): string {
  return `mirrorplane.${mirror}`;
}
