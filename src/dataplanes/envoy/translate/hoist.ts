import { type Json, mapList, object, objects } from '../json.ts';

/**
 * Puts lists of policies where Envoy looks for them, as high as possible: on the route configuration when all its
 * routes have the same, else on a virtual host, else on the route. (An absent list on a route means the virtual
 * host's, and there the route configuration's.) With 2,000 routes that is one list to send and not 2,000.
 */
export function hoistPolicies(routes: Json, policies: ReadonlyMap<Json, readonly Json[]>): Json {
  const bare = dropPolicies(routes);
  const hosts = objects(routes['virtual_hosts']);
  const everywhere = common(
    hosts.flatMap((host) => objects(host['routes'])),
    policies,
  );
  const unreached = hosts.some((host) => host['matcher'] !== undefined);
  if (everywhere !== undefined && !unreached) {
    return withPolicies(
      mapList(bare, 'virtual_hosts', (host) => mapList(dropPolicies(host), 'routes', bareRoute)),
      everywhere,
    );
  }
  return mapList(bare, 'virtual_hosts', (host) => {
    const shared = common(objects(host['routes']), policies);
    // Routes inside a matcher tree are not in `routes`; what their owner had in force on them stays.
    if (host['matcher'] !== undefined) return inherit(host, routes);
    if (shared !== undefined) return withPolicies(mapList(dropPolicies(host), 'routes', bareRoute), shared);
    return mapList(dropPolicies(host), 'routes', (route) => {
      const own = policies.get(route);
      return own === undefined ? route : withAction(bareRoute(route), own);
    });
  });
}

function inherit(host: Json, routes: Json): Json {
  const own = objects(host['request_mirror_policies']);
  return own.length > 0 ? host : withPolicies(host, objects(routes['request_mirror_policies']));
}

/** The list that all these routes have; undefined when they differ. Routes that make no copies do not count. */
function common(
  list: readonly Json[],
  policies: ReadonlyMap<Json, readonly Json[]>,
): readonly Json[] | undefined {
  let shared: readonly Json[] | undefined;
  for (const route of list) {
    const own = policies.get(route);
    if (own === undefined) continue;
    if (shared !== undefined && !same(shared, own)) return undefined;
    shared = own;
  }
  return shared ?? [];
}

function same(a: readonly Json[], b: readonly Json[]): boolean {
  return a.length === b.length && a.every((policy, index) => policy === b[index]);
}

function withPolicies(json: Json, policies: readonly Json[]): Json {
  return policies.length === 0 ? json : { ...json, request_mirror_policies: policies };
}

function withAction(route: Json, policies: readonly Json[]): Json {
  return policies.length === 0
    ? route
    : { ...route, route: withPolicies(object(route['route']) ?? {}, policies) };
}

function bareRoute(route: Json): Json {
  const action = object(route['route']);
  if (action === undefined) return route;
  const bare = dropPolicies(action);
  return bare === action ? route : { ...route, route: bare };
}

function dropPolicies(json: Json): Json {
  if (json['request_mirror_policies'] === undefined) return json;
  const { request_mirror_policies: _, ...rest } = json;
  return rest;
}
