import type { Issue } from '../model/issue.ts';
import { joinPath } from '../model/issue.ts';
import { isActive } from '../model/rollout.ts';
import { EVERY_FLEET } from '../model/stop.ts';
import type { Change, State } from '../model/state.ts';
import { StoreError } from '../store/store.ts';
import { objectPath } from './diff.ts';
import { ControlError } from './types.ts';

/** The object a write is about: issues with it have paths into the request's own body. */
export interface Subject {
  readonly kind: Change['kind'];
  readonly name: string;
}

/**
 * Throws unless everything that `state` refers to is in it: a mirror's fleet and target, a config's fleet; and no
 * two fleets claim the same nodes. `changes` are those that led to the state: a missing object is a conflict when
 * it is this write that removes it, and invalid when it was never there.
 */
export function requireReferences(
  state: State,
  changes: readonly Change[],
  subject: Subject | undefined,
): void {
  const removed = changes.filter(({ after }) => after === undefined);
  const issues: Issue[] = [];
  const users = new Map<string, string[]>();
  const refer = (user: string, field: string, kind: 'fleet' | 'target' | 'mirror', name: string): void => {
    if (state[kind].has(name)) return;
    const object = objectPath(kind, name);
    if (removed.some((change) => change.kind === kind && change.name === name)) {
      users.set(object, [...(users.get(object) ?? []), user]);
    } else issues.push({ path: field, message: `there is no ${kind} "${name}"` });
  };
  for (const { value: mirror } of state.mirror.values()) {
    const at = pathOf(subject, 'mirror', mirror.name);
    const user = objectPath('mirror', mirror.name);
    refer(user, at('fleet'), 'fleet', mirror.fleet);
    refer(user, at('target'), 'target', mirror.target);
  }
  for (const { value: rollout } of state.rollout.values()) {
    if (rollout.status.state === 'done' || rollout.status.state === 'aborted') continue;
    const at = pathOf(subject, 'rollout', rollout.name);
    for (const mirror of rollout.mirrors) {
      refer(objectPath('rollout', rollout.name), at('mirrors'), 'mirror', mirror);
    }
  }
  for (const name of state.stop.keys()) {
    if (name !== EVERY_FLEET) refer(objectPath('stop', name), '', 'fleet', name);
  }
  for (const name of state.config.keys()) refer(objectPath('config', name), '', 'fleet', name);
  if (issues.length > 0) throw new ControlError('invalid', 'something it refers to does not exist', issues);
  if (users.size > 0) {
    throw new ControlError(
      'conflict',
      [...users].map(([object, by]) => `${object} is in use by ${by.join(', ')}`).join('; '),
      [...users].flatMap(([object, by]) => by.map((user) => ({ path: user, message: `uses ${object}` }))),
    );
  }
  requireOwnNodes(state, subject);
  requireOneMover(state, subject);
}

/** Throws a {@link StoreError} when a stored state refers to what is not in it. */
export function requireSound(state: State): void {
  try {
    requireReferences(state, [], undefined);
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    const words = error.issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new StoreError(`what is stored is damaged: ${words}`, { cause: error });
  }
}

/** A node says its cluster and nothing else that could tell fleets apart. */
function requireOwnNodes(state: State, subject: Subject | undefined): void {
  const owners = new Map<string, string>();
  const issues: Issue[] = [];
  for (const { value: fleet } of state.fleet.values()) {
    const owner = owners.get(fleet.nodeCluster);
    if (owner === undefined) owners.set(fleet.nodeCluster, fleet.name);
    else {
      const [written, other] = owner === subject?.name ? [owner, fleet.name] : [fleet.name, owner];
      issues.push({
        path: pathOf(subject, 'fleet', written)('nodeCluster'),
        message: `"${fleet.nodeCluster}" is that of the fleet "${other}" already`,
      });
    }
  }
  if (issues.length > 0) throw new ControlError('conflict', 'two fleets would have the same nodes', issues);
}

/** Two rollouts that move one mirror would undo each other's steps. */
function requireOneMover(state: State, subject: Subject | undefined): void {
  const movers = new Map<string, string>();
  const issues: Issue[] = [];
  for (const { value: rollout } of state.rollout.values()) {
    if (!isActive(rollout.status)) continue;
    for (const mirror of rollout.mirrors) {
      const other = movers.get(mirror);
      if (other === undefined) movers.set(mirror, rollout.name);
      else {
        const at = pathOf(subject, 'rollout', rollout.name)('mirrors');
        issues.push({ path: at, message: `"${mirror}" is moved by rollout "${other}": end that one first` });
      }
    }
  }
  if (issues.length > 0) throw new ControlError('conflict', 'two rollouts would move one mirror', issues);
}

function pathOf(subject: Subject | undefined, kind: Change['kind'], name: string): (field: string) => string {
  const own = subject?.kind === kind && subject.name === name;
  return (field) => (own ? field : joinPath(objectPath(kind, name), field));
}
