import type { Issue } from '../model/issue.ts';
import type { Change, Kind, State } from '../model/state.ts';
import { objectPath } from './diff.ts';
import { invalid, notFound } from './draft.ts';
import type { Subject } from './references.ts';
import { ControlError } from './types.ts';
import type { WriteContext } from './types.ts';

export function requireExisting(state: State, kind: Kind, name: string): void {
  if (!state[kind].has(name)) throw notFound(kind, name);
}

/** Holds `ifMatch` against the object's revision; without an object (a restore) against the latest one. */
export function requireMatch(
  state: State,
  subject: Subject | undefined,
  { ifMatch, ifAbsent }: WriteContext,
): void {
  if (ifAbsent === true && subject !== undefined && state[subject.kind].has(subject.name)) {
    throw new ControlError('precondition', `${objectPath(subject.kind, subject.name)} exists already`);
  }
  if (ifMatch === undefined) return;
  const [what, current] =
    subject === undefined
      ? ['the latest revision', state.revision]
      : [objectPath(subject.kind, subject.name), state[subject.kind].get(subject.name)?.revision];
  if (current === undefined) throw new ControlError('precondition', `${what} does not exist`);
  if (ifMatch !== '*' && ifMatch !== current) {
    throw new ControlError('precondition', `${what} is at revision ${current}, not ${ifMatch}`);
  }
}

/** A time at which something is to happen must not have passed when it is set. */
export function requireFuture(changes: readonly Change[], now: Date): void {
  const issues: Issue[] = [];
  for (const { kind, before, after } of changes) {
    if (kind !== 'mirror' || after?.expiresAt === undefined || after.expiresAt === before?.expiresAt)
      continue;
    if (Date.parse(after.expiresAt) > now.getTime()) continue;
    issues.push({ path: 'expiresAt', message: `must be in the future; it is ${now.toISOString()} here` });
  }
  if (issues.length > 0) throw invalid('mirror', issues);
}
