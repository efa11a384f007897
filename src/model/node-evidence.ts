/** What the counters of a target's nodes say since a step was applied, for gates. */
import { type Counters } from './wallarm-status.ts';

/** All nodes of a target, read together. Times in epoch milliseconds. */
export interface Round {
  readonly began: number;
  readonly ended: number;
  /** Whether every node answered. Of one that did not, what it said last is in the sums. */
  readonly complete: boolean;
  /** Since each was first read. */
  readonly sums: Counters;
  readonly restarts: number;
}

export interface NodeEvidence {
  readonly requests: number;
  /** Undefined: the nodes do not count them. */
  readonly lost?: number;
  /** `tnt_errors`, `api_errors`, `segfaults` and `memfaults` together. */
  readonly errors?: number;
  /** Why there may be more than that; undefined: there is not. */
  readonly gap?: string;
  readonly coverage: Coverage;
}

export type Coverage =
  /** `slack`: how many of the copies may be of another time than the requests they are compared with. */
  | { readonly counted: number; readonly sent: number; readonly slack: number; readonly seconds: number }
  | string;

export interface EvidenceInput {
  /** The oldest first. */
  readonly rounds: readonly Round[];
  /** When the step was applied. */
  readonly from: number;
  readonly now: number;
  /** How often the nodes are read. */
  readonly intervalMs: number;
  readonly copies: CopyEvidence | string;
}

/** Copies of all mirrors of all fleets to that target. A string: why they cannot be told. */
export interface CopyEvidence {
  /** Nothing that changes what is copied was written since. */
  readonly steadySince: number;
  /** By the second in which a load report began. */
  readonly points: readonly { readonly at: number; readonly sent: number }[];
  /** The longest time that one report covers. */
  readonly reportMs: number;
  readonly inFlight: number;
}

const SECOND = 1000;
/** Rounds older than so many intervals tell of another time. */
const STALE_ROUNDS = 3;

/** Undefined: nothing was read since. */
export function evidence(input: EvidenceInput): NodeEvidence | undefined {
  const { rounds, from, now, intervalMs } = input;
  const since = rounds.filter(({ began }) => began >= from);
  const [first, last] = [since[0], since.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const grown = (...names: readonly (keyof Counters)[]): number | undefined => {
    const parts = names.map((name) => [first.sums[name], last.sums[name]] as const);
    if (parts.some(([a, b]) => a === undefined || b === undefined)) return undefined;
    return parts.reduce((sum, [a = 0, b = 0]) => sum + b - a, 0);
  };
  const [lost, errors] = [grown('requestsLost'), grown('tntErrors', 'apiErrors', 'segfaults', 'memfaults')];
  const fresh = now - last.ended <= STALE_ROUNDS * intervalMs + SECOND;
  return {
    requests: grown('requests') ?? 0,
    ...(lost !== undefined && { lost }),
    ...(errors !== undefined && { errors }),
    ...((!last.complete || !fresh) && { gap: 'not every node says now what it counts' }),
    coverage: fresh ? coverage(input) : 'the nodes do not say now what they count',
  };
}

/**
 * Nodes are read at other times than edges report, and an edge's report is known after its time is over. So only the time is
 * compared that both have told of, and what may be on the other side of its ends is slack. A restart ends one stretch and
 * begins another: what was counted between is lost.
 */
function coverage({ rounds, from, now, copies }: EvidenceInput): Coverage {
  if (typeof copies === 'string') return copies;
  const { points, reportMs, inFlight } = copies;
  const took = Math.max(0, ...rounds.map(({ began, ended }) => ended - began));
  const edge = reportMs + took + SECOND;
  const [since, until] = [Math.max(from, copies.steadySince) + edge, now - edge];
  const within = rounds.filter(({ began, ended, complete }) => complete && began >= since && ended <= until);
  const sent = (a: number, b: number): number =>
    points.reduce((sum, point) => (point.at >= a && point.at < b ? sum + point.sent : sum), 0);
  const total = { counted: 0, sent: 0, slack: inFlight, seconds: 0 };
  for (const [start, end] of stretches(within)) {
    const whole = sent(start.ended, end.ended);
    const ends = sent(start.ended, start.ended + edge) + sent(end.ended - edge, end.ended);
    total.counted += (end.sums.requests ?? 0) - (start.sums.requests ?? 0);
    total.sent += whole;
    total.slack += ends;
    total.seconds += (end.ended - start.ended) / SECOND;
  }
  return total.seconds === 0 ? 'the nodes were not read for long enough' : total;
}

/** First and last round of each stretch without a restart. */
function stretches(rounds: readonly Round[]): readonly (readonly [Round, Round])[] {
  const found: [Round, Round][] = [];
  for (const round of rounds) {
    const current = found.at(-1);
    if (current !== undefined && current[1].restarts === round.restarts) current[1] = round;
    else found.push([round, round]);
  }
  return found.filter(([start, end]) => start !== end);
}
