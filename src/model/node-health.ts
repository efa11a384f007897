/** What a healthcheck that is asked again and again makes of a node. */
import type { CopyTotals } from './observation.ts';

export type ProbeResult =
  | { readonly ok: true }
  /** `answered`: it said so itself. Else nothing was heard of it, which can be the way there as well. */
  | { readonly ok: false; readonly answered: boolean; readonly reason: string };

export interface NodeHealth {
  /** Undefined: not known yet. */
  readonly healthy?: boolean;
  /** When that was first so; epoch milliseconds. */
  readonly since: number;
  /** What was wrong last; undefined when nothing was. */
  readonly reason?: string;
  readonly answered: boolean;
  /** In a row. */
  readonly passes: number;
  readonly failures: number;
}

/** One lost answer is no sick node, and one good one is no cure. */
const FAILURES = 3;
const PASSES = 2;

export function nextHealth(before: NodeHealth | undefined, result: ProbeResult, now: number): NodeHealth {
  const passes = result.ok ? (before?.passes ?? 0) + 1 : 0;
  const failures = result.ok ? 0 : (before?.failures ?? 0) + 1;
  const healthy = verdictOf(before?.healthy, passes, failures);
  return {
    ...(healthy !== undefined && { healthy }),
    since: before !== undefined && before.healthy === healthy ? before.since : now,
    ...(!result.ok && { reason: result.reason }),
    answered: result.ok || result.answered,
    passes,
    failures,
  };
}

function verdictOf(before: boolean | undefined, passes: number, failures: number): boolean | undefined {
  if (failures >= FAILURES) return false;
  if (passes >= (before === false ? PASSES : 1)) return true;
  return before;
}

/** A target none of whose nodes is healthy. */
export interface Unwell {
  /** All said so themselves. Nodes that only cannot be heard of from here may well take copies. */
  readonly said: boolean;
  readonly reason: string;
}

/** By endpoint, undefined where nothing is known. */
export function unwell(nodes: readonly (NodeHealth | undefined)[]): Unwell | undefined {
  if (nodes.length === 0 || !nodes.every((node) => node?.healthy === false)) return undefined;
  const reasons = new Set(nodes.flatMap((node) => node?.reason ?? []));
  const which =
    nodes.length === 1 ? 'its healthcheck fails' : `the healthchecks of all ${nodes.length} nodes fail`;
  return {
    said: nodes.every((node) => node?.answered === true),
    reason: [which, [...reasons].sort().slice(0, 3).join('; ')].filter(Boolean).join(': '),
  };
}

/** Few copies are enough to show that a node which cannot be heard of takes them. */
const MIN_COPIES = 5;

/** Whether copies that arrived speak against it. */
export function isRefuted({ said }: Unwell, copies: CopyTotals | undefined): boolean {
  if (said || copies === undefined) return false;
  return copies.succeeded >= MIN_COPIES && copies.succeeded > copies.failed + copies.dropped;
}
