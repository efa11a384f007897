import type { Ppm } from '../../../model/percent.ts';
import { type Json, object, objects, without } from '../../schema/json.ts';
import { percentValue } from '../percent.ts';
import { mapRoutes } from '../routes.ts';
import { HTTP_ROUTE, type Resource } from '../types.ts';
import type { Plan } from './plan.ts';

export interface Copying {
  readonly plan: Plan;
  /** By mirror. */
  readonly destinations: ReadonlyMap<string, Json>;
  /** By mirror, of a resource's namespace: what an HTTPRoute refers to. */
  readonly backendRef: (mirror: string, namespace: string) => Json;
}

/** The resource with the mirrors of its routes in it. At 0 a mirror is not there; a resource without any stays as it is. */
export function mirrored(
  resource: Resource,
  { plan, destinations, backendRef }: Copying,
  percentOf: (mirror: string) => Ppm,
): Resource {
  const planned = plan.get(resource);
  if (planned === undefined) return resource;
  return mapRoutes(resource, (route, index) => {
    const active = (planned.get(index) ?? []).filter((mirror) => percentOf(mirror) > 0);
    if (active.length === 0) return route;
    if (resource.kind === HTTP_ROUTE) {
      const filters = active.map((mirror) =>
        mirrorFilter(backendRef(mirror, resource.metadata.namespace), percentOf(mirror)),
      );
      return { ...route, filters: [...objects(route['filters']), ...filters] };
    }
    const mirrors = active.map((mirror) => ({
      destination: destinations.get(mirror),
      percentage: { value: percentValue(percentOf(mirror)) },
    }));
    return addMirrors(route, mirrors);
  });
}

/** A route has either `mirror` or `mirrors`: what the owner said in the one form goes on in the other. */
function addMirrors(route: Json, mirrors: readonly Json[]): Json {
  const single = object(route['mirror']);
  const kept = single === undefined ? objects(route['mirrors']) : [{ destination: single, ...share(route) }];
  const rest = without(route, 'mirror', 'mirrorPercent', 'mirrorPercentage');
  return { ...rest, mirrors: [...kept, ...mirrors] };
}

function share({ mirrorPercentage, mirrorPercent }: Json): Json {
  if (mirrorPercentage !== undefined) return { percentage: mirrorPercentage };
  return mirrorPercent === undefined ? {} : { percentage: { value: mirrorPercent } };
}

function mirrorFilter(backendRef: Json, ppm: Ppm): Json {
  const fraction = { numerator: ppm, denominator: 1_000_000 };
  return { type: 'RequestMirror', requestMirror: { backendRef, fraction } };
}
