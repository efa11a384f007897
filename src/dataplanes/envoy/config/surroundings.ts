import type { Endpoint } from '../../../model/target.ts';
import type { Listener, NamedHost, Origin, Surroundings } from '../../data-plane.ts';
import { type Json, dig, object, objects, string, walk } from '../json.ts';
import type { ResourceList } from '../types.ts';
import { selectsSome } from '../plan/select.ts';
import { mapHcms } from './http-connection-managers.ts';
import { mirrorableRoutes } from './mirror-policies.ts';
import { clustersOf, membersOf } from './upstreams.ts';

type Lists = Readonly<Record<ResourceList, readonly Json[]>>;

export function surroundingsOf(lists: Lists): Surroundings {
  const routes = new Map(lists.routes.map((json) => [String(json['name']), json]));
  return Object.freeze({
    listeners: lists.listeners
      .filter((listener) => listener['bind_to_port'] !== false)
      .flatMap((listener) => listenersOf(listener, routes)),
    hosts: [...lists.routes.flatMap(domainsOf), ...lists.listeners.flatMap(serverNamesOf)],
    origins: originsOf(lists),
  });
}

/** What takes no HTTP copies nothing, wherever it leads. */
function listenersOf(listener: Json, routes: ReadonlyMap<string, Json>): readonly Listener[] {
  const managers = managersOf(listener);
  if (managers.length === 0) return [];
  const own = managers.flatMap(routeNamesOf).map((name) => routes.get(name) ?? {});
  // Scopes of a server of its own may lead to any routes.
  const otherwise = managers.some((manager) => dig(manager, 'scoped_routes', 'scoped_rds') !== undefined)
    ? undefined
    : false;
  const copiedBy: Listener['copiedBy'] = (mirror) =>
    own.some((json) => mirrorableRoutes(json, '').some((place) => selectsSome(mirror, place))) || otherwise;
  return addressesOf(listener).map((endpoint) => ({ ...endpoint, copiedBy }));
}

function managersOf(listener: Json): readonly Json[] {
  const found: Json[] = [];
  mapHcms(listener, '', (manager, { chain }) => {
    if (chain !== undefined) found.push(manager);
    return manager;
  });
  return found;
}

/** Routes that stand in a list of scopes themselves are no resource of ours, and never mirrored. */
function routeNamesOf(manager: Json): readonly string[] {
  const list = dig(
    manager,
    'scoped_routes',
    'scoped_route_configurations_list',
    'scoped_route_configurations',
  );
  return [
    dig(manager, 'rds', 'route_config_name'),
    ...objects(list).map((scope) => scope['route_configuration_name']),
  ].flatMap((name) => string(name) ?? []);
}

/** Of an endpoint of a cluster and of a listener alike. Those of pipes and UDP are no target's. */
function addressesOf(json: Json): readonly Endpoint[] {
  return [json, ...objects(json['additional_addresses'])].flatMap((one) => {
    const socket = object(dig(one, 'address', 'socket_address'));
    const [host, port] = [string(socket?.['address']), socket?.['port_value']];
    if (host === undefined || typeof port !== 'number' || port === 0) return [];
    return socket?.['protocol'] === 'UDP' ? [] : [{ host, port }];
  });
}

function domainsOf(routes: Json): readonly NamedHost[] {
  return objects(routes['virtual_hosts']).flatMap((host) =>
    texts(host['domains']).map((domain) => ({
      name: domain.replace(/:(\d+|\*)$/, ''),
      path: `routes[${String(routes['name'])}].virtual_hosts[${String(host['name'])}].domains`,
    })),
  );
}

function serverNamesOf(listener: Json): readonly NamedHost[] {
  return objects(listener['filter_chains']).flatMap((chain, index) =>
    texts(dig(chain, 'filter_chain_match', 'server_names')).map((name) => ({
      name,
      path: `listeners[${String(listener['name'])}].filter_chains[${index}].filter_chain_match.server_names`,
    })),
  );
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.flatMap((item) => string(item) ?? []) : [];
}

/** Endpoints of the clusters that routes lead to, and not of those that only copies go to. */
function originsOf(lists: Lists): readonly Origin[] {
  const clusters = new Map(lists.clusters.map((json) => [String(json['name']), json]));
  const assignments = new Map(lists.endpoints.map((json) => [String(json['cluster_name']), json]));
  const reached = new Set<string>();
  const reach = (route: Json): void => {
    const action = object(route['route']);
    if (action !== undefined && route['match'] !== undefined)
      clustersOf(action).forEach((name) => reached.add(name));
  };
  for (const host of lists.routes.flatMap((routes) => objects(routes['virtual_hosts']))) {
    objects(host['routes']).forEach(reach);
    // Routes in a tree cannot be mirrored, and lead somewhere all the same.
    walk(host['matcher'], '', reach);
  }
  // A set that grows is walked to its end.
  for (const name of reached) membersOf(clusters.get(name)).forEach((member) => reached.add(member));
  return [...reached].flatMap((name) => {
    const cluster = clusters.get(name);
    const service = string(dig(cluster, 'eds_cluster_config', 'service_name')) ?? name;
    return [cluster?.['load_assignment'], assignments.get(service)].flatMap((assignment) =>
      objects(dig(assignment, 'endpoints'))
        .flatMap((locality) => objects(locality['lb_endpoints']))
        .flatMap((one) => addressesOf(object(one['endpoint']) ?? {}))
        .map((endpoint) => ({ ...endpoint, path: `clusters[${name}]` })),
    );
  });
}
