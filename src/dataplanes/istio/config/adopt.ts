import type { Issue } from '../../../model/issue.ts';
import { DEFAULT_COPY, type Mirror } from '../../../model/mirror.ts';
import { freeName, toName } from '../../../model/name.ts';
import type { Ppm } from '../../../model/percent.ts';
import type { Target } from '../../../model/target.ts';
import type { Adoption } from '../../data-plane.ts';
import { type RoutePlace, mapRoutes, placesOf, selectorsFor } from '../routes.ts';
import type { Resource } from '../types.ts';
import { targetOf } from './adopt-target.ts';
import { policiesOf, withoutPolicies } from './policies.ts';

export interface AdoptionResult {
  /** The config without what was adopted. */
  readonly resources: readonly Resource[];
  readonly adoption: Adoption;
  readonly warnings: readonly Issue[];
}

/** Policies that mean the same mirror: same place, same share, same rank among a route's copies to that place. */
interface Group {
  readonly target: Target;
  readonly percent: Ppm;
  readonly routes: Set<RoutePlace>;
}

/**
 * Turns the mirror policies of a config into targets and mirrors, and takes them out of it. What a target cannot express
 * stays as the owner wrote it, with a warning. A ServiceEntry stays in any case: others in the mesh may call its host.
 */
export function adopt(fleet: string, resources: readonly Resource[]): AdoptionResult {
  const warnings: Issue[] = [];
  const places = resources.flatMap(placesOf);
  const targets = new Map<string, Target>();
  const groups = new Map<string, Group>();
  const adopted = new Set<unknown>();
  const targetNames = names();
  for (const place of places) {
    const ranks = new Map<string, number>();
    for (const policy of policiesOf(place)) {
      const found = targetOf(policy, place.resource.metadata.namespace, resources);
      if (typeof found === 'string') {
        warnings.push({ path: policy.path, message: `stays in the config: ${found}` });
        continue;
      }
      const key = JSON.stringify({ ...found.target, name: found.name });
      const target = targets.get(key) ?? { ...found.target, name: targetNames(toName(found.name, 'target')) };
      targets.set(key, target);
      const rank = (ranks.get(key) ?? 0) + 1;
      ranks.set(key, rank);
      const { percent } = policy;
      const groupKey = JSON.stringify([key, percent, rank]);
      const group = groups.get(groupKey) ?? { target, percent, routes: new Set() };
      group.routes.add(place);
      groups.set(groupKey, group);
      adopted.add(policy.source);
    }
  }
  const mirrorNames = names();
  const mirrors = [...groups.values()].map(({ target, percent, routes }): Mirror =>
    Object.freeze({
      name: mirrorNames(toName(`${fleet}-${target.name}`, fleet)),
      fleet,
      target: target.name,
      percent,
      routes: selectorsFor(routes, places),
      exclude: Object.freeze([]),
      copy: DEFAULT_COPY,
    }),
  );
  return {
    resources: resources.map((one) => mapRoutes(one, (route) => withoutPolicies(route, adopted))),
    adoption: { targets: [...targets.values()].map((target) => Object.freeze(target)), mirrors },
    warnings,
  };
}

function names(): (base: string) => string {
  const taken = new Set<string>();
  return (base) => {
    const name = freeName(base, (candidate) => taken.has(candidate));
    taken.add(name);
    return name;
  };
}
