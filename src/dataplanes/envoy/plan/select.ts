import type { Mirror, RouteSelector } from '../../../model/mirror.ts';
import { type Json, object, objects, string } from '../json.ts';
import type { RoutePlace } from '../config/mirror-policies.ts';
import type { Condition, Selection } from './condition.ts';
import { selectDomain } from './domain.ts';

/** Whether some requests of a route are the mirror's. */
export function selectsSome(
  { routes, exclude }: Pick<Mirror, 'routes' | 'exclude'>,
  place: RoutePlace,
): boolean {
  return (
    (routes.length === 0 || routes.some((selector) => select(selector, place) !== undefined)) &&
    !exclude.some((selector) => select(selector, place)?.length === 0)
  );
}

/** Which requests of a route a selector means. */
export function select(
  selector: RouteSelector,
  place: Pick<RoutePlace, 'routes' | 'host' | 'route'>,
): Selection {
  const { routes, host, route } = place;
  if (selector.routeConfig !== undefined && selector.routeConfig !== routes['name']) return undefined;
  if (selector.virtualHost !== undefined && selector.virtualHost !== host['name']) return undefined;
  if (selector.route !== undefined && selector.route !== route['name']) return undefined;
  const match = object(route['match']) ?? {};
  if (selector.match !== undefined && canonical(selector.match) !== canonical(match)) return undefined;
  const parts: Selection[] = [];
  if (selector.domain !== undefined) parts.push(selectDomain(selector.domain, host, routes));
  if (selector.pathPrefix !== undefined) parts.push(selectPath(selector.pathPrefix, match));
  if (selector.methods !== undefined) parts.push(selectMethods(selector.methods, match));
  for (const header of selector.headers ?? []) parts.push([{ kind: 'header', match: header }]);
  const all: Condition[] = [];
  for (const part of parts) {
    if (part === undefined) return undefined;
    all.push(...part);
  }
  return all;
}

/** Envoy's prefix is a plain string prefix, and so is ours. */
function selectPath(prefix: string, match: Json): Selection {
  const condition: Selection = [{ kind: 'path', prefix }];
  const exact = string(match['path']);
  const start = string(match['prefix']) ?? string(match['path_separated_prefix']);
  const own = exact ?? start;
  if (own === undefined) return condition;
  if (match['case_sensitive'] === false) {
    return overlaps(own.toLowerCase(), prefix.toLowerCase(), exact !== undefined) ? condition : undefined;
  }
  if (own.startsWith(prefix)) return [];
  return overlaps(own, prefix, exact !== undefined) ? condition : undefined;
}

function overlaps(own: string, prefix: string, exact: boolean): boolean {
  return own.startsWith(prefix) || (!exact && prefix.startsWith(own));
}

function selectMethods(methods: readonly string[], match: Json): Selection {
  for (const header of objects(match['headers'])) {
    if (header['name'] !== ':method' || header['invert_match'] === true) continue;
    const exact = string(header['exact_match']) ?? string(object(header['string_match'])?.['exact']);
    if (exact !== undefined) return methods.includes(exact) ? [] : undefined;
  }
  return [{ kind: 'methods', methods: [...new Set(methods)].sort() }];
}

/** JSON with sorted keys: equal content is an equal string. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    const json = object(inner);
    return json === undefined
      ? inner
      : Object.fromEntries(Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
