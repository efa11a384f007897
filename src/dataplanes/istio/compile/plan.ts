import type { Mirror } from '../../../model/mirror.ts';
import { isCopiedBy, placesOf } from '../routes.ts';
import type { Resource } from '../types.ts';

/** By resource, then by the index of the route: the mirrors that copy its requests. */
export type Plan = ReadonlyMap<Resource, ReadonlyMap<number, readonly string[]>>;

export function makePlan(resources: readonly Resource[], mirrors: readonly Mirror[]): Plan {
  const plan = new Map<Resource, Map<number, readonly string[]>>();
  for (const place of resources.flatMap(placesOf)) {
    const copying = mirrors.filter((mirror) => isCopiedBy(mirror, place)).map(({ name }) => name);
    if (copying.length === 0) continue;
    const routes = plan.get(place.resource) ?? new Map<number, readonly string[]>();
    plan.set(place.resource, routes.set(place.index, copying));
  }
  return plan;
}

export function mirrorsIn(plan: Plan, isServed: (resource: Resource) => boolean): ReadonlySet<string> {
  return new Set(
    [...plan].flatMap(([resource, routes]) => (isServed(resource) ? [...routes.values()].flat() : [])),
  );
}
