import type { Ppm } from '../../../model/percent.ts';
import { makeSnapshot } from '../../../snapshot/build.ts';
import type { Snapshot } from '../../../snapshot/snapshot.ts';
import type { Compiled, Primaries } from '../../data-plane.ts';
import { runtimeLayer } from '../translate/runtime.ts';
import { RESOURCE_LISTS, type ResourceList } from '../types.ts';
import type { Expiries } from './expiries.ts';
import type { Built, Pieces } from './pieces.ts';
import { type Variant, variantOf } from './variant.ts';

/** One fleet at one revision. */
export class EnvoyCompiled implements Compiled {
  readonly #pieces: Pieces;
  readonly #percents: ReadonlyMap<string, Ppm>;
  readonly #expiries: Expiries;
  readonly #snapshots = new Map<Variant, Snapshot>();
  readonly #built = new Map<string, Built>();

  constructor(pieces: Pieces, percents: ReadonlyMap<string, Ppm>, expiries: Expiries) {
    this.#pieces = pieces;
    this.#percents = new Map([...pieces.mirrors].map((mirror) => [mirror, percents.get(mirror) ?? 0]));
    this.#expiries = expiries;
  }

  get warnings(): Compiled['warnings'] {
    return [...this.#pieces.warnings, ...this.#expiries.warnings];
  }

  get structure(): string {
    return this.#pieces.hash;
  }

  get destinations(): ReadonlyMap<string, string> {
    return this.#pieces.destinations;
  }

  withPercents(percents: ReadonlyMap<string, Ppm>): EnvoyCompiled {
    return new EnvoyCompiled(this.#pieces, percents, this.#expiries);
  }

  primaries(mirror: string): Primaries | undefined {
    return this.#pieces.primaries.get(mirror);
  }

  snapshot(variant: string): Snapshot {
    const wanted = variantOf(variant);
    const known = this.#snapshots.get(wanted);
    if (known !== undefined) return known;
    const made = makeSnapshot(RESOURCE_LISTS.map((list) => this.#resources(list, wanted).snapshot));
    this.#snapshots.set(wanted, made);
    return made;
  }

  resources(variant?: string): Readonly<Record<string, readonly unknown[]>> {
    const wanted = variantOf(variant);
    return Object.fromEntries(RESOURCE_LISTS.map((list) => [list, this.#resources(list, wanted).json]));
  }

  #resources(list: ResourceList, variant: Variant): Built {
    if (list === 'runtimes') return this.#runtimes(variant);
    if (variant === 'unmirrored') return this.#pieces.owned(list);
    if (list !== 'routes') return this.#pieces.mirrored(list);
    return variant === 'route' ? this.#routes() : this.#pieces.runtimeRoutes();
  }

  /** Of mirrors that expire the whole layer expires: it is one resource. */
  #runtimes(variant: Variant): Built {
    return this.#once(`runtimes ${variant}`, () => {
      const { ttlMs } = this.#expiries;
      const percents = this.#percentsOf(variant);
      const layer = runtimeLayer(percents);
      const ttls = new Map(ttlMs === undefined || variant !== 'runtime' ? [] : [[layer, ttlMs]]);
      const labels = new Map([...this.#percents.keys()].map((mirror) => [mirror, percents.get(mirror) ?? 0]));
      return this.#pieces.build('runtimes', [...this.#pieces.owned('runtimes').json, layer], {
        labels,
        ttls,
      });
    });
  }

  #routes(): Built {
    return this.#once('routes', () => {
      const percents = this.#percentsOf('route');
      return this.#pieces.routes((mirror) => {
        const percent = percents.get(mirror) ?? 0;
        return percent === 0 ? undefined : { from: 'route', percent };
      });
    });
  }

  /** The mirrors that a node of the variant can have. */
  #percentsOf(variant: Variant): ReadonlyMap<string, Ppm> {
    if (variant === 'runtime') return this.#percents;
    if (variant === 'unmirrored') return new Map();
    return new Map([...this.#percents].filter(([mirror]) => !this.#expiries.mirrors.has(mirror)));
  }

  #once(key: string, make: () => Built): Built {
    const known = this.#built.get(key);
    if (known !== undefined) return known;
    const made = make();
    this.#built.set(key, made);
    return made;
  }
}
