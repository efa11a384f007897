import type { Mirror, RouteSelector } from '../../model/mirror.ts';
import { type Json, object, objects, string } from '../schema/json.ts';
import { HTTP_ROUTE, type Resource, VIRTUAL_SERVICE, keyOf, pathOf } from './types.ts';

/** A route that goes upstream, and so can be copied: an http route of a VirtualService, or a rule of an HTTPRoute. */
export interface RoutePlace {
  readonly resource: Resource;
  readonly route: Json;
  readonly index: number;
  readonly name: string | undefined;
  readonly path: string;
}

/** The list of a resource's routes. */
export function routeList({ kind }: Pick<Resource, 'kind'>): 'http' | 'rules' | undefined {
  return kind === VIRTUAL_SERVICE ? 'http' : kind === HTTP_ROUTE ? 'rules' : undefined;
}

export function placesOf(resource: Resource): readonly RoutePlace[] {
  const list = routeList(resource);
  if (list === undefined) return [];
  return objects(resource.spec[list]).flatMap((route, index) =>
    goesUpstream(route, list)
      ? [
          {
            resource,
            route,
            index,
            name: string(route['name']),
            path: `${pathOf(resource)}.spec.${list}[${index}]`,
          },
        ]
      : [],
  );
}

/** Redirects and direct answers make no copies; the routes of a delegate are in the resource that it names. */
function goesUpstream(route: Json, list: 'http' | 'rules'): boolean {
  if (list === 'http') return objects(route['route']).length > 0;
  return (
    objects(route['backendRefs']).length > 0 &&
    !objects(route['filters']).some(({ type }) => type === 'RequestRedirect')
  );
}

/** Whether the mirror copies the requests of this route. */
export function isCopiedBy({ routes, exclude }: Mirror, place: RoutePlace): boolean {
  const isSelected = routes.length === 0 || routes.some((selector) => selects(selector, place));
  return isSelected && !exclude.some((selector) => selects(selector, place));
}

/** Whether the selector means this route. `virtualHost`: NAMESPACE/NAME; `route`: its name, or `#` and its index. */
function selects({ virtualHost, domain, route }: RouteSelector, place: RoutePlace): boolean {
  const { resource, name, index } = place;
  if (
    virtualHost !== undefined &&
    virtualHost !== keyOf(resource) &&
    `default/${virtualHost}` !== keyOf(resource)
  )
    return false;
  if (domain !== undefined && !hostsOf(resource).includes(domain)) return false;
  return route === undefined || route === name || route === `#${index}`;
}

function hostsOf({ kind, spec }: Resource): readonly unknown[] {
  const hosts = kind === VIRTUAL_SERVICE ? spec['hosts'] : spec['hostnames'];
  return Array.isArray(hosts) ? hosts : [];
}

/** Selectors for exactly `chosen` among `places`: everything, whole resources, or single routes. */
export function selectorsFor(
  chosen: ReadonlySet<RoutePlace>,
  places: readonly RoutePlace[],
): readonly RouteSelector[] {
  if (places.every((place) => chosen.has(place))) return Object.freeze([]);
  const selectors: RouteSelector[] = [];
  for (const [resource, inside] of Map.groupBy(places, (place) => place.resource)) {
    const wanted = inside.filter((place) => chosen.has(place));
    if (wanted.length === 0) continue;
    const virtualHost = keyOf(resource);
    if (wanted.length === inside.length) selectors.push(Object.freeze({ virtualHost }));
    else
      selectors.push(
        ...wanted.map((place) => Object.freeze({ virtualHost, route: routeName(place, inside) })),
      );
  }
  return Object.freeze(selectors);
}

/** Its name where that is its alone; else its place, which is another when routes are put before it. */
function routeName({ name, index }: RoutePlace, inside: readonly RoutePlace[]): string {
  const isAlone = name !== undefined && inside.filter((place) => place.name === name).length === 1;
  return isAlone ? name : `#${index}`;
}

/** The resource with its routes changed; the very same where none was. */
export function mapRoutes(resource: Resource, change: (route: Json, index: number) => Json): Resource {
  const list = routeList(resource);
  if (list === undefined) return resource;
  let changed = false;
  const routes = ((resource.spec[list] as unknown[] | undefined) ?? []).map((item, index) => {
    const route = object(item);
    if (route === undefined) return item;
    const next = change(route, index);
    changed ||= next !== route;
    return next;
  });
  return changed ? { ...resource, spec: { ...resource.spec, [list]: routes } } : resource;
}
