import { percentInForce } from '../model/in-force.ts';
import type { Mirror } from '../model/mirror.ts';
import type { Ppm } from '../model/percent.ts';
import { isInShare } from '../model/spread.ts';
import type { State } from '../model/state.ts';
import { stopOf } from '../model/stop.ts';

export type Percents = ReadonlyMap<string, Ppm>;

/** What percents the nodes of one fleet are to have at one revision. Nodes that are to have the same share one map. */
export class FleetPercents {
  readonly mirrors: readonly Mirror[];
  readonly stopped: boolean;
  readonly #spread: readonly Mirror[];
  readonly #known = new Map<string, Percents>();

  constructor(state: State, fleet: string) {
    this.mirrors = [...state.mirror.values()]
      .map(({ value }) => value)
      .filter((mirror) => mirror.fleet === fleet);
    this.stopped = stopOf(state.stop, fleet) !== undefined;
    this.#spread = this.mirrors.filter(({ spread }) => spread !== undefined);
  }

  of(node: string): Percents {
    return this.#make(
      this.#spread.map(({ spread }) => (spread && isInShare(spread, node) ? '1' : '0')).join(''),
      (mirror) => percentInForce(mirror, node, this.stopped),
    );
  }

  /** Of nodes that are in every share. */
  ofChosen(): Percents {
    return this.#make('1'.repeat(this.#spread.length), ({ spread: _, ...mirror }) =>
      percentInForce(mirror, '', this.stopped),
    );
  }

  #make(shares: string, percent: (mirror: Mirror) => Ppm): Percents {
    const known = this.#known.get(shares);
    if (known !== undefined) return known;
    const percents = new Map(this.mirrors.map((mirror) => [mirror.name, percent(mirror)]));
    this.#known.set(shares, percents);
    return percents;
  }
}
