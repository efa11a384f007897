import type { RouteSelector } from '../../../model/mirror.ts';
import { type Json, object, string } from '../json.ts';
import type { RoutePlace } from './mirror-policies.ts';

/** Selectors for exactly `chosen` among `places`: everything, whole virtual hosts, or single routes. */
export function selectorsFor(
  chosen: ReadonlySet<Json>,
  places: readonly RoutePlace[],
): readonly RouteSelector[] {
  if (places.every(({ route }) => chosen.has(route))) return Object.freeze([]);
  const selectors: RouteSelector[] = [];
  for (const inHost of groupByHost(places)) {
    const wanted = inHost.filter(({ route }) => chosen.has(route));
    const [first] = wanted;
    if (first === undefined) continue;
    const at = hostSelector(first, places);
    if (wanted.length === inHost.length) selectors.push(Object.freeze(at));
    else selectors.push(...wanted.map((place) => Object.freeze({ ...at, ...routeSelector(place, inHost) })));
  }
  return Object.freeze(selectors);
}

function groupByHost(places: readonly RoutePlace[]): Iterable<readonly RoutePlace[]> {
  return Map.groupBy(places, ({ host }) => host).values();
}

/** The route configuration is named only where the virtual host's name is not enough. */
function hostSelector({ routes, host }: RoutePlace, places: readonly RoutePlace[]): RouteSelector {
  const virtualHost = String(host['name']);
  const elsewhere = places.some((place) => place.host['name'] === virtualHost && place.routes !== routes);
  return elsewhere ? { routeConfig: String(routes['name']), virtualHost } : { virtualHost };
}

function routeSelector({ route }: RoutePlace, inHost: readonly RoutePlace[]): RouteSelector {
  const name = string(route['name']);
  if (name !== undefined && inHost.filter((place) => place.route['name'] === name).length === 1)
    return { route: name };
  return { match: object(route['match']) ?? {} };
}
