import { FULL, type Ppm } from '../../../model/percent.ts';
import { type Json, dig, mapList, object, objects, string } from '../json.ts';
import { HTTP_PROTOCOL_OPTIONS } from '../types.ts';

const PPM_PER_UNIT: Readonly<Record<string, number>> = { HUNDRED: 10_000, TEN_THOUSAND: 100, MILLION: 1 };

/** A route that goes upstream, and where it stands. */
export interface RoutePlace {
  readonly routes: Json;
  readonly host: Json;
  readonly route: Json;
  readonly path: string;
}

/** Routes that Envoy can mirror: those with a route action. Redirects and direct responses make no copies. */
export function mirrorableRoutes(routes: Json, path: string): readonly RoutePlace[] {
  return objects(routes['virtual_hosts']).flatMap((host, h) =>
    objects(host['routes']).flatMap((route, r) =>
      object(route['route']) === undefined
        ? []
        : [{ routes, host, route, path: `${path}.virtual_hosts[${h}].routes[${r}]` }],
    ),
  );
}

/** The owner's policies in force on a route: its own, else its virtual host's, else the route configuration's. */
export function policiesOf({
  routes,
  host,
  route,
}: Pick<RoutePlace, 'routes' | 'host' | 'route'>): readonly Json[] {
  for (const level of [object(route['route']), host, routes]) {
    const policies = objects(level?.['request_mirror_policies']);
    if (policies.length > 0) return policies;
  }
  return [];
}

/** Whether a cluster has mirror policies of its own, for requests from whatever route. */
export function mirrorsByItself(cluster: Json): boolean {
  const options = dig(cluster, 'typed_extension_protocol_options', HTTP_PROTOCOL_OPTIONS);
  return objects(dig(options, 'request_mirror_policies')).length > 0;
}

/** The share of a policy. No fraction is all; Envoy takes more than the denominator for all as well. */
export function fractionOf(policy: Json): Ppm {
  const fraction = object(dig(policy, 'runtime_fraction', 'default_value'));
  if (fraction === undefined) return FULL;
  const numerator = Number(fraction['numerator'] ?? 0);
  const unit = PPM_PER_UNIT[string(fraction['denominator']) ?? 'HUNDRED'] ?? 1;
  return Math.min(FULL, numerator * unit);
}

/** The route configuration with every list of policies replaced by what `keep` leaves of it. */
export function filterPolicies(routes: Json, keep: (policy: Json) => boolean): Json {
  const at = (json: Json): Json => {
    const policies = objects(json['request_mirror_policies']);
    const kept = policies.filter(keep);
    if (kept.length === policies.length) return json;
    const { request_mirror_policies: _, ...rest } = json;
    return kept.length === 0 ? rest : { ...rest, request_mirror_policies: kept };
  };
  return mapList(at(routes), 'virtual_hosts', (host) =>
    mapList(at(host), 'routes', (route) => {
      const action = object(route['route']);
      if (action === undefined) return route;
      const filtered = at(action);
      return filtered === action ? route : { ...route, route: filtered };
    }),
  );
}
