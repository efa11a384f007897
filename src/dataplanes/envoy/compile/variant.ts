import type { Ppm } from '../../../model/percent.ts';
import type { TypeSnapshot } from '../../../snapshot/snapshot.ts';
import type { NodeTraits } from '../../data-plane.ts';
import { RUNTIME_LAYER, typeUrl } from '../types.ts';

/**
 * `runtime`: percents come by RTDS. `no-expiry`: the same, for nodes that have other layers by RTDS too: Envoy 1.40 ends
 * itself when one of several expires (seen: "Unexpected removal of unknown RTDS runtime layer"), so mirrors that expire
 * stay at 0 there. `route`: percents stand in the routes, for nodes without our runtime layer; again without mirrors
 * that expire. `unmirrored`: the owner's configuration alone, for an Envoy that would make wrong copies.
 */
export type Variant = 'runtime' | 'no-expiry' | 'route' | 'unmirrored';

export const VARIANTS: readonly Variant[] = ['runtime', 'no-expiry', 'route', 'unmirrored'];

/** Label of a mirror on routes whose percent is in the runtime. */
export const BY_RUNTIME = -1;

/**
 * Earlier, Envoy has neither `RequestMirrorPolicy.request_headers_mutations` nor `HeaderMutation.remove_on_match`. It
 * passes over unknown fields: copies would carry what their owner removed, and every mirror's cluster, left with an
 * empty mutation, would be rejected. The rest is older: disable_shadow_host_suffix_append is of 1.32.
 * https://github.com/envoyproxy/envoy/blob/v1.36.0/api/envoy/config/route/v3/route_components.proto
 */
export const MINIMUM_VERSION = '1.36';

export function variantOf(name: string | undefined): Variant {
  return VARIANTS.find((variant) => variant === name) ?? 'runtime';
}

export function variantFor({ version, subscriptions }: NodeTraits): Variant {
  if (isOlder(version, MINIMUM_VERSION)) return 'unmirrored';
  const layers = subscriptions.get(typeUrl('runtimes'));
  if (layers?.has(RUNTIME_LAYER) !== true) return 'route';
  return layers.size === 1 ? 'runtime' : 'no-expiry';
}

/** False on doubt: an Envoy that does not say its version is taken for able. */
function isOlder(version: string | undefined, than: string): boolean {
  if (version === undefined) return false;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = than.split('.').map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

/** A copy is made when the node has the mirror's cluster and its policy, at the share that policy and runtime say. */
export function effectivePercent(mirror: string, acked: ReadonlyMap<string, TypeSnapshot>): Ppm | undefined {
  const clusters = acked.get(typeUrl('clusters'));
  const routes = acked.get(typeUrl('routes'));
  if (clusters === undefined || routes === undefined) return undefined;
  const policy = routes.labels.get(mirror) ?? 0;
  if (!clusters.labels.has(mirror) || policy === 0) return 0;
  return policy === BY_RUNTIME ? acked.get(typeUrl('runtimes'))?.labels.get(mirror) : policy;
}
