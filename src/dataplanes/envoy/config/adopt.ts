import type { Issue } from '../../../model/issue.ts';
import type { Copy, Mirror } from '../../../model/mirror.ts';
import { freeName, toName } from '../../../model/name.ts';
import type { Ppm } from '../../../model/percent.ts';
import type { Target } from '../../../model/target.ts';
import type { Adoption } from '../../data-plane.ts';
import { type Json, dig, objects, string, walk } from '../json.ts';
import { fieldsLeftBehind, targetOf } from './adopt-target.ts';
import { copyOf } from './adopt-copy.ts';
import {
  type RoutePlace,
  filterPolicies,
  fractionOf,
  mirrorableRoutes,
  policiesOf,
} from './mirror-policies.ts';
import { selectorsFor } from './adopt-routes.ts';
import type { Placed, PlacedLists } from './split.ts';

export interface AdoptionResult {
  /** The config without what was adopted. */
  readonly lists: PlacedLists;
  readonly adoption: Adoption;
  readonly warnings: readonly Issue[];
}

/** Policies that mean the same mirror: same cluster, same share, same rank among a route's copies to that cluster. */
interface Group {
  readonly cluster: string;
  readonly percent: Ppm;
  readonly copy: Copy;
  readonly routes: Set<Json>;
}

/**
 * Turns the mirror policies of a config into targets and mirrors, and takes them out of it, along with clusters that
 * nothing else names. What a target cannot express stays as the owner wrote it, with a warning.
 */
export function adopt(fleet: string, lists: PlacedLists): AdoptionResult {
  const warnings: Issue[] = [];
  const targets = adoptableTargets(lists, warnings);
  const places = lists.routes.flatMap(({ json, path }) => mirrorableRoutes(json, path));
  const groups = groupPolicies(places, targets, warnings);
  const adopted = new Set([...groups.values()].map(({ cluster }) => cluster));
  const names = new NameSource();
  const mirrors = [...groups.values()].map((group): Mirror => {
    const target = targets.get(group.cluster)?.name ?? group.cluster;
    return Object.freeze({
      name: names.take(`${fleet}-${target}`),
      fleet,
      target,
      percent: group.percent,
      routes: selectorsFor(group.routes, places),
      exclude: Object.freeze([]),
      copy: group.copy,
    });
  });
  return {
    lists: dropUnused(removePolicies(lists, adopted), adopted, lists, warnings),
    adoption: {
      targets: [...targets].filter(([cluster]) => adopted.has(cluster)).map(([, target]) => target),
      mirrors,
    },
    warnings,
  };
}

/** Every cluster that a policy names, as a target; a warning for those that cannot be one. */
function adoptableTargets(lists: PlacedLists, warnings: Issue[]): ReadonlyMap<string, Target> {
  const clusters = new Map(lists.clusters.map((placed) => [string(placed.json['name']) ?? '', placed]));
  const assignments = lists.endpoints.map(({ json }) => json);
  const targets = new Map<string, Target>();
  const seen = new Set<string>();
  const names = new NameSource();
  for (const { json, path } of lists.routes) {
    walk(json, path, (here, at) => {
      objects(here['request_mirror_policies']).forEach((policy, index) => {
        const where = `${at}.request_mirror_policies[${index}]`;
        const name = string(policy['cluster']);
        const cluster = name === undefined ? undefined : clusters.get(name);
        if (name === undefined) {
          warnings.push({
            path: where,
            message: 'stays in the config: its cluster is chosen by a request header',
          });
        } else if (cluster !== undefined && !seen.has(name)) {
          seen.add(name);
          const target = targetOf(names.take(name), cluster.json, assignments);
          if (typeof target !== 'string') targets.set(name, target);
          else
            warnings.push({
              path: where,
              message: `stays in the config: cluster "${name}" cannot be a target, as ${target}`,
            });
        }
      });
    });
  }
  return targets;
}

function groupPolicies(
  places: readonly RoutePlace[],
  targets: ReadonlyMap<string, Target>,
  warnings: Issue[],
): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  const said = new Set<Json>();
  for (const place of places) {
    const copies = new Map<string, number>();
    for (const policy of policiesOf(place)) {
      const cluster = string(policy['cluster']);
      if (cluster === undefined || !targets.has(cluster)) continue;
      const rank = (copies.get(cluster) ?? 0) + 1;
      copies.set(cluster, rank);
      const { copy, dropped } = copyOf(policy);
      if (!said.has(policy)) for (const message of dropped) warnings.push({ path: place.path, message });
      said.add(policy);
      const percent = fractionOf(policy);
      const key = JSON.stringify([cluster, percent, rank, copy]);
      const group = groups.get(key) ?? { cluster, percent, copy, routes: new Set() };
      group.routes.add(place.route);
      groups.set(key, group);
    }
  }
  return groups;
}

function removePolicies(lists: PlacedLists, adopted: ReadonlySet<string>): PlacedLists {
  const keep = (policy: Json): boolean => !adopted.has(string(policy['cluster']) ?? '');
  return {
    ...lists,
    routes: lists.routes.map(({ json, path }) => ({ path, json: filterPolicies(json, keep) })),
  };
}

/** The mirrors bring clusters of their own; an adopted one that nothing names any more would only idle. */
function dropUnused(
  lists: PlacedLists,
  adopted: ReadonlySet<string>,
  original: PlacedLists,
  warnings: Issue[],
): PlacedLists {
  const named = new Set<unknown>();
  const collect = (placed: Placed): void => {
    const own = string(placed.json['name']);
    walk(placed.json, '', (json) => {
      for (const value of Object.values(json)) {
        for (const item of Array.isArray(value) ? (value as unknown[]) : [value]) {
          if (typeof item === 'string' && !(adopted.has(item) && item === own)) named.add(item);
        }
      }
    });
  };
  for (const list of [lists.routes, lists.listeners, lists.clusters]) list.forEach(collect);
  const unused = (name: unknown): boolean => adopted.has(String(name)) && !named.has(name);
  for (const { json, path } of original.clusters) {
    if (!unused(json['name'])) continue;
    const left = fieldsLeftBehind(json);
    if (left.length > 0)
      warnings.push({ path, message: `became a target, which has no place for: ${left.join(', ')}` });
  }
  const dropped = lists.clusters.filter(({ json }) => unused(json['name']));
  const services = new Set(
    dropped.map(({ json }) => dig(json, 'eds_cluster_config', 'service_name') ?? json['name']),
  );
  return {
    ...lists,
    clusters: lists.clusters.filter((placed) => !dropped.includes(placed)),
    endpoints: lists.endpoints.filter(({ json }) => !services.has(json['cluster_name'])),
  };
}

/** Names as REST takes them, each once. */
class NameSource {
  readonly #taken = new Set<string>();

  take(wanted: string): string {
    const name = freeName(toName(wanted, 'target'), (other) => this.#taken.has(other));
    this.#taken.add(name);
    return name;
  }
}
