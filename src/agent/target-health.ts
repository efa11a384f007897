import { FULL, type Ppm } from '../model/percent.ts';

/** What became of one copy. `hung`: the node took it and did not answer in time. */
export type CopyOutcome = 'ok' | 'failed' | 'hung';

/** How a target is doing, as seen by this NGINX. `off`: not copied to. `trial`: a trickle, to see whether it is well. */
type Standing =
  | { readonly state: 'on'; readonly since: number }
  | { readonly state: 'off'; readonly until: number }
  | { readonly state: 'trial'; readonly since: number; readonly cap: Ppm };

export interface HealthEvent {
  readonly mirror: string;
  readonly state: 'off' | 'trial' | 'on';
  readonly reason: string;
}

const WINDOW_MS = 3000;
/** Fewer copies tell nothing of their share of errors. */
const MIN_COPIES = 10;
const MAX_FAILED = 0.5;
/** Each of these holds up a client's next request on its connection. */
const MAX_HUNG = 3;
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 300_000;
/** One that was well for so long starts over. */
const FORGIVEN_MS = 60_000;
const TRICKLE: Ppm = 10_000;
const TRIAL_COPIES = 3;
/** A trickle with too few copies in it is raised: there is too little traffic for it to tell. */
const TRIAL_STEP_MS = 5000;

/** One circuit breaker per mirror. Time is passed in, in milliseconds of a clock that is never set. */
export class TargetHealth {
  readonly #mirrors = new Map<string, Breaker>();
  readonly #tell: (event: HealthEvent) => void;

  constructor(tell: (event: HealthEvent) => void) {
    this.#tell = tell;
  }

  saw(mirror: string, outcome: CopyOutcome, now: number): void {
    this.#mirrors.get(mirror)?.saw(outcome, now);
  }

  /** Moves on what waits for time. `mirrors`: those there are, by their name, with where each goes. */
  tick(mirrors: ReadonlyMap<string, string>, now: number): void {
    for (const [name, breaker] of this.#mirrors) {
      // Another target is another story.
      if (mirrors.get(name) !== breaker.destination) this.#mirrors.delete(name);
    }
    for (const [name, destination] of mirrors) {
      if (!this.#mirrors.has(name)) this.#mirrors.set(name, new Breaker(name, destination, now, this.#tell));
    }
    for (const breaker of this.#mirrors.values()) breaker.tick(now);
  }

  /** Undefined: all that its percent says. */
  cap(mirror: string): Ppm | undefined {
    return this.#mirrors.get(mirror)?.cap;
  }

  /** Mirrors that are off and whose pause is over: they wait for {@link tryOut}. */
  due(now: number): readonly string[] {
    return [...this.#mirrors].filter(([, breaker]) => breaker.isDue(now)).map(([name]) => name);
  }

  /** Whether a connection to the target could be made; if so a trickle of copies goes there. */
  tryOut(mirror: string, connects: boolean, now: number): void {
    this.#mirrors.get(mirror)?.tryOut(connects, now);
  }
}

class Breaker {
  readonly destination: string;
  readonly #name: string;
  readonly #tell: (event: HealthEvent) => void;
  #standing: Standing;
  #pauseMs = FIRST_PAUSE_MS;
  /** Counts by time, the oldest first: as cheap under any load. */
  #seen: Bucket[] = [];

  constructor(name: string, destination: string, now: number, tell: (event: HealthEvent) => void) {
    this.#name = name;
    this.destination = destination;
    this.#tell = tell;
    this.#standing = { state: 'on', since: now };
  }

  get cap(): Ppm | undefined {
    if (this.#standing.state === 'on') return undefined;
    return this.#standing.state === 'off' ? 0 : this.#standing.cap;
  }

  saw(outcome: CopyOutcome, now: number): void {
    // Those under way when it was switched off still end.
    if (this.#standing.state === 'off') return;
    let last = this.#seen.at(-1);
    if (last === undefined || now - last.from >= BUCKET_MS) {
      this.#seen.push((last = { from: now, ok: 0, failed: 0, hung: 0 }));
    }
    last[outcome] += 1;
    if (this.#standing.state === 'trial') this.#judgeTrial(now);
    else if (outcome !== 'ok') this.#judge(now);
    else this.#forget(now);
  }

  tick(now: number): void {
    const standing = this.#standing;
    if (standing.state === 'on' && now - standing.since > FORGIVEN_MS) this.#pauseMs = FIRST_PAUSE_MS;
    if (standing.state !== 'trial' || now - standing.since < TRIAL_STEP_MS) return;
    if (standing.cap < FULL) this.#standing = { ...standing, since: now, cap: standing.cap * 10 };
    else this.#switchOn(now);
  }

  isDue(now: number): boolean {
    return this.#standing.state === 'off' && now >= this.#standing.until;
  }

  tryOut(connects: boolean, now: number): void {
    if (!this.isDue(now)) return;
    if (!connects) return this.#switchOff('it takes no connection', now);
    this.#seen = [];
    this.#standing = { state: 'trial', since: now, cap: TRICKLE };
    this.#say('trial', 'a trickle of copies goes to it again');
  }

  #judge(now: number): void {
    this.#forget(now);
    const { ok, failed, hung } = this.#sum();
    const all = ok + failed + hung;
    if (failed + hung < all * MAX_FAILED) return;
    if (hung >= MAX_HUNG) this.#switchOff(`${hung} copies were not answered in time`, now);
    else if (all >= MIN_COPIES) this.#switchOff(`${failed + hung} of ${all} copies failed`, now);
  }

  #judgeTrial(now: number): void {
    const { ok, failed, hung } = this.#sum();
    if (failed + hung > 0) this.#switchOff('a copy on trial failed', now);
    else if (ok >= TRIAL_COPIES) this.#switchOn(now);
  }

  #forget(now: number): void {
    while (this.#seen[0] !== undefined && now - this.#seen[0].from > WINDOW_MS) this.#seen.shift();
  }

  #sum(): Readonly<Record<CopyOutcome, number>> {
    const sum = { ok: 0, failed: 0, hung: 0 };
    for (const bucket of this.#seen) {
      sum.ok += bucket.ok;
      sum.failed += bucket.failed;
      sum.hung += bucket.hung;
    }
    return sum;
  }

  #switchOff(reason: string, now: number): void {
    this.#seen = [];
    this.#standing = { state: 'off', until: now + this.#pauseMs };
    this.#say('off', `${reason}; next try in ${this.#pauseMs / 1000} s`);
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
  }

  #switchOn(now: number): void {
    this.#seen = [];
    this.#standing = { state: 'on', since: now };
    this.#say('on', 'it is well again');
  }

  #say(state: HealthEvent['state'], reason: string): void {
    this.#tell({ mirror: this.#name, state, reason });
  }
}

interface Bucket extends Record<CopyOutcome, number> {
  readonly from: number;
}

const BUCKET_MS = 250;
