import { type Condition, type Selection, compatible, conditionKey, impliedBy } from './condition.ts';

/** What one mirror wants of a route: copied when one of `include` holds and none of `exclude`. */
export interface Wish<M> {
  readonly mirror: M;
  readonly include: readonly Selection[];
  readonly exclude: readonly Selection[];
}

/** A route to be: the original's match and all of `conditions`, with these mirrors. The last has no conditions. */
export interface Narrowed<M> {
  readonly conditions: readonly Condition[];
  readonly mirrors: readonly M[];
}

/** More copies of one route than this is a mistake in the selectors. */
export const MAX_COPIES = 64;
const MAX_SETS = 4096;

/**
 * Routes that give each request of the original route exactly the mirrors that want it. Envoy takes the first route
 * that matches, so a larger set of conditions comes before those it contains: the first match is then all that holds.
 * Undefined when it takes more than {@link MAX_COPIES}.
 */
export function narrow<M>(wishes: readonly Wish<M>[]): readonly Narrowed<M>[] | undefined {
  const conditions = distinctConditions(wishes);
  const sets = consistentSets(conditions);
  if (sets === undefined) return undefined;
  sets.sort((a, b) => b.length - a.length);
  const routes = sets.map((set) => {
    const holds = new Set(set.map(conditionKey));
    return {
      conditions: set,
      mirrors: wishes.filter((wish) => wants(wish, holds)).map(({ mirror }) => mirror),
    };
  });
  const kept = prune(routes);
  return kept.length > MAX_COPIES ? undefined : kept;
}

function distinctConditions<M>(wishes: readonly Wish<M>[]): readonly Condition[] {
  const found = new Map<string, Condition>();
  for (const { include, exclude } of wishes) {
    for (const selection of [...include, ...exclude]) {
      for (const condition of selection ?? []) found.set(conditionKey(condition), condition);
    }
  }
  return [...found.values()];
}

/** Sets of conditions that can be exactly what holds for a request. */
function consistentSets(conditions: readonly Condition[]): Condition[][] | undefined {
  let sets: Condition[][] = [[]];
  for (const condition of conditions) {
    const grown = sets.filter((set) => set.every((other) => compatible(condition, other)));
    sets = [...sets, ...grown.map((set) => [...set, condition])];
    if (sets.length > MAX_SETS) return undefined;
  }
  // `/api/v2` cannot hold without `/api`.
  return sets.filter((set) => {
    const keys = new Set(set.map(conditionKey));
    return conditions.every(
      (other) => keys.has(conditionKey(other)) || !set.some((held) => impliedBy(other, held)),
    );
  });
}

function wants<M>({ include, exclude }: Wish<M>, holds: ReadonlySet<string>): boolean {
  const matches = (selection: Selection): boolean =>
    selection !== undefined && selection.every((condition) => holds.has(conditionKey(condition)));
  return include.some(matches) && !exclude.some(matches);
}

/** Leaves out routes whose requests would fall to a later one with the same mirrors. */
function prune<M>(routes: readonly Narrowed<M>[]): readonly Narrowed<M>[] {
  const kept: Narrowed<M>[] = [];
  for (const route of [...routes].reverse()) {
    const keys = new Set(route.conditions.map(conditionKey));
    const next = kept.find((other) =>
      other.conditions.every((condition) => keys.has(conditionKey(condition))),
    );
    if (next === undefined || !sameList(next.mirrors, route.mirrors)) kept.unshift(route);
  }
  return kept;
}

function sameList<M>(a: readonly M[], b: readonly M[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
