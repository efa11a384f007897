import type { Mirror } from '../../../model/mirror.ts';
import type { Ppm } from '../../../model/percent.ts';
import { makeSnapshot, makeTypeSnapshot } from '../../../snapshot/build.ts';
import type { PushOrder, Snapshot, TypeSnapshot } from '../../../snapshot/snapshot.ts';
import type { Compiled } from '../../data-plane.ts';
import type { Json } from '../json.ts';
import { runtimeLayer } from '../translate/runtime.ts';
import { routesWithMirrors } from '../translate/routes.ts';
import type { PercentSource } from '../translate/mirror-policy.ts';
import { RESOURCE_LISTS, type ResourceList, typeUrl } from '../types.ts';
import type { Encoder } from './encode.ts';
import type { Structure } from './structure.ts';
import { BY_RUNTIME, type Variant, variantOf } from './variant.ts';

const ORDER: Readonly<Record<ResourceList, PushOrder>> = {
  runtimes: 'independent',
  secrets: 'named',
  clusters: 'named',
  endpoints: 'named',
  listeners: 'root',
  routes: 'named',
};

/** What does not depend on percents, made once per structure. */
export class Pieces {
  readonly structure: Structure;
  readonly #mirrors: readonly Mirror[];
  readonly #encoder: Encoder;
  readonly #static = new Map<ResourceList, TypeSnapshot>();
  #runtimeRoutes: { json: readonly Json[]; snapshot: TypeSnapshot } | undefined;

  constructor(structure: Structure, mirrors: readonly Mirror[], encoder: Encoder) {
    this.structure = structure;
    this.#mirrors = mirrors;
    this.#encoder = encoder;
  }

  json(list: ResourceList): readonly Json[] {
    const { config, clusters } = this.structure;
    const built = [...clusters.values()];
    if (list === 'clusters') return [...config.lists.clusters, ...built.map(({ cluster }) => cluster)];
    if (list === 'endpoints') {
      return [...config.lists.endpoints, ...built.flatMap(({ endpoints }) => (endpoints ? [endpoints] : []))];
    }
    return config.lists[list];
  }

  snapshot(list: ResourceList): TypeSnapshot {
    const known = this.#static.get(list);
    if (known !== undefined) return known;
    const labels = new Map(list === 'clusters' ? this.#mirrors.map(({ name }) => [name, 1]) : []);
    const made = this.encode(list, this.json(list), labels);
    this.#static.set(list, made);
    return made;
  }

  /** Routes whose percent is in the runtime: the same whatever the percents are. */
  runtimeRoutes(): { readonly json: readonly Json[]; readonly snapshot: TypeSnapshot } {
    this.#runtimeRoutes ??= this.routes(() => ({ from: 'runtime' }));
    return this.#runtimeRoutes;
  }

  routes(sourceOf: (mirror: Mirror) => PercentSource | undefined): {
    json: readonly Json[];
    snapshot: TypeSnapshot;
  } {
    const { config, plan } = this.structure;
    const json = config.lists.routes.map((routes) =>
      routesWithMirrors(routes, plan, config.edges.get(String(routes['name'])), sourceOf),
    );
    const labels = new Map<string, number>();
    for (const mirror of this.#mirrors) {
      const source = sourceOf(mirror);
      labels.set(
        mirror.name,
        source === undefined ? 0 : source.from === 'runtime' ? BY_RUNTIME : source.percent,
      );
    }
    return { json, snapshot: this.encode('routes', json, labels) };
  }

  encode(list: ResourceList, json: readonly Json[], labels?: ReadonlyMap<string, number>): TypeSnapshot {
    const resources = json.map((item) => this.#encoder.resource(list, item, resendAfter(list, item)));
    return makeTypeSnapshot(typeUrl(list), resources, {
      ...(labels && { labels }),
      order: ORDER[list],
    });
  }
}

/** Envoy waits for a changed cluster's endpoints even when these are the same. */
function resendAfter(list: ResourceList, json: Json): { typeUrl: string; name: string } | undefined {
  if (list !== 'clusters' || json['type'] !== 'EDS') return undefined;
  const eds = json['eds_cluster_config'] as Json | undefined;
  return { typeUrl: typeUrl('endpoints'), name: String(eds?.['service_name'] ?? json['name']) };
}

/** One fleet at one revision. */
export class EnvoyCompiled implements Compiled {
  readonly #pieces: Pieces;
  readonly #percents: ReadonlyMap<string, Ppm>;
  readonly #snapshots = new Map<Variant, Snapshot>();
  #routeForm: { json: readonly Json[]; snapshot: TypeSnapshot } | undefined;
  #runtimes: TypeSnapshot | undefined;

  constructor(pieces: Pieces, percents: ReadonlyMap<string, Ppm>) {
    this.#pieces = pieces;
    this.#percents = percents;
  }

  get warnings(): Compiled['warnings'] {
    return this.#pieces.structure.warnings;
  }

  snapshot(variant: string): Snapshot {
    const wanted = variantOf(variant);
    const known = this.#snapshots.get(wanted);
    if (known !== undefined) return known;
    const made = makeSnapshot(RESOURCE_LISTS.map((list) => this.#typeSnapshot(list, wanted)));
    this.#snapshots.set(wanted, made);
    return made;
  }

  resources(variant?: string): Readonly<Record<string, readonly unknown[]>> {
    const wanted = variantOf(variant);
    return Object.fromEntries(RESOURCE_LISTS.map((list) => [list, this.#json(list, wanted)]));
  }

  #json(list: ResourceList, variant: Variant): readonly Json[] {
    if (list === 'runtimes') return this.#runtimeJson();
    if (list === 'routes') return this.#routes(variant).json;
    return this.#pieces.json(list);
  }

  #typeSnapshot(list: ResourceList, variant: Variant): TypeSnapshot {
    if (list === 'runtimes') {
      this.#runtimes ??= this.#pieces.encode('runtimes', this.#runtimeJson(), this.#percents);
      return this.#runtimes;
    }
    return list === 'routes' ? this.#routes(variant).snapshot : this.#pieces.snapshot(list);
  }

  #runtimeJson(): readonly Json[] {
    return [...this.#pieces.json('runtimes'), runtimeLayer(this.#percents)];
  }

  #routes(variant: Variant): { readonly json: readonly Json[]; readonly snapshot: TypeSnapshot } {
    if (variant === 'runtime') return this.#pieces.runtimeRoutes();
    this.#routeForm ??= this.#pieces.routes(({ name }) => {
      const percent = this.#percents.get(name) ?? 0;
      return percent === 0 ? undefined : { from: 'route', percent };
    });
    return this.#routeForm;
  }
}
