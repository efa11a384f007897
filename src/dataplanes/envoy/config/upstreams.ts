import { type Json, dig, object, objects, string } from '../json.ts';

/** Clusters that a route action names. */
export function clustersOf(action: Json): readonly string[] {
  const weighted = objects(dig(action, 'weighted_clusters', 'clusters'));
  return [action['cluster'], ...weighted.map((cluster) => cluster['name'])]
    .map(string)
    .filter((name) => name !== undefined);
}

/** Clusters that get the requests to an aggregate cluster. */
export function membersOf(cluster: Json | undefined): readonly string[] {
  const members = dig(cluster, 'cluster_type', 'typed_config', 'clusters');
  return Array.isArray(members)
    ? members.flatMap((item) => string(item) ?? string(object(item)?.['name']) ?? [])
    : [];
}
