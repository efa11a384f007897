/** What is shown of a Wallarm target: how its nodes are, and what they count. */
import type { NodeHealth } from './node-health.ts';
import type { Tally } from './wallarm-status.ts';

/** One endpoint, as far as it was asked. Times in epoch milliseconds. */
export interface NodeView {
  readonly host: string;
  readonly port: number;
  readonly health?: NodeHealth;
  readonly tally?: Tally;
  /** When its counters were read last. */
  readonly readAt?: number;
  /** Why they could not be, the last time. */
  readonly unread?: string;
  /** When it last answered anything. */
  readonly lastSeen?: number;
}

/** Null wherever nothing is known. */
export function presentNodes(nodes: readonly NodeView[]): object {
  const healths = nodes.map(({ health }) => health?.healthy);
  const some = healths.includes(true);
  return {
    healthy: some ? true : healths.length > 0 && healths.every((one) => one === false) ? false : null,
    nodes: nodes.map(presentNode),
  };
}

function presentNode({ host, port, health, tally, readAt, unread, lastSeen }: NodeView): object {
  return {
    host,
    port,
    healthy: health?.healthy ?? null,
    since: health?.healthy === undefined ? null : iso(health.since),
    reason: health?.reason ?? null,
    counters: tally === undefined || readAt === undefined ? null : presentCounters(tally, readAt),
    ...(unread !== undefined && { unread }),
    lastSeen: lastSeen === undefined ? null : iso(lastSeen),
  };
}

function presentCounters({ last, restarts }: Tally, readAt: number): object {
  const { counters, ...rest } = last;
  return { ...counters, ...rest, restarts, readAt: iso(readAt) };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
