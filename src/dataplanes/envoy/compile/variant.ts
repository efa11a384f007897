import type { Ppm } from '../../../model/percent.ts';
import type { TypeSnapshot } from '../../../snapshot/snapshot.ts';
import type { NodeTraits } from '../../data-plane.ts';
import { RUNTIME_LAYER, typeUrl } from '../types.ts';

/** `runtime`: the percent comes by RTDS. `route`: it stands in the route, for nodes without our runtime layer. */
export type Variant = 'runtime' | 'route';

/** Label of a mirror on routes whose percent is in the runtime. */
export const BY_RUNTIME = -1;

/** Before this, Envoy did not heed the runtime key of a mirror policy in every case (envoyproxy/envoy#20424). */
const RUNTIME_SINCE = [1, 22] as const;

export function variantOf(name: string | undefined): Variant {
  return name === 'route' ? 'route' : 'runtime';
}

export function variantFor(node: NodeTraits): Variant {
  const layers = node.subscriptions.get(typeUrl('runtimes'));
  return layers?.has(RUNTIME_LAYER) === true && heedsRuntimeKey(node.version) ? 'runtime' : 'route';
}

function heedsRuntimeKey(version: string | undefined): boolean {
  if (version === undefined) return true;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = RUNTIME_SINCE;
  return major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
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
