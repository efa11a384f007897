import { createHash } from 'node:crypto';
import type { Addresses } from '../dataplanes/nginx/options.ts';
import type { Plan, PlannedMirror } from '../dataplanes/nginx/plan.ts';
import type { Ppm } from '../model/percent.ts';
import type { Trouble } from './setting.ts';

/** What the agent itself makes of the plan it was sent. */
export interface Overlay {
  /** The control plane was not heard of for longer than this mirror may go on without. */
  readonly expired: (mirror: PlannedMirror) => boolean;
  /** At most this, for a target that is unwell. Undefined: no bound. */
  readonly cap: (mirror: PlannedMirror) => Ppm | undefined;
  /** `address:port` of those of its target's that do not answer. */
  readonly leftOut: (mirror: PlannedMirror) => readonly string[];
  /** What is wrong with it in its owner's configuration. */
  readonly trouble: (mirror: PlannedMirror) => Trouble | undefined;
  /** Of the names in the plan. */
  readonly addresses: Addresses;
}

/**
 * The plan that is to be in force. Its version is the plan's own where nothing differs, and else names it with what
 * differs, so that what is read back from NGINX is proof of just this.
 */
export function effectivePlan(plan: Plan, { expired, cap, leftOut, trouble, addresses }: Overlay): Plan {
  const mirrors = plan.mirrors.map((mirror): PlannedMirror => {
    const why = trouble(mirror)?.reason;
    // Its subrequests alone do harm, even those that are not drawn.
    if (why === 'misplaced') return { ...mirror, percent: 0, withdrawn: true };
    const isOff = why === 'loop' || expired(mirror);
    const percent = isOff ? 0 : Math.min(mirror.percent, cap(mirror) ?? mirror.percent);
    const without = leftOut(mirror);
    if (without.length > 0) return { ...mirror, percent, leftOut: without };
    return percent === mirror.percent ? mirror : { ...mirror, percent };
  });
  const changed = mirrors.filter((mirror, n) => mirror !== plan.mirrors[n]);
  if (changed.length === 0 && addresses.size === 0) return plan;
  const differs = [
    changed.map(({ name, percent, withdrawn, leftOut: without }) => [name, percent, withdrawn, without]),
    [...addresses],
  ];
  const hash = createHash('sha256').update(JSON.stringify(differs)).digest('hex').slice(0, 8);
  return { version: `${plan.version}.${hash}`, mirrors };
}

/** Whether something that is copied under `before` is not copied any more under `next`: that is not to wait. */
export function stopsSomething(before: Plan | undefined, next: Plan): boolean {
  return (before?.mirrors ?? []).some(
    ({ name, percent }) =>
      percent > 0 && (next.mirrors.find((mirror) => mirror.name === name)?.percent ?? 0) === 0,
  );
}
