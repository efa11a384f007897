import type { Verb } from '../../../src/model/rollout-commands.ts';
import { MIRROR } from './node.ts';
import type { Random } from './random.ts';

/** Times in milliseconds from the start of the rollout. */
export interface Scenario {
  readonly nodes: number;
  /** Percents as people write them; the plan is in REST form. */
  readonly baseline: number;
  readonly percents: readonly number[];
  readonly plan: Readonly<Record<string, unknown>>;
  readonly habits: Habits;
  readonly happenings: readonly Happening[];
}

/** Chances are of each response; `churn`: disconnects a second, of the whole fleet. */
export interface Habits {
  readonly slow: number;
  readonly vanish: number;
  readonly stick: number;
  readonly churn: number;
  /** Of each commit. */
  readonly storeFailure: number;
}

export type Happening = { readonly at: number } & (
  | { readonly kind: 'command'; readonly verb: Verb }
  | { readonly kind: 'structure'; readonly structure: string }
  | { readonly kind: 'percent'; readonly percent: number }
  /** From now on most copies fail, or a fifth of the primary requests on nodes that have more than the baseline. */
  | { readonly kind: 'trouble'; readonly of: 'copies' | 'primaries' }
  /** Percents above this are refused by one node. */
  | { readonly kind: 'stubborn' }
  | { readonly kind: 'stop' | 'release' | 'crash' }
);

/** Something happens in these many seconds; then it is let be. */
export const EVENTFUL_MS = 150_000;

/** Which nodes refuse a structure is in its name. */
export const GOOD = 'good';
export const BAD_FOR_ALL = 'bad-for-all';
export const BAD_FOR_SOME = 'bad-for-some';

export function makeScenario(random: Random, nodes: number): Scenario {
  const percents = ascending(random, [10, 20, 35, 50, 75, 100], random.integer(1, 4));
  const shares = ascending(random, [0.5, 5, 10, 25, 50, 75, 99, 100], percents.length);
  const baseline = random.pick([0, 2, 5]);
  return {
    ...{ nodes, baseline, percents },
    plan: makePlan(random, percents, shares),
    habits: {
      slow: random.pick([0, 0.005, 0.02]),
      vanish: random.pick([0, 0, 0.3 / nodes, 5 / nodes]),
      stick: random.pick([0, 0, 0.3 / nodes, 1 / nodes]),
      churn: random.pick([0, 0.2, 2]),
      storeFailure: random.pick([0, 0, 0.2]),
    },
    happenings: makeHappenings(random).sort((a, b) => a.at - b.at),
  };
}

function ascending(random: Random, choices: readonly number[], count: number): number[] {
  const left = [...choices];
  while (left.length > count) left.splice(random.integer(0, left.length - 1), 1);
  return left;
}

function makePlan(
  random: Random,
  percents: readonly number[],
  shares: readonly number[],
): Readonly<Record<string, unknown>> {
  return {
    mirror: MIRROR,
    steps: percents.map((percent, index) => ({
      percent,
      fleetPercent: shares[index],
      hold: `${random.integer(2, 20)}s`,
      minRequests: random.pick([0, 0, 500]),
      approval: random.chance(0.1) ? 'manual' : 'none',
    })),
    gates: [
      { metric: 'rejections', max: 0 },
      { metric: 'missingAcks', max: 0 },
      { metric: 'mirrorErrorRate', max: 0.05, minSamples: 30 },
      { metric: 'coverage', min: 0.5, minSamples: 30 },
      { metric: 'primaryErrorRate', maxIncrease: 0.02, minSamples: 50 },
    ],
    onFail: random.pick(['abort', 'abort', 'abort', 'pause']),
    missingData: random.pick(['wait', 'wait', 'pause', 'abort']),
    interval: random.pick(['2s', '5s']),
    failureLimit: random.pick([0, 0, 1]),
    ackTimeout: '20s',
  };
}

/** In about a third of all runs nothing is done to it but what nodes do. */
function makeHappenings(random: Random): Happening[] {
  const at = (): number => random.integer(1, EVENTFUL_MS / 1000) * 1000;
  const happenings: Happening[] = [];
  const maybe = (chance: number, make: () => readonly Happening[]): void => {
    if (random.chance(chance)) happenings.push(...make());
  };
  maybe(0.3, () => [{ at: at(), kind: 'trouble', of: random.pick(['copies', 'primaries'] as const) }]);
  maybe(0.1, () => [{ at: at(), kind: 'stubborn' }]);
  maybe(0.5, () => {
    const name = random.pick([BAD_FOR_ALL, BAD_FOR_SOME, GOOD, `${GOOD}-too`]);
    const first = at();
    const write = (structure: string, when: number): Happening => ({
      at: when,
      kind: 'structure',
      structure,
    });
    // What was refused is written again, after something else or not.
    return random.pick([
      [write(name, first)],
      [write(name, first), write(`${GOOD}-again`, first + 40_000), write(name, first + 90_000)],
      [write(name, first), write(BAD_FOR_SOME, first + 1000)],
    ]);
  });
  maybe(0.3, () =>
    random.chance(0.5)
      ? [{ at: at(), kind: 'crash' }]
      : [1, 2, 3].map((): Happening => ({ at: at(), kind: 'crash' })),
  );
  maybe(0.25, () => {
    const stopAt = at();
    return [
      { at: stopAt, kind: 'stop' },
      { at: stopAt + random.integer(1, 60) * 1000, kind: 'release' },
      { at: stopAt + 65_000, kind: 'command', verb: 'resume' },
    ];
  });
  maybe(0.15, () => {
    const handAt = at();
    return [
      { at: handAt, kind: 'percent', percent: random.pick([1, 3, 60]) },
      { at: handAt + 20_000, kind: 'command', verb: random.pick(['resume', 'abort']) },
    ];
  });
  maybe(0.3, () =>
    (['pause', 'resume', 'advance', 'abort', 'retry', 'resume'] as const)
      .filter(() => random.chance(0.5))
      .map((verb): Happening => ({ at: at(), kind: 'command', verb })),
  );
  return happenings;
}
