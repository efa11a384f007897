import type { Ppm } from '../../../model/percent.ts';
import { makeSnapshot } from '../../../snapshot/build.ts';
import type { Snapshot } from '../../../snapshot/snapshot.ts';
import type { Compiled } from '../../data-plane.ts';
import type { Pieces } from './pieces.ts';

/** One fleet at one revision. */
export class IstioCompiled implements Compiled {
  readonly #pieces: Pieces;
  readonly #percents: ReadonlyMap<string, Ppm>;
  #snapshot: Snapshot | undefined;

  constructor(pieces: Pieces, percents: ReadonlyMap<string, Ppm>) {
    this.#pieces = pieces;
    this.#percents = percents;
  }

  get warnings(): Compiled['warnings'] {
    return this.#pieces.structure.warnings;
  }

  get structure(): string {
    return this.#pieces.hash;
  }

  get destinations(): ReadonlyMap<string, string> {
    return this.#pieces.destinations;
  }

  withPercents(percents: ReadonlyMap<string, Ppm>): IstioCompiled {
    return new IstioCompiled(this.#pieces, percents);
  }

  /** Gateways report nothing to us, so there is nothing to compare with. */
  primaries(): undefined {
    return undefined;
  }

  snapshot(): Snapshot {
    return (this.#snapshot ??= makeSnapshot(this.#pieces.types((mirror) => this.#percents.get(mirror) ?? 0)));
  }

  resources(): Readonly<Record<string, readonly unknown[]>> {
    return this.#pieces.resources((mirror) => this.#percents.get(mirror) ?? 0);
  }
}
