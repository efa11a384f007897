import type { EnvoyConfig } from '../config/read.ts';
import { type Json, object } from '../json.ts';

/** Where an owner's configuration names its clusters. */
export interface Mentions {
  /** By cluster: how often anything but itself names it. */
  readonly counts: ReadonlyMap<string, number>;
  /** Code and settings that a cluster's name may stand in, such as of a Lua filter. */
  readonly texts: readonly string[];
  /** Whether something in a request, or code, chooses a cluster: then any cluster may be meant. */
  readonly anyByRequest: boolean;
}

/** Keys whose values name no cluster, though they are often the same word. */
const NO_NAMES = new Set([
  ...['address', 'hostname', 'domains', 'sni', 'server_names', 'exact', 'host_rewrite_literal'],
  ...['stat_prefix', 'alt_stat_name', 'route_config_name', 'service_name'],
]);

const BY_REQUEST = new Set([
  'cluster_header',
  'cluster_specifier_plugin',
  'inline_cluster_specifier_plugin',
  'route_specifiers',
]);

const TEXTS = new Set(['inline_string', 'inline_code', 'value']);

/** Every string that is a cluster's name counts, wherever it stands: too often is safe, too seldom is not. */
export function mentionsOf(lists: EnvoyConfig['lists']): Mentions {
  const names = new Set(lists.clusters.map((json) => json['name']));
  const counts = new Map<string, number>();
  const texts: string[] = [];
  let anyByRequest = false;
  const visit = (value: unknown, key: string, self?: unknown): void => {
    if (typeof value === 'string') {
      if (names.has(value) && value !== self) counts.set(value, (counts.get(value) ?? 0) + 1);
      else if (TEXTS.has(key)) texts.push(value);
      return;
    }
    if (Array.isArray(value)) {
      for (const item of value as unknown[]) visit(item, key, self);
      return;
    }
    for (const [field, child] of Object.entries(object(value) ?? {})) {
      if (BY_REQUEST.has(field)) anyByRequest = true;
      // A `name` is a cluster's in lists of weighted clusters.
      if (NO_NAMES.has(field) || (field === 'name' && key !== 'clusters')) continue;
      visit(child, field, self);
    }
  };
  const all = (list: readonly Json[]): void => list.forEach((json) => visit(json, ''));
  all(lists.listeners);
  all(lists.routes);
  for (const json of lists.clusters) visit(json, '', json['name']);
  return { counts, texts, anyByRequest };
}
