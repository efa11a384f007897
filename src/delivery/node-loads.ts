import type { ClusterLoad } from '../xds/load-reports.ts';
import type { Version } from './version.ts';

/** Copies of one mirror, summed. */
export interface LoadRecord {
  copies: number;
  errors: number;
  inProgress: number;
  dropped: number;
}

/** What one node reported of its copies, by mirror. */
export class NodeLoads {
  /** Since the node connected. */
  #sums = new Map<string, LoadRecord>();
  /** The same since it was on a structure, as far as a report is of nothing else. */
  #on: { readonly base: Version; readonly sums: Map<string, LoadRecord> } | undefined;

  of(mirror: string): LoadRecord | undefined {
    return this.#sums.get(mirror);
  }

  /** Copies while the node was on this structure; undefined when it is not, or nothing was reported. */
  on(base: Version, mirror: string): LoadRecord | undefined {
    return this.#on?.base === base ? this.#on.sums.get(mirror) : undefined;
  }

  clear(): void {
    this.#sums = new Map();
  }

  /**
   * Adds what a report says of a mirror's cluster, and answers it with `failed` as it is: Envoy's count of errors leaves
   * out copies that ended without an answer (cut at `maxStreamDuration`, say). Those are what is missing between the
   * copies begun and those that ended or are under way. `base`: the structure that all of the report is of, if of one.
   */
  add(mirror: string, load: ClusterLoad, base: Version | undefined): ClusterLoad {
    const underWay = load.inProgress - (this.#sums.get(mirror)?.inProgress ?? 0);
    const lost = Math.max(0, load.issued - load.succeeded - load.failed - underWay);
    const whole = { ...load, failed: load.failed + lost };
    addTo(this.#sums, mirror, whole);
    if (base === undefined) return whole;
    if (this.#on?.base !== base) this.#on = { base, sums: new Map() };
    addTo(this.#on.sums, mirror, whole);
    return whole;
  }
}

function addTo(sums: Map<string, LoadRecord>, mirror: string, load: ClusterLoad): void {
  const sum = sums.get(mirror) ?? { copies: 0, errors: 0, inProgress: 0, dropped: 0 };
  sum.copies += load.succeeded + load.failed;
  sum.errors += load.failed;
  sum.inProgress = load.inProgress;
  sum.dropped += load.dropped;
  sums.set(mirror, sum);
}
