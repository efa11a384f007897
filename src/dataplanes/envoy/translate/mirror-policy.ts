import type { Mirror } from '../../../model/mirror.ts';
import type { Ppm } from '../../../model/percent.ts';
import type { Edge } from '../config/edge.ts';
import type { Json } from '../json.ts';
import { ORIGINAL_HOST, ORIGINAL_PATH, mirrorCluster, runtimeKey } from '../types.ts';
import { CLIENT_HEADER, HOST_HEADER, PATH_HEADER } from './private-headers.ts';
import type { Rewrites } from './rewrites.ts';

/** Where a node takes the percent from: its runtime layer, or the route itself. */
export type PercentSource = { readonly from: 'runtime' } | { readonly from: 'route'; readonly percent: Ppm };

/**
 * The `RequestMirrorPolicy` of a mirror on one kind of route.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-routeaction-requestmirrorpolicy
 */
export function mirrorPolicy(mirror: Mirror, source: PercentSource, edge: Edge, rewrites: Rewrites): Json {
  const mutations = mirror.copy.preset === 'wallarm' ? wallarmMutations(mirror, edge, rewrites) : [];
  return {
    cluster: mirrorCluster(mirror.name),
    disable_shadow_host_suffix_append: true,
    runtime_fraction:
      source.from === 'runtime'
        ? { default_value: { numerator: 0, denominator: 'MILLION' }, runtime_key: runtimeKey(mirror.name) }
        : { default_value: { numerator: source.percent, denominator: 'MILLION' } },
    ...(mutations.length > 0 && { request_headers_mutations: mutations }),
  };
}

/** Removed first, so that a client's own never survive where a value is empty (a pipe has no port). */
const FORGEABLE = 'x-mirrorplane-.*|x-forwarded-(port|proto)|x-scheme|x-server-(addr|port)';

function wallarmMutations(mirror: Mirror, edge: Edge, rewrites: Rewrites): readonly Json[] {
  const forwarded =
    mirror.copy.clientAddress === 'forwarded' ||
    (mirror.copy.clientAddress === 'auto' && edge.trust === 'stated');
  const client = forwarded
    ? '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%'
    : '%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%';
  // Envoy takes `:scheme` from a client's X-Forwarded-Proto unless it was told not to trust it.
  const scheme = forwarded || edge.scheme === 'mixed' ? '%REQ(:SCHEME)%' : edge.scheme;
  return [
    { remove_on_match: { key_matcher: { safe_regex: { regex: FORGEABLE } } } },
    set(CLIENT_HEADER, client),
    set('x-forwarded-port', '%DOWNSTREAM_DIRECT_REMOTE_PORT%'),
    set('x-forwarded-proto', scheme),
    set('x-scheme', scheme),
    set('x-server-addr', '%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%'),
    set('x-server-port', '%DOWNSTREAM_LOCAL_PORT%'),
    ...(rewrites.host ? [set(HOST_HEADER, `%FILTER_STATE(${ORIGINAL_HOST}:PLAIN)%`)] : []),
    ...(rewrites.path ? [set(PATH_HEADER, `%FILTER_STATE(${ORIGINAL_PATH}:PLAIN)%`)] : []),
  ];
}

function set(key: string, value: string): Json {
  return { append: { header: { key, value }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' } };
}
