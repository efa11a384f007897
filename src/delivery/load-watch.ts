import type { Ppm } from '../model/percent.ts';
import type { ClusterLoad } from '../xds/load-reports.ts';
import type { Fleet } from './fleet.ts';
import { judgeChange } from './judge.ts';
import type { NodeRecord } from './node-record.ts';
import { RECENT_MS, recentLoad } from './observed.ts';
import type { Timers } from './timers.ts';
import type { DeliveryEvent } from './types.ts';

const WATCH_INTERVAL_MS = 1000;
/** A report repeats the node, some 60 KB: while something is watched, a fleet sends at most a hundred a second. */
const INTERVAL_MS_PER_NODE = 10;
/** A large fleet reports more often than anyone can look. */
const TELL_MS = 1000;

export interface LoadWatchOptions {
  readonly timers: Timers;
  /** How often nodes report while nothing is watched, in milliseconds. */
  readonly intervalMs: number;
  readonly tell: (event: DeliveryEvent) => void;
}

/** Takes load reports: sums them, has changes judged by them, and says how often they are to come. */
export class LoadWatch {
  readonly #options: LoadWatchOptions;
  /** Fleets whose reports someone is waiting for, by who does. */
  readonly #watched = new Map<string, ReadonlySet<string>>();

  constructor(options: LoadWatchOptions) {
    this.#options = options;
  }

  reported(
    fleet: Fleet,
    node: NodeRecord,
    loads: readonly ClusterLoad[],
    intervalMs: number | undefined,
  ): void {
    const end = this.#options.timers.now();
    node.lastReport = end;
    const start = end - (intervalMs ?? 0);
    const base = node.baseSince(start);
    const whole = loads.map((load) => {
      const mirror = fleet.dataPlane.mirrorOfCluster(load.cluster);
      return mirror === undefined ? load : node.loads.add(mirror, load, base);
    });
    if (intervalMs === undefined) return;
    const effective = (mirror: string): Ppm | undefined => fleet.effectivePercent(node, mirror);
    const report = { node, loads: new Map(whole.map((load) => [load.cluster, load])), start, end, effective };
    const { change } = fleet.delivery;
    fleet.loads.add(report, fleet.percents.mirrors, fleet.dataPlane, fleet.delivery);
    this.#tell(fleet, end);
    const complaint = change && judgeChange(fleet, change);
    if (complaint !== undefined) fleet.delivery.reject({ message: complaint });
  }

  #tell(fleet: Fleet, now: number): void {
    if (now - fleet.toldLoadAt < TELL_MS) return;
    fleet.toldLoadAt = now;
    for (const { name } of fleet.percents.mirrors) {
      const recent = recentLoad(fleet.loads.series(name).all(now - RECENT_MS));
      this.#options.tell({ kind: 'load', fleet: fleet.name, mirror: name, ...recent });
    }
  }

  /** Milliseconds. */
  intervalOf(fleet: Fleet | undefined): number {
    const { intervalMs } = this.#options;
    if (fleet === undefined) return intervalMs;
    const watched = [...this.#watched.values()].some((fleets) => fleets.has(fleet.name));
    if (fleet.delivery.change === undefined && !watched) return intervalMs;
    return Math.min(intervalMs, Math.max(WATCH_INTERVAL_MS, fleet.members.size * INTERVAL_MS_PER_NODE));
  }

  /** True when intervals may be others now. */
  watchFor(who: string, fleets: ReadonlySet<string>): boolean {
    const before = this.#watched.get(who) ?? new Set<string>();
    this.#watched.set(who, fleets);
    return fleets.size !== before.size || [...fleets].some((fleet) => !before.has(fleet));
  }
}
