import type { IssueList } from '../../../model/issue.ts';
import type { Mirror } from '../../../model/mirror.ts';
import { type RoutePlace, mirrorableRoutes, policiesOf } from '../config/mirror-policies.ts';
import { type Json, string } from '../json.ts';
import type { Condition } from './condition.ts';
import { MAX_COPIES, type Narrowed, type Wish, narrow } from './narrow.ts';
import { select } from './select.ts';

/** What becomes of one route: the copies of it that come before it, and the mirrors of each. */
export interface RoutePlan {
  readonly copies: readonly Narrowed<Mirror>[];
  /** Policies that the owner keeps on it, wherever they were written. */
  readonly owned: readonly Json[];
}

/** For every route that can be mirrored. */
export type Plan = ReadonlyMap<Json, RoutePlan>;

/** Joins mirrors and routes. A mirror that reaches no route, or needs too many copies of one, is an issue. */
export function makePlan(routes: readonly Json[], mirrors: readonly Mirror[], issues: PlanIssues): Plan {
  const plan = new Map<Json, RoutePlan>();
  const reached = new Set<Mirror>();
  for (const json of routes) {
    for (const place of mirrorableRoutes(json, `routes[${String(json['name'])}]`)) {
      const wishes = mirrors
        .map((mirror) => wishOf(mirror, place))
        .filter(({ include }) => include.length > 0);
      for (const { mirror } of wishes) reached.add(mirror);
      const copies = narrow(wishes);
      if (copies === undefined) reportTooMany(place, wishes, issues);
      else plan.set(place.route, { copies, owned: policiesOf(place) });
    }
  }
  for (const mirror of mirrors) {
    if (!reached.has(mirror)) issues.unreached(mirror);
  }
  return plan;
}

/** Where planning puts what it finds. */
export interface PlanIssues {
  readonly errors: IssueList;
  unreached(mirror: Mirror): void;
}

function wishOf(mirror: Mirror, place: RoutePlace): Wish<Mirror> {
  const selections = (list: Mirror['routes']): (readonly Condition[])[] =>
    list.map((selector) => select(selector, place)).filter((selection) => selection !== undefined);
  return {
    mirror,
    include: mirror.routes.length === 0 ? [[]] : selections(mirror.routes),
    exclude: selections(mirror.exclude),
  };
}

function reportTooMany(place: RoutePlace, wishes: readonly Wish<Mirror>[], issues: PlanIssues): void {
  const names = wishes.map(({ mirror }) => mirror.name).join(', ');
  const route = string(place.route['name']) ?? place.path;
  issues.errors
    .at('routes')
    .add(
      `the selectors of ${names} would need more than ${MAX_COPIES} copies of route ${route}; use fewer independent conditions`,
    );
}
