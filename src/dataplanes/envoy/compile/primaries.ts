import type { Primaries } from '../../data-plane.ts';
import { mirrorableRoutes, mirrorsByItself } from '../config/mirror-policies.ts';
import { clustersOf, membersOf } from '../config/upstreams.ts';
import { type Json, dig, object } from '../json.ts';
import { HTTP_PROTOCOL_OPTIONS } from '../types.ts';
import { type Mentions, mentionsOf } from './mentions.ts';
import type { Structure } from './structure.ts';

/** By any of these a request may reach a cluster more than once. */
const REPEATS = [
  'retry_policy',
  'retry_policy_typed_config',
  'hedge_policy',
  'internal_redirect_policy',
  'internal_redirect_action',
  'max_internal_redirects',
];

/** What is found of one mirror, route by route. */
interface Found {
  readonly clusters: Set<string>;
  /** How often the mirror's own routes name each cluster. */
  readonly named: Map<string, number>;
  exact: boolean;
}

/** By mirror: the clusters behind its routes. */
export function findPrimaries({
  config,
  plan,
  clusters: mirrors,
}: Structure): ReadonlyMap<string, Primaries> {
  const clusters = new Map(config.lists.clusters.map((json) => [String(json['name']), json]));
  const found = new Map(
    [...mirrors.keys()].map((name): [string, Found] => [
      name,
      { clusters: new Set(), named: new Map(), exact: true },
    ]),
  );
  for (const { host, route } of config.lists.routes.flatMap((routes) => mirrorableRoutes(routes, ''))) {
    const copies = plan.get(route)?.copies ?? [];
    const action = object(route['route']) ?? {};
    const once = ![action, host].some((level) => REPEATS.some((field) => level[field] !== undefined));
    for (const mirror of new Set(copies.flatMap((copy) => copy.mirrors))) {
      const here = found.get(mirror.name);
      if (here === undefined) continue;
      // Without the mirror on every copy of the route, its cluster serves requests that are never copied.
      here.exact &&= once && copies.every((copy) => copy.mirrors.includes(mirror));
      for (const cluster of clustersOf(action)) {
        here.clusters.add(cluster);
        here.named.set(cluster, (here.named.get(cluster) ?? 0) + 1);
      }
    }
  }
  const mentions = mentionsOf(config.lists);
  for (const here of found.values()) {
    here.exact &&=
      here.named.size > 0 &&
      [...here.named].every(
        ([name, count]) => isPlain(clusters.get(name)) && isOnlyNamed(name, count, mentions),
      );
    // Requests to an aggregate cluster are counted by its members.
    for (const name of here.clusters)
      membersOf(clusters.get(name)).forEach((member) => here.clusters.add(member));
  }
  return new Map([...found].map(([name, here]) => [name, { clusters: here.clusters, exact: here.exact }]));
}

function isOnlyNamed(name: string, count: number, { counts, texts, anyByRequest }: Mentions): boolean {
  return (
    !anyByRequest &&
    counts.get(name) === count &&
    !texts.some((text) => text.includes(`"${name}"`) || text.includes(`'${name}'`))
  );
}

/**
 * Whether its counters count each request once, and only requests that may be copied: no retries or mirrors of its own,
 * no clusters behind it.
 */
function isPlain(cluster: Json | undefined): boolean {
  const options = object(dig(cluster, 'typed_extension_protocol_options', HTTP_PROTOCOL_OPTIONS));
  const config = object(dig(cluster, 'cluster_type', 'typed_config'));
  return (
    cluster !== undefined &&
    options?.['retry_policy'] === undefined &&
    !mirrorsByItself(cluster) &&
    config?.['clusters'] === undefined &&
    config?.['sub_clusters_config'] === undefined
  );
}
