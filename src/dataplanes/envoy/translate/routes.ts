import type { Mirror } from '../../../model/mirror.ts';
import type { Edge } from '../config/edge.ts';
import { type Json, mapList, object, objects } from '../json.ts';
import type { Narrowed } from '../plan/narrow.ts';
import type { Plan } from '../plan/plan.ts';
import { headerMatcher } from './header-matcher.ts';
import { hoistPolicies } from './hoist.ts';
import { type PercentSource, mirrorPolicy } from './mirror-policy.ts';
import { rewritesOf } from './rewrites.ts';

const UNKNOWN_EDGE: Edge = { trust: 'unstated', scheme: 'mixed' };

/** A route configuration with the planned mirrors on it. Virtual hosts that have none stay the very same objects. */
export function routesWithMirrors(
  routes: Json,
  plan: Plan,
  edge: Edge = UNKNOWN_EDGE,
  sourceOf: (mirror: Mirror) => PercentSource | undefined,
): Json {
  const policiesFor = policyMaker(edge, sourceOf);
  const policies = new Map<Json, readonly Json[]>();
  const expanded = mapList(routes, 'virtual_hosts', (host) => {
    const list = objects(host['routes']);
    const next = list.flatMap((route) => {
      const planned = plan.get(route);
      if (planned === undefined) return [route];
      return planned.copies.map((copy) => {
        const narrowed = narrowRoute(route, copy);
        policies.set(narrowed, [...planned.owned, ...policiesFor(narrowed, copy.mirrors)]);
        return narrowed;
      });
    });
    return next.length === list.length ? host : { ...host, routes: next };
  });
  return hoistPolicies(expanded, policies);
}

function narrowRoute(route: Json, { conditions }: Narrowed<Mirror>): Json {
  if (conditions.length === 0) return route;
  const match = object(route['match']) ?? {};
  return {
    ...route,
    match: { ...match, headers: [...objects(match['headers']), ...conditions.map(headerMatcher)] },
  };
}

/** Routes with the same mirrors and rewrites share one list, so that it can be told by identity. */
function policyMaker(
  edge: Edge,
  sourceOf: (mirror: Mirror) => PercentSource | undefined,
): (route: Json, mirrors: readonly Mirror[]) => readonly Json[] {
  const made = new Map<string, Json>();
  return (route, mirrors) =>
    mirrors.flatMap((mirror) => {
      const source = sourceOf(mirror);
      if (source === undefined) return [];
      const rewrites = rewritesOf(route);
      const key = `${mirror.name}/${rewrites.host}/${rewrites.path}`;
      const policy = made.get(key) ?? mirrorPolicy(mirror, source, edge, rewrites);
      made.set(key, policy);
      return [policy];
    });
}
