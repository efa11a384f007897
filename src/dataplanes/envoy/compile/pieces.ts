import type { Mirror } from '../../../model/mirror.ts';
import { contentHash, makeTypeSnapshot } from '../../../snapshot/build.ts';
import type { PushOrder, TypeSnapshot } from '../../../snapshot/snapshot.ts';
import type { Primaries } from '../../data-plane.ts';
import type { Json } from '../json.ts';
import type { PercentSource } from '../translate/mirror-policy.ts';
import { routesWithMirrors } from '../translate/routes.ts';
import { RESOURCE_LISTS, type ResourceList, typeUrl } from '../types.ts';
import { destinationsOf } from './destinations.ts';
import type { Encoder } from './encode.ts';
import { findPrimaries } from './primaries.ts';
import { type Structure, mirrorsOn } from './structure.ts';
import { BY_RUNTIME } from './variant.ts';

const ORDER: Readonly<Record<ResourceList, PushOrder>> = {
  runtimes: 'independent',
  secrets: 'named',
  clusters: 'named',
  endpoints: 'named',
  listeners: 'root',
  routes: 'named',
};

/** Forms of one route configuration that are kept: both sides of a rollout, and what was there before. */
const KEPT_FORMS = 8;

/** Resources of one type, as JSON and as they are sent. */
export interface Built {
  readonly json: readonly Json[];
  readonly snapshot: TypeSnapshot;
}

/** What does not depend on percents, made once per structure, each when it is first asked for. */
export class Pieces {
  readonly #structure: Structure;
  readonly #encoder: Encoder;
  readonly #built = new Map<string, Built>();
  readonly #forms = new Map<Json, Map<string, Json>>();
  #planned: ReadonlyMap<Json, readonly Mirror[]> | undefined;
  #hash: string | undefined;
  #primaries: ReadonlyMap<string, Primaries> | undefined;
  #destinations: ReadonlyMap<string, string> | undefined;

  constructor(structure: Structure, encoder: Encoder) {
    this.#structure = structure;
    this.#encoder = encoder;
  }

  get warnings(): Structure['warnings'] {
    return this.#structure.warnings;
  }

  get mirrors(): Iterable<string> {
    return this.#structure.clusters.keys();
  }

  /** Hash of all resources, with the routes in the form that no percent changes. */
  get hash(): string {
    this.#hash ??= contentHash(
      ...RESOURCE_LISTS.map((list) =>
        list === 'routes' ? this.runtimeRoutes() : this.mirrored(list),
      ).flatMap(({ snapshot }) => [snapshot.typeUrl, '\0', snapshot.version, '\0']),
    );
    return this.#hash;
  }

  get primaries(): ReadonlyMap<string, Primaries> {
    return (this.#primaries ??= findPrimaries(this.#structure));
  }

  get destinations(): ReadonlyMap<string, string> {
    return (this.#destinations ??= destinationsOf(this.#structure.targets));
  }

  /** The owner's resources of a type, as they are. */
  owned(list: ResourceList): Built {
    return this.#once(`owned ${list}`, () => this.build(list, this.#structure.config.lists[list]));
  }

  /** The owner's and the mirrors' resources of a type; of routes and runtimes the owner's. */
  mirrored(list: ResourceList): Built {
    if (list !== 'clusters' && list !== 'endpoints') return this.owned(list);
    return this.#once(`mirrored ${list}`, () => {
      const { config, clusters } = this.#structure;
      const ours = [...clusters.values()].map((built) =>
        list === 'clusters' ? built.cluster : built.endpoints,
      );
      const json = [...config.lists[list], ...ours.filter((item) => item !== undefined)];
      const labels = new Map(list === 'clusters' ? [...this.mirrors].map((name) => [name, 1]) : []);
      return this.build(list, json, { labels });
    });
  }

  /** Routes whose percents are in the runtime: the same whatever the percents are. */
  runtimeRoutes(): Built {
    return this.#once('runtime routes', () => this.routes(() => ({ from: 'runtime' })));
  }

  /** Routes with the mirrors for which there is a source. A route configuration that stays the same is not made anew. */
  routes(sourceOf: (mirror: string) => PercentSource | undefined): Built {
    const json = this.#structure.config.lists.routes.map((routes) => this.#form(routes, sourceOf));
    const labels = new Map<string, number>();
    for (const name of this.mirrors) {
      const source = sourceOf(name);
      labels.set(name, source === undefined ? 0 : source.from === 'runtime' ? BY_RUNTIME : source.percent);
    }
    return this.build('routes', json, { labels });
  }

  build(
    list: ResourceList,
    json: readonly Json[],
    options: { labels?: ReadonlyMap<string, number>; ttls?: ReadonlyMap<Json, number> } = {},
  ): Built {
    const { labels, ttls } = options;
    const resources = json.map((item) => {
      const ttlMs = ttls?.get(item);
      return this.#encoder.resource(list, item, { resend: resendAfter(list, item), ttlMs });
    });
    const snapshot = makeTypeSnapshot(typeUrl(list), resources, {
      ...(labels && { labels }),
      order: ORDER[list],
      required: list === 'clusters',
    });
    return { json, snapshot };
  }

  #form(routes: Json, sourceOf: (mirror: string) => PercentSource | undefined): Json {
    const sources = (this.#plannedOn(routes) ?? []).map(({ name }) => [name, sourceOf(name)]);
    const key = JSON.stringify(sources);
    const forms = this.#forms.get(routes) ?? new Map<string, Json>();
    this.#forms.set(routes, forms);
    const { config, plan } = this.#structure;
    const edge = config.edges.get(String(routes['name']));
    const form = forms.get(key) ?? routesWithMirrors(routes, plan, edge, ({ name }) => sourceOf(name));
    // Deleted and set again, so that the first is the one not asked for longest.
    forms.delete(key);
    forms.set(key, form);
    const [oldest] = forms.keys();
    if (forms.size > KEPT_FORMS && oldest !== undefined) forms.delete(oldest);
    return form;
  }

  #plannedOn(routes: Json): readonly Mirror[] | undefined {
    this.#planned ??= mirrorsOn(this.#structure);
    return this.#planned.get(routes);
  }

  #once(key: string, make: () => Built): Built {
    const known = this.#built.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#built.set(key, made);
    return made;
  }
}

/** Envoy waits for a changed cluster's endpoints even when these are the same. */
function resendAfter(list: ResourceList, json: Json): { typeUrl: string; name: string } | undefined {
  if (list !== 'clusters' || json['type'] !== 'EDS') return undefined;
  const eds = json['eds_cluster_config'] as Json | undefined;
  return { typeUrl: typeUrl('endpoints'), name: String(eds?.['service_name'] ?? json['name']) };
}
