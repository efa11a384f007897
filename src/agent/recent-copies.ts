import type { CopyOutcome } from './copy-outcome.ts';

/** Copies of some time: how many there were, what became of them, and how long those that held up clients took in all. */
export interface Tally extends Readonly<Record<CopyOutcome, number>> {
  readonly all: number;
  /** `hung` and `slow`. */
  readonly held: number;
  readonly heldMs: number;
}

/** One that held up a client. */
export interface Held {
  readonly outcome: 'hung' | 'slow';
  readonly beganAt: number;
}

interface Bucket extends Record<CopyOutcome, number> {
  readonly from: number;
  heldMs: number;
}

const BUCKET_MS = 100;

/** What became of the last copies. Counts by time, the oldest first: as cheap under any load. */
export class RecentCopies {
  readonly #keptMs: number;
  readonly #keptHeld: number;
  #buckets: Bucket[] = [];
  #held: Held[] = [];

  constructor(keptMs: number, keptHeld: number) {
    this.#keptMs = keptMs;
    this.#keptHeld = keptHeld;
  }

  add(outcome: CopyOutcome, tookMs: number, now: number): void {
    let last = this.#buckets.at(-1);
    if (last === undefined || now - last.from >= BUCKET_MS) {
      this.#buckets.push((last = { from: now, ok: 0, failed: 0, hung: 0, slow: 0, heldMs: 0 }));
      while (this.#buckets[0] !== undefined && now - this.#buckets[0].from > this.#keptMs)
        this.#buckets.shift();
    }
    last[outcome] += 1;
    if (outcome !== 'hung' && outcome !== 'slow') return;
    last.heldMs += tookMs;
    this.#held.push({ outcome, beganAt: now - tookMs });
    if (this.#held.length > this.#keptHeld) this.#held.shift();
  }

  /** Those that ended since then. Where that is within a bucket, what is before it in there does not count. */
  since(then: number): Tally {
    const sum = { ok: 0, failed: 0, hung: 0, slow: 0, heldMs: 0 };
    for (const bucket of this.#fromTheEnd()) {
      if (bucket.from < then) break;
      for (const key of KEYS) sum[key] += bucket[key];
    }
    const held = sum.hung + sum.slow;
    return { ...sum, held, all: sum.ok + sum.failed + held };
  }

  /** The last ones, as many as are kept, or fewer. */
  get held(): readonly Held[] {
    return this.#held;
  }

  clear(): void {
    this.#buckets = [];
    this.#held = [];
  }

  *#fromTheEnd(): Iterable<Bucket> {
    for (let n = this.#buckets.length - 1; n >= 0; n--) yield this.#buckets[n] as Bucket;
  }
}

const KEYS = ['ok', 'failed', 'hung', 'slow', 'heldMs'] as const;
