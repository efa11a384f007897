import { type Json, object, objects } from '../json.ts';

const PATH_REWRITES = ['prefix_rewrite', 'regex_rewrite', 'path_rewrite', 'path_rewrite_policy'];
const HOST_REWRITES = [
  'host_rewrite_literal',
  'host_rewrite_header',
  'host_rewrite_path_regex',
  'host_rewrite',
];

/** What a route changes before the copy is made. (`auto_host_rewrite` comes after, on the primary alone.) */
export interface Rewrites {
  readonly host: boolean;
  readonly path: boolean;
}

export function rewritesOf(route: Json): Rewrites {
  const action = object(route['route']) ?? {};
  const weighted = objects(object(action['weighted_clusters'])?.['clusters']);
  const has = (json: Json, fields: readonly string[]): boolean =>
    fields.some((field) => json[field] !== undefined);
  return {
    host: has(action, HOST_REWRITES) || weighted.some((cluster) => has(cluster, HOST_REWRITES)),
    path: has(action, PATH_REWRITES),
  };
}
