import type { Compiled } from '../../data-plane.ts';
import { type Json, dig, object, objects, string } from '../json.ts';
import { mapHcms } from '../config/http-connection-managers.ts';
import { withoutFiles } from './files.ts';

/**
 * What nodes of a variant get, as one bootstrap (JSON) that asks for nothing: for `envoy --mode validate -c FILE.json`.
 * Routes and endpoints stand where they are used. What the checking machine cannot answer for is left out: files (it
 * has not the node's, and must not be made to open any) and secrets that are in them.
 * https://www.envoyproxy.io/docs/envoy/latest/operations/cli#cmdoption-mode
 */
export function renderStatic(compiled: Compiled, variant: string): string {
  const resources = compiled.resources(variant);
  const lists = Object.fromEntries(
    Object.entries(resources).map(([list, items]) => [
      list,
      objects(items).map((json) => withoutFiles(json)),
    ]),
  );
  const named = (list: string, field = 'name'): ReadonlyMap<unknown, Json> =>
    new Map((lists[list] ?? []).map((json) => [json[field], json]));
  const routes = named('routes');
  const endpoints = named('endpoints', 'cluster_name');
  const bootstrap = {
    // Sources that are left, of secrets, want to know who asks.
    node: { id: 'check', cluster: 'check' },
    layered_runtime: {
      layers: (lists['runtimes'] ?? []).map(({ name, layer }) => ({ name, static_layer: layer ?? {} })),
    },
    static_resources: {
      listeners: (lists['listeners'] ?? []).map((json) => withRoutes(json, routes)),
      clusters: (lists['clusters'] ?? []).map((json) => withEndpoints(json, endpoints)),
    },
  };
  return JSON.stringify(inlineSecrets(bootstrap, lists['secrets'] ?? []));
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
function inlineSecrets(bootstrap: Json, secrets: readonly Json[]): Json {
  const whole = secrets.filter((secret) => Object.keys(secret).length > 1);
  if (whole.length === 0) return bootstrap;
  const names = new Set(whole.map((secret) => string(secret['name'])));
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    const json = object(value);
    if (json === undefined) return value;
    const known = names.has(string(json['name'])) && isOurs(json['sds_config']);
    const kept = Object.entries(json).filter(([key]) => !(known && key === 'sds_config'));
    return Object.fromEntries(kept.map(([key, child]) => [key, visit(child)]));
  };
  const inlined = visit(bootstrap) as Json;
  return { ...inlined, static_resources: { ...object(inlined['static_resources']), secrets: whole } };
}

function isOurs(source: unknown): boolean {
  return dig(source, 'ads') !== undefined || dig(source, 'self') !== undefined;
}
