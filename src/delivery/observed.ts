import type { CopyTotals, PrimaryTotals } from '../model/observation.ts';
import { type NodeRecord, iso } from './node-record.ts';
import type { Sample } from './series.ts';
import type { ObservedLoad, RecentLoad } from './types.ts';

export const RECENT_MS = 60_000;

/** Sums since each node connected. */
export function observedLoad(nodes: readonly NodeRecord[], mirror: string): ObservedLoad | null {
  const reporting = nodes.filter(({ lastReport }) => lastReport !== undefined);
  if (reporting.length === 0) return null;
  const sum = { copies: 0, errors: 0, inProgress: 0, dropped: 0 };
  for (const node of reporting) {
    const load = node.loads.of(mirror);
    sum.copies += load?.copies ?? 0;
    sum.errors += load?.errors ?? 0;
    sum.inProgress += load?.inProgress ?? 0;
    sum.dropped += load?.dropped ?? 0;
  }
  const last = Math.max(...reporting.map(({ lastReport }) => lastReport ?? 0));
  return { reportingNodes: reporting.length, ...sum, lastReport: iso(last) };
}

/** `null` wherever the counters cannot tell: nothing is guessed. */
export function recentLoad(sample: Sample | undefined): RecentLoad {
  const copies = sample?.copies;
  const primary = sample?.primary;
  return {
    seconds: RECENT_MS / 1000,
    copies: copies?.sent ?? null,
    failed: copies?.failed ?? null,
    dropped: copies?.dropped ?? null,
    primaryRequests: primary?.requests ?? null,
    primaryErrors: primary?.errors ?? null,
    sharePercent: ratio(copies?.sent, primary?.requests, 100),
    coverage: coverageOf(copies, primary),
  };
}

function coverageOf(copies: CopyTotals | undefined, primary: PrimaryTotals | undefined): number | null {
  return primary === undefined ? null : ratio(copies?.sent, copies?.expected, 1);
}

function ratio(part: number | undefined, whole: number | undefined, scale: number): number | null {
  if (part === undefined || whole === undefined || whole === 0) return null;
  return Math.round((part / whole) * scale * 10_000) / 10_000;
}
