import { dump } from 'js-yaml';
import type { Compiled } from '../../data-plane.ts';
import { type Json, dig, object, objects } from '../json.ts';
import { mapHcms } from '../config/http-connection-managers.ts';
import { withoutFiles } from './files.ts';
import { NOWHERE, NOWHERE_CLUSTER } from './nowhere.ts';

/**
 * What nodes of a variant get, as one bootstrap (JSON) that asks for nothing: for `envoy --mode validate -c FILE.json`.
 * Routes and endpoints stand where they are used. What the checking machine cannot answer for is left out: files (it
 * has not the node's, and must not be made to open any) and secrets that are in them.
 * https://www.envoyproxy.io/docs/envoy/latest/operations/cli#cmdoption-mode
 */
export function renderStatic(compiled: Compiled, variant: string): string {
  const resources = listsOf(compiled, variant, withoutFiles);
  // A secret whose content was left out is a mere name.
  const secrets = (resources['secrets'] ?? []).filter((secret) => Object.keys(secret).length > 1);
  const { listeners, clusters } = inPlace(resources);
  const bootstrap = {
    // Sources that are left want to know who asks.
    node: { id: 'check', cluster: 'check' },
    ...layers(resources),
    static_resources: { listeners, clusters: [NOWHERE_CLUSTER, ...clusters], secrets },
  };
  return JSON.stringify(inlineSecrets(bootstrap, new Set(secrets.map(({ name }) => name))));
}

/** The same as what runs, with percents in the routes: for an Envoy that is configured by a file. YAML. */
export function renderConfig(compiled: Compiled): string {
  const resources = listsOf(compiled, 'route', (json) => json);
  const { secrets = [] } = resources;
  const { listeners, clusters } = inPlace(resources);
  const config = {
    ...layers(resources),
    static_resources: { listeners, clusters, ...(secrets.length > 0 && { secrets }) },
  };
  const text = inlineSecrets(config, new Set(secrets.map(({ name }) => name)));
  return dump(text, { noRefs: true, lineWidth: -1 });
}

type Lists = Readonly<Record<string, readonly Json[]>>;

function listsOf(compiled: Compiled, variant: string, read: (json: Json) => Json): Lists {
  const lists = Object.entries(compiled.resources(variant));
  return Object.fromEntries(lists.map(([list, items]) => [list, objects(items).map((json) => read(json))]));
}

function layers({ runtimes = [] }: Lists): Json {
  if (runtimes.length === 0) return {};
  return {
    layered_runtime: { layers: runtimes.map(({ name, layer }) => ({ name, static_layer: layer ?? {} })) },
  };
}

/** Routes and endpoints where they are used. */
function inPlace(lists: Lists): { readonly listeners: readonly Json[]; readonly clusters: readonly Json[] } {
  const named = (list: string, field = 'name'): ReadonlyMap<unknown, Json> =>
    new Map((lists[list] ?? []).map((json) => [json[field], json]));
  const routes = named('routes');
  const endpoints = named('endpoints', 'cluster_name');
  return {
    listeners: (lists['listeners'] ?? []).map((json) => withRoutes(json, routes)),
    clusters: (lists['clusters'] ?? []).map((json) => withEndpoints(json, endpoints)),
  };
}

function withRoutes(listener: Json, routes: ReadonlyMap<unknown, Json>): Json {
  return mapHcms(listener, '', (hcm) => {
    const found = routes.get(dig(hcm, 'rds', 'route_config_name'));
    if (found === undefined || !isOurs(dig(hcm, 'rds', 'config_source'))) return hcm;
    const { rds: _, ...rest } = hcm;
    return { ...rest, route_config: found };
  });
}

/** Endpoints by EDS are addresses, as those of a static cluster are. */
function withEndpoints(cluster: Json, endpoints: ReadonlyMap<unknown, Json>): Json {
  if (cluster['type'] !== 'EDS' || !isOurs(dig(cluster, 'eds_cluster_config', 'eds_config'))) return cluster;
  const found = endpoints.get(dig(cluster, 'eds_cluster_config', 'service_name') ?? cluster['name']);
  if (found === undefined) return cluster;
  const { eds_cluster_config: _, ...rest } = cluster;
  return { ...rest, type: 'STATIC', load_assignment: found };
}

/** A static secret is named without a source; one whose file was left out is as one that comes later. */
function inlineSecrets(value: unknown, names: ReadonlySet<unknown>): unknown {
  if (Array.isArray(value)) return value.map((item) => inlineSecrets(item, names));
  const json = object(value);
  if (json === undefined) return value;
  if (isOurs(json)) return NOWHERE;
  const known = names.has(json['name']) && isOurs(json['sds_config']);
  const kept = Object.entries(json).filter(([key]) => !(known && key === 'sds_config'));
  return Object.fromEntries(kept.map(([key, child]) => [key, inlineSecrets(child, names)]));
}

/** A `ConfigSource` that is this server. */
function isOurs(source: unknown): boolean {
  return object(dig(source, 'ads')) !== undefined || object(dig(source, 'self')) !== undefined;
}
