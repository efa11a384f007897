import { FULL, type Ppm } from '../model/percent.ts';
import type { CopyOutcome } from './copy-outcome.ts';
import { RecentCopies, type Tally } from './recent-copies.ts';

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
/** Fewer copies that hold up clients are chance. */
const MIN_HELD = 3;
/** Of one client in 200 it is borne that its next request waits. */
const MAX_HELD = 1 / 200;
/** The same as a time: 400 ms for one in 200, 2 s for one in 1000. */
const MAX_HELD_MS_EACH = 2;
/** A pause of a node that answers again is borne. */
const LONGEST_BREATH_MS = 1000;
/** How often an address is asked that is left out. */
const ASK_AGAIN_MS = 30_000;
/** Longer ago tells nothing of now. */
const KEPT_MS = 30_000;
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 300_000;
/** One that was well for so long starts over. */
const FORGIVEN_MS = 60_000;
const TRICKLE: Ppm = 10_000;
/** One that hangs now and then is to be found before all clients are sent there. */
const TRIAL_COPIES = 10;
/** A trickle with too few copies in it is raised: there is too little traffic for it to tell. */
const TRIAL_STEP_MS = 5000;

/** One circuit breaker per mirror. Time is passed in, in milliseconds of a clock that is never set. */
export class TargetHealth {
  readonly #mirrors = new Map<string, Breaker>();
  readonly #tell: (event: HealthEvent) => void;

  constructor(tell: (event: HealthEvent) => void) {
    this.#tell = tell;
  }

  /** A copy ended. `tookMs`: how long the target took. */
  saw(mirror: string, outcome: CopyOutcome, tookMs: number, now: number): void {
    this.#mirrors.get(mirror)?.saw(outcome, tookMs, now);
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

  /** `address:port` of those of the target's that do not answer, where others do. */
  leftOut(mirror: string): readonly string[] {
    return this.#mirrors.get(mirror)?.leftOut ?? [];
  }

  /** Mirrors whose targets are to be asked whether they react: they wait for {@link tryOut}. */
  due(now: number): readonly string[] {
    return [...this.#mirrors].filter(([, breaker]) => breaker.isDue(now)).map(([name]) => name);
  }

  tryOut(mirror: string, reactions: Reactions, now: number): void {
    this.#mirrors.get(mirror)?.tryOut(reactions, now);
  }
}

/** Which of a target's addresses, written `address:port`, did not react, and how many were asked. */
export interface Reactions {
  readonly silent: readonly string[];
  readonly all: number;
}

class Breaker {
  readonly destination: string;
  readonly #name: string;
  readonly #tell: (event: HealthEvent) => void;
  #standing: Standing;
  #pauseMs = FIRST_PAUSE_MS;
  leftOut: readonly string[] = [];
  #askAgainAt = 0;
  readonly #seen = new RecentCopies(KEPT_MS, MIN_HELD);

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

  saw(outcome: CopyOutcome, tookMs: number, now: number): void {
    // Those under way when it was switched off still end.
    if (this.#standing.state === 'off') return;
    this.#seen.add(outcome, tookMs, now);
    if (this.#standing.state === 'trial') this.#judgeTrial(now);
    else if (outcome !== 'ok') this.#judge(now);
  }

  tick(now: number): void {
    const standing = this.#standing;
    if (standing.state === 'on' && now - standing.since > FORGIVEN_MS) this.#pauseMs = FIRST_PAUSE_MS;
    if (standing.state !== 'trial' || now - standing.since < TRIAL_STEP_MS) return;
    if (standing.cap < FULL) this.#standing = { ...standing, since: now, cap: standing.cap * 10 };
    else this.#switchOn(now);
  }

  isDue(now: number): boolean {
    if (this.#standing.state === 'off') return now >= this.#standing.until;
    return this.leftOut.length > 0 && now >= this.#askAgainAt;
  }

  tryOut({ silent, all }: Reactions, now: number): void {
    if (!this.isDue(now)) return;
    const isOff = this.#standing.state === 'off';
    if (silent.length === all) {
      if (isOff) this.#switchOff(`it does not answer in time: ${silent.join(', ')}`, now);
      this.#askAgainAt = now + ASK_AGAIN_MS;
      return;
    }
    const before = this.leftOut.join(', ');
    this.leftOut = silent;
    this.#askAgainAt = now + ASK_AGAIN_MS;
    const without = silent.length > 0 ? `, without ${silent.join(', ')}` : '';
    if (isOff) {
      this.#seen.clear();
      this.#standing = { state: 'trial', since: now, cap: TRICKLE };
      this.#say('trial', `it answers; a trickle of copies goes to it${without}`);
    } else if (before !== silent.join(', ')) {
      this.#say('on', `it answers at ${before} again${without}`);
    }
  }

  #judge(now: number): void {
    const recent = this.#seen.since(now - WINDOW_MS);
    const { all, failed, hung, held, heldMs } = recent;
    if (all >= MIN_COPIES && failed + hung >= all * MAX_FAILED) {
      this.#switchOff(`${failed + hung} of ${all} copies failed`, now);
    } else if (held >= MIN_HELD && heldMs > all * MAX_HELD_MS_EACH) {
      this.#switchOff(heldUp(recent), now);
    } else {
      const since = this.#sinceItHolds(now);
      if (since !== undefined && since.held >= since.all * MAX_HELD) this.#switchOff(heldUp(since), now);
    }
  }

  /**
   * What became of copies since the first of the last few that were held up began: those that were good before that are
   * no excuse. Undefined where it may have been a pause.
   */
  #sinceItHolds(now: number): Tally | undefined {
    const { held } = this.#seen;
    if (held.length < MIN_HELD) return undefined;
    const beganAt = Math.min(...held.map((one) => one.beganAt));
    const age = now - beganAt;
    const hung = held.every(({ outcome }) => outcome === 'hung');
    return age > KEPT_MS || (age < LONGEST_BREATH_MS && !hung) ? undefined : this.#seen.since(beganAt);
  }

  #judgeTrial(now: number): void {
    const seen = this.#seen.since(-Infinity);
    if (seen.held > 0) this.#switchOff(`on trial ${heldUp(seen)}`, now);
    else if (seen.failed > 0) this.#switchOff('a copy on trial failed', now);
    else if (seen.ok >= TRIAL_COPIES) this.#switchOn(now);
  }

  #switchOff(reason: string, now: number): void {
    this.#seen.clear();
    this.#standing = { state: 'off', until: now + this.#pauseMs };
    this.#say('off', `${reason}; next try in ${this.#pauseMs / 1000} s`);
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2);
  }

  #switchOn(now: number): void {
    this.#seen.clear();
    this.#standing = { state: 'on', since: now };
    this.#say('on', 'it is well again');
  }

  #say(state: HealthEvent['state'], reason: string): void {
    this.#tell({ mirror: this.#name, state, reason });
  }
}

function heldUp({ all, held, hung, heldMs }: Tally): string {
  const each = Math.round(heldMs / held);
  return (
    `${held} of ${all} copies took ${each} ms each, ${hung} of them without a good answer: clients' next requests wait ` +
    'for them'
  );
}
