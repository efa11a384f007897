import type { StepDelivery } from './gates.ts';
import type { Rollout } from './rollout.ts';

/** When the nodes of the share were seen last, in epoch milliseconds; of several mirrors, the one that is worst off. */
export interface Seen {
  /** One that has the step was connected; now, if one is. */
  readonly presentAt: number;
  /** One reported its load. */
  readonly reportedAt: number;
}

interface Sight {
  readonly now: number;
  readonly delivery: StepDelivery;
  readonly seen: Seen;
  /** Undefined: not known. */
  readonly requests: number | undefined;
}

/** Data planes come back within half a minute, and report more often than that. */
const LEAST_PATIENCE_MS = 30_000;

/** What the nodes of the share do not tell and will not, in words that stay the same as long as it does. */
export function lack(rollout: Rollout, sight: Sight): string | undefined {
  const { status, steps } = rollout;
  const { requests } = sight;
  const wanted = status.state === 'holding' ? (steps[status.step]?.minRequests ?? 0) : 0;
  const gone = absence(rollout, sight);
  if (gone !== undefined || wanted === 0) return gone;
  if (requests === undefined) return 'nobody can tell how many requests there were, and minRequests is set';
  const silent = requests < wanted ? silence(rollout, sight) : undefined;
  return silent && `${silent}: ${requests} of ${wanted} requests were seen`;
}

/** Gone for longer than it takes to connect anew. */
function absence(rollout: Rollout, { now, delivery, seen }: Sight): string | undefined {
  const ms = patience(rollout);
  if (now - lastOf(rollout, seen.presentAt) < ms) return undefined;
  const where = delivery.nodes === 0 ? 'fleet' : 'share';
  return delivery.chosen === 0
    ? `no node of the ${where} has been connected for ${ms / 1000} s`
    : `none of the connected nodes of the share has had the step for ${ms / 1000} s`;
}

/** They are there, and do not report. */
function silence(rollout: Rollout, { now, seen }: Sight): string | undefined {
  const ms = patience(rollout);
  if (now - lastOf(rollout, seen.reportedAt) < ms) return undefined;
  return `the nodes of the share have sent no load report for ${ms / 1000} s`;
}

function patience({ ackTimeoutMs, intervalMs }: Rollout): number {
  return Math.max(LEAST_PATIENCE_MS, ackTimeoutMs, 2 * intervalMs);
}

/** They had the step when it was applied. */
function lastOf({ status }: Rollout, at: number): number {
  return Math.max(at, status.appliedAt ?? status.since);
}
