import { type Json, dig, object, string } from '../json.ts';
import { ADS_SOURCE, type ResourceList } from '../types.ts';
import { type Edge, edgeOf, mergeEdges } from './edge.ts';
import { type HcmPlace, mapHcms } from './http-connection-managers.ts';
import { rememberOriginals } from './originals.ts';

/** A resource and where the owner wrote it. */
export interface Placed {
  readonly json: Json;
  readonly path: string;
}

export type PlacedLists = Readonly<Record<ResourceList, readonly Placed[]>>;

export interface SplitConfig {
  readonly lists: PlacedLists;
  /** By name of the route configuration. */
  readonly edges: ReadonlyMap<string, Edge>;
}

/**
 * Gives every listener a name, and every inline route configuration a resource of its own, so that a route change
 * never touches a listener (which would drain its connections). The rest stays as it is.
 */
export function split(lists: Readonly<Record<ResourceList, readonly Json[]>>, prefix: string): SplitConfig {
  const place = (list: ResourceList): Placed[] =>
    lists[list].map((json, index) => ({ json, path: `${prefix}${list}[${index}]` }));
  const routes = place('routes');
  const routeNames = new Set(routes.map(({ json }) => string(json['name']) ?? ''));
  const edges = new Map<string, Edge>();
  const listeners = nameListeners(place('listeners')).map(({ json, path }) => ({
    path,
    json: mapHcms(json, path, (hcm, where) => {
      const extracted = extractRoutes(hcm, where, routeNames, routes);
      const name = string(dig(extracted, 'rds', 'route_config_name'));
      if (name !== undefined) {
        const edge = edgeOf(hcm, where);
        const known = edges.get(name);
        edges.set(name, known === undefined ? edge : mergeEdges(known, edge));
      }
      return where.chain === undefined ? extracted : rememberOriginals(extracted);
    }),
  }));
  return {
    lists: {
      runtimes: place('runtimes'),
      secrets: place('secrets'),
      clusters: place('clusters'),
      endpoints: place('endpoints'),
      listeners,
      routes: routes.map(({ json, path }) => ({
        path,
        // An unknown mirror cluster is otherwise acknowledged and silently copies nothing.
        json: json['validate_clusters'] === undefined ? { ...json, validate_clusters: true } : json,
      })),
    },
    edges,
  };
}

/** LDS needs names; a static listener may have none. */
function nameListeners(listeners: readonly Placed[]): readonly Placed[] {
  const taken = new Set(listeners.map(({ json }) => string(json['name'])));
  return listeners.map(({ json, path }, index) => {
    if (string(json['name']) !== undefined) return { json, path };
    const name = unique(addressName(json) ?? `listener_${index}`, taken);
    return { json: { name, ...json }, path };
  });
}

function addressName(listener: Json): string | undefined {
  const socket = object(dig(listener, 'address', 'socket_address'));
  if (socket !== undefined)
    return `${String(socket['address'])}_${String(socket['port_value'] ?? socket['named_port'])}`;
  return string(dig(listener, 'address', 'pipe', 'path'));
}

function extractRoutes(hcm: Json, place: HcmPlace, names: Set<string | undefined>, routes: Placed[]): Json {
  const inline = object(hcm['route_config']);
  // An API listener takes no updates of its routes on their own.
  if (inline === undefined || place.chain === undefined) return hcm;
  const wanted = string(inline['name']) ?? `${String(place.listener['name'])}_routes`;
  const name = names.has(wanted)
    ? unique(`${String(place.listener['name'])}_${wanted}`, names)
    : unique(wanted, names);
  routes.push({ json: { ...inline, name }, path: `${place.path}.route_config` });
  const { route_config: _, ...rest } = hcm;
  // No timeout: a listener that came up without its routes would answer 404.
  return {
    ...rest,
    rds: { config_source: { ...ADS_SOURCE, initial_fetch_timeout: '0s' }, route_config_name: name },
  };
}

function unique(wanted: string, taken: Set<string | undefined>): string {
  let name = wanted;
  for (let n = 2; taken.has(name); n += 1) name = `${wanted}_${n}`;
  taken.add(name);
  return name;
}
