import { isInShare } from '../model/spread.ts';
import type { GroupTotals } from '../model/observation.ts';
import { NO_COPIES } from '../model/observation.ts';
import type { Fleet } from './fleet.ts';
import type { NodeRecord } from './node-record.ts';
import type { Group } from './series.ts';
import type { MirrorView } from './types.ts';

/** When a percent was set, and the time before which a node that had it asked of it then is late; epoch milliseconds. */
export interface Due {
  readonly since: number;
  readonly by: number;
}

/** One mirror, its chosen nodes and the rest, from reports that began at `from` or later. */
export function mirrorView(
  fleet: Fleet,
  name: string,
  from: number,
  due: Due = { since: Infinity, by: 0 },
): MirrorView | undefined {
  const mirror = fleet.percents.mirrors.find((one) => one.name === name);
  if (mirror === undefined) return undefined;
  const groups: Record<Group, NodeRecord[]> = { chosen: [], rest: [] };
  const count = {
    nodes: fleet.members.size,
    chosen: 0,
    acked: 0,
    rejected: 0,
    pending: 0,
    overdue: 0,
    unsettled: 0,
  };
  for (const node of fleet.members) {
    const inShare = mirror.spread === undefined || isInShare(mirror.spread, node.id);
    groups[inShare ? 'chosen' : 'rest'].push(node);
    const has = hasPercent(fleet, name, node);
    if (!has) count.unsettled += 1;
    if (!inShare) continue;
    count.chosen += 1;
    if (fleet.stateOf(node) === 'rejected') count.rejected += 1;
    else if (has) count.acked += 1;
    else {
      count.pending += 1;
      // One that came later has its own time.
      if (Math.max(due.since, node.connectedAt) <= due.by) count.overdue += 1;
    }
  }
  const totals = (group: Group): GroupTotals => {
    const sample = fleet.loads.series(name).totals(group, from);
    return {
      nodes: groups[group].length,
      reporting: groups[group].filter(({ lastReport }) => (lastReport ?? 0) >= from).length,
      copies: sample?.copies ?? NO_COPIES,
      ...(sample?.primary && { primary: sample.primary }),
    };
  };
  return { delivery: count, chosen: totals('chosen'), rest: totals('rest') };
}

/** Whether it acknowledged the percent that it is to have, or what its kind of data plane makes of it by rounding. */
function hasPercent(fleet: Fleet, mirror: string, node: NodeRecord): boolean {
  const { dataPlane, percents } = fleet;
  const effective = fleet.effectivePercent(node, mirror);
  if (effective === percents.of(node.id).get(mirror)) return true;
  // Rounding makes nothing of something nowhere: a node that copies nothing has not got it.
  if (effective === undefined || effective === 0 || node.wanted === undefined) return false;
  return effective === dataPlane.effectivePercent(mirror, node.wanted.types);
}
