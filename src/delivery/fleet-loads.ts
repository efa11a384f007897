import type { DataPlane } from '../dataplanes/data-plane.ts';
import type { CopyTotals, PrimaryTotals } from '../model/observation.ts';
import { NO_COPIES, NO_PRIMARY } from '../model/observation.ts';
import type { Mirror } from '../model/mirror.ts';
import { FULL } from '../model/percent.ts';
import type { Ppm } from '../model/percent.ts';
import { isInShare } from '../model/spread.ts';
import type { ClusterLoad } from '../xds/load-reports.ts';
import type { FleetDelivery } from './fleet-delivery.ts';
import type { NodeRecord } from './node-record.ts';
import { type Sample, Series } from './series.ts';
import type { Version } from './version.ts';

/** One node's load report: loads by cluster, over `[start, end)` in epoch milliseconds. */
export interface Report {
  readonly node: NodeRecord;
  readonly loads: ReadonlyMap<string, ClusterLoad>;
  readonly start: number;
  readonly end: number;
  /** The percent in force there, by mirror. */
  readonly effective: (mirror: string) => Ppm | undefined;
}

/** What the load reports of one fleet say: of each mirror, and of its primaries as a whole. */
export class FleetLoads {
  readonly #mirrors = new Map<string, Series>();
  /** Every primary request of the fleet; `chosen`: on nodes that are on the structure under way. */
  readonly primaries = new Series();
  #underWay: Version | undefined;

  /** Primary requests on nodes with this structure since it began to be delivered; undefined: none was reported yet. */
  onChange(version: Version, since: number): PrimaryTotals | undefined {
    return this.#underWay === version ? this.primaries.totals('chosen', since)?.primary : undefined;
  }

  /** A change that began makes those who get it a group of their own. */
  follow({ change, good }: Pick<FleetDelivery, 'change' | 'good'>): void {
    const underWay = change?.version;
    if (underWay === undefined || underWay === this.#underWay) return;
    // What a change that was taken back did is nothing to compare the next with.
    this.primaries.beginGroup(this.#underWay === good ? 'kept' : 'forgotten');
    this.#underWay = underWay;
  }

  series(mirror: string): Series {
    const found = this.#mirrors.get(mirror) ?? new Series();
    this.#mirrors.set(mirror, found);
    return found;
  }

  /** Forgets mirrors that are no more. */
  keep(mirrors: readonly Mirror[]): void {
    const names = new Set(mirrors.map(({ name }) => name));
    for (const name of this.#mirrors.keys()) if (!names.has(name)) this.#mirrors.delete(name);
  }

  /**
   * A report that covers a time in which the node's configuration changed says nothing of either, and is left out.
   */
  add(
    report: Report,
    mirrors: readonly Mirror[],
    dataPlane: DataPlane,
    { change }: Pick<FleetDelivery, 'change'>,
  ): void {
    const { node, start, end, effective } = report;
    const underWay = change?.version;
    const base = node.baseSince(start);
    if (base === undefined) return;
    const seconds = (end - start) / 1000;
    for (const mirror of mirrors) {
      const percent = effective(mirror.name);
      if (percent === undefined) continue;
      const primary = primaryOf(report, base, mirror.name, seconds);
      const group = mirror.spread === undefined || isInShare(mirror.spread, node.id) ? 'chosen' : 'rest';
      const copies = copiesOf(report, mirror.name, dataPlane, primary, percent);
      this.series(mirror.name).add(group, start, { copies, primary });
    }
    const group = base === underWay ? 'chosen' : 'rest';
    const loads = [...report.loads.values()].filter(
      ({ cluster }) => dataPlane.mirrorOfCluster(cluster) === undefined,
    );
    this.primaries.add(group, start, { copies: NO_COPIES, primary: sumPrimary(loads, seconds) });
  }
}

function primaryOf(
  { loads }: Report,
  base: Version,
  mirror: string,
  seconds: number,
): PrimaryTotals | undefined {
  const primaries = base.compiled.primaries(mirror);
  if (primaries === undefined || !primaries.exact) return undefined;
  return sumPrimary(
    [...primaries.clusters].flatMap((cluster) => loads.get(cluster) ?? []),
    seconds,
  );
}

function sumPrimary(loads: readonly ClusterLoad[], seconds: number): PrimaryTotals {
  return loads.reduce(
    (sum, load) => ({
      // One that found no connection was not begun, and has failed all the same.
      requests: sum.requests + Math.max(load.issued, load.succeeded + load.failed),
      errors: sum.errors + load.failed,
      requestSeconds: sum.requestSeconds + load.inProgress * seconds,
      variance: sum.variance + load.inProgress * seconds ** 2,
    }),
    NO_PRIMARY,
  );
}

function copiesOf(
  { loads }: Report,
  mirror: string,
  dataPlane: DataPlane,
  primary: Sample['primary'],
  percent: Ppm,
): CopyTotals {
  const expected = primary && { expected: (primary.requests * percent) / FULL };
  let sum: CopyTotals = { ...NO_COPIES, ...expected };
  for (const load of loads.values()) {
    if (dataPlane.mirrorOfCluster(load.cluster) !== mirror) continue;
    sum = {
      sent: sum.sent + load.issued,
      succeeded: sum.succeeded + load.succeeded,
      failed: sum.failed + load.failed,
      dropped: sum.dropped + load.dropped,
      inFlight: sum.inFlight + load.inProgress,
      ...expected,
    };
  }
  return sum;
}
