import { needsNode } from '../model/check-gate.ts';
import { checkRollout } from '../model/check-rollout.ts';
import type { Issue } from '../model/issue.ts';
import type { Mirror } from '../model/mirror.ts';
import { FULL } from '../model/percent.ts';
import { PENDING, isActive } from '../model/rollout.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Decision } from '../model/rollout-machine.ts';
import { isRecord } from '../model/read.ts';
import { thresholdFor } from '../model/spread.ts';
import type { Change, State } from '../model/state.ts';
import { changeOf, currentValue } from './change-of.ts';
import { NO_BLOBS, invalid } from './draft.ts';
import type { Draft } from './draft.ts';
import { ControlError } from './types.ts';

/** Ids of a fleet's connected nodes. */
export type NodesOf = (fleet: string) => readonly string[];

/** A plan, made or replaced. It is not started by that. `conflict` while it moves. */
export function draftRollout(state: State, name: string, input: unknown): Draft {
  const before = currentValue(state, 'rollout', name);
  const checked = checkRollout(name, input);
  const uncounted = uncountedGates(state, input);
  if (!checked.ok) throw invalid('rollout', [...checked.issues, ...uncounted]);
  if (uncounted.length > 0) throw invalid('rollout', uncounted);
  if (before !== undefined && isActive(before.status)) {
    throw new ControlError(
      'conflict',
      `rollout "${name}" is ${before.status.state}: abort it before it is replaced`,
    );
  }
  const run = before?.status.run ?? 0;
  const fresh: Rollout = { ...checked.value, status: { ...PENDING, run } };
  const same = before && changeOf('rollout', name, before, { ...fresh, status: before.status }).length === 0;
  return {
    changes: same ? [] : changeOf('rollout', name, before, fresh),
    blobs: NO_BLOBS,
    warnings: checked.warnings,
  };
}

/** Gates that go by what nodes count, where they are not asked. Of a plan as it came, so that all is said at once. */
function uncountedGates(state: State, input: unknown): readonly Issue[] {
  if (!isRecord(input)) return [];
  const { gates, mirror, mirrors } = input;
  const targets = [mirror, mirrors].flat().flatMap((name) => {
    const target = typeof name === 'string' ? currentValue(state, 'mirror', name)?.target : undefined;
    return target === undefined ? [] : (currentValue(state, 'target', target) ?? []);
  });
  const blind = new Set(targets.filter(({ node }) => node?.status === undefined).map(({ name }) => name));
  if (!Array.isArray(gates) || blind.size === 0) return [];
  const message =
    `needs the node's own counters, and target ${[...blind].sort().join(', ')} has none configured: ` +
    'PATCH it with {"kind":"wallarm","node":{"status":true}}';
  return gates.flatMap((gate, index) =>
    needsNode(gate) ? [{ path: `gates[${index}].metric`, message }] : [],
  );
}

/** The rollout's move and what it does to its mirrors, as one write. */
export function draftMove(state: State, rollout: Rollout, decision: Decision, nodesOf: NodesOf): Draft {
  const mirrors = rollout.mirrors.flatMap((name) => currentValue(state, 'mirror', name) ?? []);
  const changes: Change[] = [
    ...changeOf('rollout', rollout.name, rollout, { ...rollout, status: decision.status }),
    ...mirrors.flatMap((mirror) =>
      changeOf('mirror', mirror.name, mirror, moveMirror(mirror, rollout, decision, nodesOf)),
    ),
  ];
  return { changes, blobs: NO_BLOBS, warnings: [] };
}

function moveMirror(mirror: Mirror, rollout: Rollout, { share }: Decision, nodesOf: NodesOf): Mirror {
  if (share === undefined) return mirror;
  const { spread, ...rest } = mirror;
  if ('baseline' in share) return { ...rest, percent: share.baseline[mirror.name] ?? mirror.percent };
  const { percent, fleetPercent } = share;
  if (fleetPercent >= FULL) return { ...rest, percent };
  const grows = spread?.rollout === rollout.name && fleetPercent >= spread.fleetPercent;
  const atLeast = grows ? spread.threshold : 0;
  const threshold = thresholdFor(rollout.name, nodesOf(mirror.fleet), fleetPercent, atLeast);
  const outside = decisionBaseline(rollout, mirror);
  return { ...rest, percent, spread: { rollout: rollout.name, threshold, fleetPercent, rest: outside } };
}

/** What the nodes outside the share keep: the percent from before the rollout. */
function decisionBaseline({ status }: Rollout, { name, percent }: Mirror): number {
  return status.baseline[name] ?? percent;
}
