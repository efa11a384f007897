import { IssueList, type Issue, type Result, fail, ok } from '../../../model/issue.ts';
import type { Target } from '../../../model/target.ts';
import { contentHash } from '../../../snapshot/build.ts';
import type { CompileInput } from '../../data-plane.ts';
import { isLabel } from '../checks/names.ts';
import type { IstioConfig } from '../config/read.ts';
import type { Json } from '../../schema/json.ts';
import type { Resource } from '../types.ts';
import { type Plan, makePlan, mirrorsIn } from './plan.ts';
import { type TargetResources, targetResources } from './target-resources.ts';

/** All of a fleet's resources but the percents: what a percent change leaves alone. */
export interface Structure {
  /** The owner's, without what was adopted. */
  readonly owned: readonly Resource[];
  /** Ours. */
  readonly made: readonly Resource[];
  readonly plan: Plan;
  /** By mirror. */
  readonly targets: ReadonlyMap<string, Target>;
  /** By mirror: how routes name its target. */
  readonly destinations: ReadonlyMap<string, Json>;
  readonly warnings: readonly Issue[];
}

const FALLBACK_NAMESPACE = 'istio-system';

export function buildStructure({ fleet, config, mirrors }: CompileInput<IstioConfig>): Result<Structure> {
  const errors = new IssueList();
  const warnings = new IssueList();
  const owned = config.resources;
  const plan = makePlan(
    owned,
    mirrors.map(({ mirror }) => mirror),
  );
  const copying = mirrorsIn(plan, () => true);
  // istiod's own namespace is there in any cluster, and seen from all.
  const namespace = isLabel(fleet.nodeCluster) ? fleet.nodeCluster : FALLBACK_NAMESPACE;
  const made = new Map<string, TargetResources>();
  const targets = new Map<string, Target>();
  const destinations = new Map<string, Json>();
  for (const { mirror, target } of mirrors) {
    const built = made.get(target.name) ?? targetResources(target, owned, namespace, { errors, warnings });
    made.set(target.name, built);
    targets.set(mirror.name, target);
    destinations.set(mirror.name, built.destination);
    if (!copying.has(mirror.name))
      warnings
        .at('mirrors')
        .at(mirror.name)
        .at('routes')
        .add("no route of the fleet is selected, so nothing is copied; compare with the fleet's resources");
  }
  if (errors.items.length > 0) return fail(errors.items);
  const resources = [...made.values()].flatMap((built) => built.resources);
  const structure = { owned, made: resources, plan, targets, destinations, warnings: warnings.items };
  return ok(structure, warnings.items);
}

/** By mirror: hash of where its copies go. */
export function destinationHashes(targets: ReadonlyMap<string, Target>): ReadonlyMap<string, string> {
  return new Map(
    [...targets].map(([mirror, { endpoints, protocol, tls = {} }]) => {
      const addresses = endpoints.map(({ host, port }) => [host, port]);
      const settings = Object.entries(tls).sort(([a], [b]) => (a < b ? -1 : 1));
      return [mirror, contentHash(JSON.stringify([addresses, protocol, settings]))];
    }),
  );
}
