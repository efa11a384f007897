import type { Ppm } from '../../../model/percent.ts';
import { FULL } from '../../../model/percent.ts';
import { contentHash, makeTypeSnapshot } from '../../../snapshot/build.ts';
import type { PushOrder, TypeSnapshot } from '../../../snapshot/snapshot.ts';
import { BackendRefs } from '../render/backends.ts';
import {
  type Collection,
  DESTINATION_RULE,
  ENVOY_FILTER,
  GATEWAY,
  HTTP_ROUTE,
  type Resource,
  SERVICE_ENTRY,
  VIRTUAL_SERVICE,
  typeUrlOf,
} from '../types.ts';
import type { Encoder } from './encode.ts';
import { mirrored } from './mirrored.ts';
import { mirrorsIn } from './plan.ts';
import { type Structure, destinationHashes } from './structure.ts';

export const VIRTUAL_SERVICES = 'networking.istio.io/v1/VirtualService';
/** istiod asks for it too, and keeps its own where there is none. */
const NO_MESH_CONFIG = makeTypeSnapshot('core/v1alpha1/MeshConfig', [], { order: 'independent' });

/** What is named comes before what names it; what nothing waits for goes at once. */
const ORDER: readonly (readonly [string, PushOrder])[] = [
  [SERVICE_ENTRY, 'named'],
  [DESTINATION_RULE, 'named'],
  [ENVOY_FILTER, 'named'],
  [GATEWAY, 'named'],
  [VIRTUAL_SERVICE, 'root'],
];

/** What does not depend on percents, made once per structure, each when it is first asked for. */
export class Pieces {
  readonly structure: Structure;
  readonly #encoder: Encoder;
  readonly #collections: readonly Collection[];
  readonly #backends: BackendRefs;
  readonly #fixed = new Map<string, TypeSnapshot>();
  readonly #forms = new Map<string, Resource>();
  #hash: string | undefined;
  #destinations: ReadonlyMap<string, string> | undefined;
  #served: ReadonlySet<string> | undefined;

  constructor(structure: Structure, encoder: Encoder, collections: readonly Collection[]) {
    this.structure = structure;
    this.#encoder = encoder;
    this.#collections = inOrder(collections);
    this.#backends = new BackendRefs(structure.targets);
  }

  /** Hash of all resources, with every mirror at 100 %. */
  get hash(): string {
    this.#hash ??= contentHash(
      ...this.types(() => FULL).flatMap(({ typeUrl, version }) => [typeUrl, '\0', version, '\0']),
      JSON.stringify(this.#of(HTTP_ROUTE, () => FULL)),
    );
    return this.#hash;
  }

  get destinations(): ReadonlyMap<string, string> {
    return (this.#destinations ??= destinationHashes(this.structure.targets));
  }

  /** Every type that istiod asks for, with what there is of it. */
  types(percentOf: (mirror: string) => Ppm): readonly TypeSnapshot[] {
    const types = this.#collections.map((collection) =>
      collection.kind === VIRTUAL_SERVICE ? this.#build(collection, percentOf) : this.#unchanging(collection),
    );
    return [...types, NO_MESH_CONFIG];
  }

  /** As Kubernetes has them, by kind. */
  resources(percentOf: (mirror: string) => Ppm): Readonly<Record<string, readonly unknown[]>> {
    const kinds = [...this.#collections.map(({ kind }) => kind), HTTP_ROUTE];
    const lists = kinds.map((kind): readonly [string, readonly unknown[]] => [
      kind,
      this.#of(kind, percentOf),
    ]);
    return Object.fromEntries(
      [...lists, ...this.#backends.made(this.#routed())].filter(([, list]) => list.length > 0),
    );
  }

  /** Namespaces of the HTTPRoutes that a mirror copies, by mirror. */
  #routed(): readonly (readonly [mirror: string, namespace: string])[] {
    return [...this.structure.plan].flatMap(([{ kind, metadata }, routes]) =>
      kind === HTTP_ROUTE
        ? [...new Set([...routes.values()].flat())].map((mirror) => [mirror, metadata.namespace] as const)
        : [],
    );
  }

  #of(kind: string, percentOf: (mirror: string) => Ppm): readonly Resource[] {
    const { owned, made } = this.structure;
    return [
      ...owned.filter((one) => one.kind === kind).map((one) => this.#form(one, percentOf)),
      ...made.filter((one) => one.kind === kind),
    ];
  }

  #unchanging(collection: Collection): TypeSnapshot {
    const known = this.#fixed.get(collection.kind);
    if (known !== undefined) return known;
    const made = this.#build(collection, () => 0);
    this.#fixed.set(collection.kind, made);
    return made;
  }

  #build(collection: Collection, percentOf: (mirror: string) => Ppm): TypeSnapshot {
    const { kind, message } = collection;
    const resources = this.#of(kind, percentOf).map((one) => this.#encoder.resource(one, message));
    const order = new Map(ORDER).get(kind) ?? 'independent';
    const labels = new Map(
      kind === VIRTUAL_SERVICE
        ? [...this.structure.targets.keys()].map((mirror) => [
            mirror,
            this.#isServed(mirror) ? percentOf(mirror) : 0,
          ])
        : [],
    );
    return makeTypeSnapshot(typeUrlOf(collection), resources, { labels, order });
  }

  /** Whether istiod itself is given it: rules of HTTPRoutes are rendered only. */
  #isServed(mirror: string): boolean {
    this.#served ??= mirrorsIn(this.structure.plan, ({ kind }) => kind === VIRTUAL_SERVICE);
    return this.#served.has(mirror);
  }

  /** One object for one content, so that it is encoded once: both sides of a change, and what was there before. */
  #form(resource: Resource, percentOf: (mirror: string) => Ppm): Resource {
    const planned = this.structure.plan.get(resource);
    if (planned === undefined) return resource;
    const percents = [...new Set([...planned.values()].flat())].map((mirror) => [mirror, percentOf(mirror)]);
    const key = JSON.stringify([
      resource.kind,
      resource.metadata.namespace,
      resource.metadata.name,
      percents,
    ]);
    const form = this.#forms.get(key) ?? mirrored(resource, this.#copying(), percentOf);
    this.#forms.delete(key);
    this.#forms.set(key, form);
    const [oldest] = this.#forms.keys();
    if (this.#forms.size > this.#keptForms() && oldest !== undefined) this.#forms.delete(oldest);
    return form;
  }

  #keptForms(): number {
    return 8 * this.structure.plan.size;
  }

  #copying(): Parameters<typeof mirrored>[1] {
    const { plan, destinations } = this.structure;
    return { plan, destinations, backendRef: (mirror, namespace) => this.#backends.ref(mirror, namespace) };
  }
}

function inOrder(collections: readonly Collection[]): readonly Collection[] {
  const rank = ({ kind }: Collection): number => {
    const index = ORDER.findIndex(([name]) => name === kind);
    return index === -1 ? ORDER.length : index;
  };
  return [...collections].sort((a, b) => rank(a) - rank(b));
}
