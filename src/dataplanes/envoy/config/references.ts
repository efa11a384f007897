import type { IssueList } from '../../../model/issue.ts';
import { type Json, dig, object, objects, string, walk } from '../json.ts';
import { TCP_PROXY, messageOf } from '../types.ts';
import { mapHcms } from './http-connection-managers.ts';
import type { PlacedLists } from './split.ts';

/**
 * Everything that a resource names must be in the configuration. Envoy acknowledges many a dangling name and then
 * answers 503, or silently copies nothing.
 */
export function checkReferences(lists: PlacedLists, issues: IssueList): void {
  const check = new ReferenceCheck(lists, issues);
  for (const { json, path } of lists.routes) check.routes(json, path);
  for (const { json, path } of lists.clusters) check.cluster(json, path);
  for (const { json, path } of lists.listeners) check.listener(json, path);
}

class ReferenceCheck {
  readonly #issues: IssueList;
  readonly #clusters: ReadonlySet<string>;
  readonly #routes: ReadonlySet<string>;
  readonly #endpoints: ReadonlySet<string>;
  readonly #secrets: ReadonlySet<string>;

  constructor(lists: PlacedLists, issues: IssueList) {
    const names = (list: PlacedLists['routes'], field = 'name'): ReadonlySet<string> =>
      new Set(list.map(({ json }) => string(json[field]) ?? ''));
    this.#issues = issues;
    this.#clusters = names(lists.clusters);
    this.#routes = names(lists.routes);
    this.#endpoints = names(lists.endpoints, 'cluster_name');
    this.#secrets = names(lists.secrets);
  }

  routes(json: Json, path: string): void {
    // `validate_clusters: false` is the owner's word that unknown clusters are meant.
    const strict = json['validate_clusters'] !== false;
    walk(json, path, (here, at) => {
      const action = object(here['route']);
      if (action !== undefined && here['match'] !== undefined && strict) this.#action(action, `${at}.route`);
      this.#policies(here, at);
      this.#services(here, at);
    });
  }

  cluster(json: Json, path: string): void {
    if (json['type'] === 'EDS' && isOurs(dig(json, 'eds_cluster_config', 'eds_config'))) {
      const service = string(dig(json, 'eds_cluster_config', 'service_name')) ?? string(json['name']) ?? '';
      if (!this.#endpoints.has(service)) {
        this.#add(
          `${path}.eds_cluster_config`,
          `no endpoints named "${service}" in this config; add them to endpoints`,
        );
      }
    }
    walk(json, path, (here, at) => this.#services(here, at));
    const aggregate = object(dig(json, 'cluster_type', 'typed_config'));
    if (messageOf(aggregate?.['@type']) === 'envoy.extensions.clusters.aggregate.v3.ClusterConfig') {
      const members = Array.isArray(aggregate?.['clusters']) ? (aggregate['clusters'] as unknown[]) : [];
      members.forEach((name, index) =>
        this.#known(name, `${path}.cluster_type.typed_config.clusters[${index}]`),
      );
    }
  }

  listener(json: Json, path: string): void {
    mapHcms(json, path, (hcm, place) => {
      const name = string(dig(hcm, 'rds', 'route_config_name'));
      if (name !== undefined && isOurs(dig(hcm, 'rds', 'config_source')) && !this.#routes.has(name)) {
        this.#add(
          `${place.path}.rds.route_config_name`,
          `no route configuration named "${name}" in this config`,
        );
      }
      return hcm;
    });
    walk(json, path, (here, at) => {
      if (messageOf(here['@type']) === TCP_PROXY) this.#action(here, at);
      this.#services(here, at);
    });
  }

  /** `cluster` and `weighted_clusters` of a route action or a TCP proxy. */
  #action(action: Json, path: string): void {
    if (string(action['cluster']) !== undefined) this.#known(action['cluster'], `${path}.cluster`);
    objects(dig(action, 'weighted_clusters', 'clusters')).forEach((cluster, index) => {
      const at = `${path}.weighted_clusters.clusters[${index}].name`;
      if (string(cluster['name']) !== undefined) this.#known(cluster['name'], at);
    });
  }

  #policies(json: Json, path: string): void {
    objects(json['request_mirror_policies']).forEach((policy, index) => {
      const at = `${path}.request_mirror_policies[${index}].cluster`;
      if (string(policy['cluster']) !== undefined) this.#known(policy['cluster'], at);
    });
  }

  /** gRPC and HTTP services, and secrets, that any filter may name. */
  #services(json: Json, path: string): void {
    const grpc = string(dig(json, 'envoy_grpc', 'cluster_name'));
    if (grpc !== undefined) this.#known(grpc, `${path}.envoy_grpc.cluster_name`);
    const http = object(json['http_uri']);
    if (string(http?.['cluster']) !== undefined) this.#known(http?.['cluster'], `${path}.http_uri.cluster`);
    for (const [key, value] of Object.entries(json)) {
      if (!key.endsWith('sds_secret_config') && !key.endsWith('sds_secret_configs')) continue;
      const list = Array.isArray(value)
        ? objects(value)
        : [object(value)].filter((item) => item !== undefined);
      for (const secret of list) this.#secret(secret, `${path}.${key}`);
    }
  }

  #secret(secret: Json, path: string): void {
    const name = string(secret['name']);
    if (name === undefined || !isOurs(secret['sds_config'] ?? { ads: {} }) || this.#secrets.has(name)) return;
    this.#add(path, `no secret named "${name}" in this config; add it to secrets, or give the file it is in`);
  }

  #known(name: unknown, path: string): void {
    if (!this.#clusters.has(String(name)))
      this.#add(path, `no cluster named "${String(name)}" in this config`);
  }

  #add(path: string, message: string): void {
    this.#issues.items.push({ path, message });
  }
}

/** Whether this server is the source; another server's or a file's resources are not known here. */
function isOurs(source: unknown): boolean {
  const json = object(source);
  return json?.['ads'] !== undefined || json?.['self'] !== undefined;
}
