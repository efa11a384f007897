import type { Mirror } from '../model/mirror.ts';
import { handSet } from '../model/rollout-commands.ts';
import { formatPercent } from '../model/percent.ts';
import type { Change, State } from '../model/state.ts';
import { changeOf } from './change-of.ts';

/**
 * A mirror as an operator wrote it, with what is not theirs to write: a rollout's share goes when the percent is set by
 * hand (`percentGiven`: it was named, even if it is the same), and an unwell target's suspension when the target is
 * another or the mirror is to be kept whatever its target does.
 */
export function withOverlays(before: Mirror | undefined, after: Mirror, percentGiven: boolean): Mirror {
  const { spread: _, suspension: __, ...written } = after;
  const keepsSpread = before?.spread !== undefined && !percentGiven && before.percent === after.percent;
  const keepsSuspension =
    before?.suspension !== undefined && before.target === after.target && after.onTargetFailure === 'suspend';
  return {
    ...written,
    ...(keepsSpread && before.spread && { spread: before.spread }),
    ...(keepsSuspension && before.suspension && { suspension: before.suspension }),
  };
}

/** Rollouts that move a mirror of which the percent is set by anyone else are paused, in the same write. */
export function pauseMoved(
  state: State,
  changes: readonly Change[],
  by: { readonly actor: string; readonly now: number },
): readonly Change[] {
  const written = new Set(changes.filter(({ kind }) => kind === 'rollout').map(({ name }) => name));
  const pauses: Change[] = [];
  for (const { value: rollout } of state.rollout.values()) {
    if (written.has(rollout.name)) continue;
    const what = rollout.mirrors.flatMap((mirror) => moved(mirror, changes));
    if (what.length === 0) continue;
    const status = handSet(rollout, { ...by, what: what.join(', ') });
    if (status !== undefined) {
      pauses.push(...changeOf('rollout', rollout.name, rollout, { ...rollout, status }));
    }
  }
  return pauses;
}

function moved(mirror: string, changes: readonly Change[]): readonly string[] {
  return changes.flatMap((change) => {
    if (change.kind !== 'mirror' || change.name !== mirror) return [];
    const { before, after } = change;
    if (before === undefined || after === undefined) return [];
    if (before.percent === after.percent && before.spread === after.spread) return [];
    return [`${mirror} to ${formatPercent(after.percent)} %`];
  });
}
