import type { CopyTotals, PrimaryTotals } from '../model/observation.ts';
import { NO_COPIES, NO_PRIMARY } from '../model/observation.ts';

/** What one load report says of one mirror. */
export interface Sample {
  readonly copies: CopyTotals;
  /** Undefined where the counters cannot tell. */
  readonly primary: PrimaryTotals | undefined;
}

/** `chosen`: nodes in a rollout's share, or all where there is none. `rest`: the others. */
export type Group = 'chosen' | 'rest';

interface Bucket {
  /** Epoch milliseconds: start of the time the reports in it cover, rounded down. */
  readonly at: number;
  copies: CopyTotals;
  primary: PrimaryTotals | undefined;
}

const BUCKET_MS = 1000;
const KEPT_MS = 3_600_000;

/** A mirror's load reports of the last hour, summed by second and group. */
export class Series {
  /** Everything since this process began. */
  sum: Sample = { copies: emptyCopies(), primary: NO_PRIMARY };
  readonly #buckets: { readonly [G in Group]: Bucket[] } = { chosen: [], rest: [] };

  /** `start`: epoch milliseconds at which the report's interval began. Reports come roughly in order. */
  add(group: Group, start: number, { copies, primary }: Sample): void {
    const bucket = this.#bucketAt(group, Math.floor(start / BUCKET_MS) * BUCKET_MS);
    this.sum = addSample(this.sum, { copies, primary });
    Object.assign(bucket, addSample(bucket, { copies, primary }));
  }

  #bucketAt(group: Group, at: number): Bucket {
    const buckets = this.#buckets[group];
    let index = buckets.length;
    while (index > 0 && (buckets[index - 1]?.at ?? 0) > at) index -= 1;
    const before = buckets[index - 1];
    if (before?.at === at) return before;
    const made: Bucket = { at, copies: emptyCopies(), primary: NO_PRIMARY };
    buckets.splice(index, 0, made);
    const oldest = (buckets.at(-1)?.at ?? at) - KEPT_MS;
    while ((buckets[0]?.at ?? oldest) < oldest) buckets.shift();
    return made;
  }

  /** A new share of nodes is chosen: what was seen of the last counts with the others, or is forgotten. */
  beginGroup(last: 'kept' | 'forgotten'): void {
    const { chosen } = this.#buckets;
    if (last === 'kept') {
      for (const bucket of chosen) {
        const rest = this.#bucketAt('rest', bucket.at);
        Object.assign(rest, addSample(rest, bucket));
      }
    }
    chosen.length = 0;
  }

  /** Sums over reports that began in `[from, to)`, epoch milliseconds; undefined when there is none. */
  totals(group: Group, from: number, to = Infinity): Sample | undefined {
    const buckets = this.#buckets[group].filter(({ at }) => at > from - BUCKET_MS && at < to);
    const last = buckets.at(-1);
    if (last === undefined) return undefined;
    const sum = buckets.reduce(addSample, { copies: emptyCopies(), primary: NO_PRIMARY });
    return { copies: { ...sum.copies, inFlight: last.copies.inFlight }, primary: sum.primary };
  }

  /** Both groups together. */
  all(from: number): Sample | undefined {
    const [chosen, rest] = [this.totals('chosen', from), this.totals('rest', from)];
    return chosen && rest ? addSample(chosen, rest) : (chosen ?? rest);
  }

  /** A point for each second that has one, both groups together; the newest last. */
  points(from: number): readonly ({ readonly at: number } & Sample)[] {
    const byTime = new Map<number, Sample>();
    for (const bucket of [...this.#buckets.chosen, ...this.#buckets.rest]) {
      if (bucket.at < from) continue;
      const other = byTime.get(bucket.at);
      byTime.set(bucket.at, other === undefined ? bucket : addSample(other, bucket));
    }
    return [...byTime]
      .sort(([a], [b]) => a - b)
      .map(([at, { copies, primary }]) => ({ at, copies, primary }));
  }
}

export function addSample(a: Sample, b: Sample): Sample {
  return {
    copies: addCopies(a.copies, b.copies),
    primary: a.primary && b.primary && addPrimary(a.primary, b.primary),
  };
}

function emptyCopies(): CopyTotals {
  return { ...NO_COPIES, expected: 0 };
}

/** What the one does not know the sum does not know. */
function addCopies(a: CopyTotals, b: CopyTotals): CopyTotals {
  const known = a.expected !== undefined && b.expected !== undefined;
  return {
    sent: a.sent + b.sent,
    succeeded: a.succeeded + b.succeeded,
    failed: a.failed + b.failed,
    dropped: a.dropped + b.dropped,
    inFlight: a.inFlight + b.inFlight,
    ...(known && { expected: (a.expected ?? 0) + (b.expected ?? 0) }),
  };
}

function addPrimary(a: PrimaryTotals, b: PrimaryTotals): PrimaryTotals {
  return {
    requests: a.requests + b.requests,
    errors: a.errors + b.errors,
    requestSeconds: a.requestSeconds + b.requestSeconds,
    variance: a.variance + b.variance,
  };
}
