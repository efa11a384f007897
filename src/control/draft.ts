import { checkFleet } from '../model/check-fleet.ts';
import { checkMirror } from '../model/check-mirror.ts';
import { checkTarget } from '../model/check-target.ts';
import { deepFreeze, shareUnchanged } from '../model/freeze.ts';
import type { Issue, Result } from '../model/issue.ts';
import { isWithinDepth, mergePatch } from '../model/merge-patch.ts';
import { present } from '../model/present.ts';
import { isRecord } from '../model/read.ts';
import type { Change, Kind, Kinds, State, Table } from '../model/state.ts';
import { objectPath } from './diff.ts';
import { ControlError } from './types.ts';

/** What a write wants to change, before it is checked against everything else. */
export interface Draft {
  /** Only real changes: an object written as it already is, is none. */
  readonly changes: readonly Change[];
  /** Texts of configs among the changes, by digest. */
  readonly blobs: ReadonlyMap<string, string>;
  readonly warnings: readonly Issue[];
}

/** Kinds that are written as an object of their REST form. */
export type ObjectKind = Exclude<Kind, 'config'>;

/** Reads REST forms; knows which data planes there are. */
export type Checks = { readonly [K in ObjectKind]: (name: string, input: unknown) => Result<Kinds[K]> };

export function makeChecks(dataPlanes: readonly string[]): Checks {
  return {
    fleet: (name, input) => checkFleet(name, input, dataPlanes),
    target: checkTarget,
    mirror: checkMirror,
  };
}

export const NO_BLOBS: ReadonlyMap<string, string> = new Map();

const MAX_PATCH_DEPTH = 48;
const READ_ONLY = ['revision', 'status'];

export function draftPut<K extends ObjectKind>(
  state: State,
  checks: Checks,
  kind: K,
  name: string,
  input: unknown,
): Draft {
  const checked = checks[kind](name, input);
  if (!checked.ok) throw invalid(kind, checked.issues);
  return {
    changes: changeOf(kind, name, currentValue(state, kind, name), checked.value),
    blobs: NO_BLOBS,
    warnings: checked.warnings,
  };
}

/** A JSON merge patch on the REST form. The object exists. */
export function draftPatch<K extends ObjectKind>(
  state: State,
  checks: Checks,
  kind: K,
  name: string,
  patch: unknown,
): Draft {
  const before = currentValue(state, kind, name);
  if (before === undefined) throw notFound(kind, name);
  if (!isRecord(patch))
    throw invalid(kind, [{ path: '', message: 'must be an object (a JSON merge patch)' }]);
  if (!isWithinDepth(patch, MAX_PATCH_DEPTH)) {
    throw invalid(kind, [{ path: '', message: `must not be nested deeper than ${MAX_PATCH_DEPTH} levels` }]);
  }
  const readOnly = READ_ONLY.filter((key) => Object.hasOwn(patch, key));
  if (readOnly.length > 0) {
    throw invalid(
      kind,
      readOnly.map((path) => ({ path, message: 'is read-only' })),
    );
  }
  return draftPut(state, checks, kind, name, mergePatch(present(kind, before), patch));
}

/** A fleet goes with its config. The object exists. */
export function draftRemoval(state: State, kind: ObjectKind, name: string): Draft {
  const kinds: readonly Kind[] = kind === 'fleet' ? ['fleet', 'config'] : [kind];
  return {
    changes: kinds.flatMap((one) => changeOf(one, name, currentValue(state, one, name), undefined)),
    blobs: NO_BLOBS,
    warnings: [],
  };
}

/** Everything as it was in `goal`. */
export function draftRestore(state: State, goal: State): Draft {
  const kinds: readonly Kind[] = ['fleet', 'config', 'target', 'mirror'];
  return {
    changes: kinds.flatMap((kind) =>
      [...new Set([...state[kind].keys(), ...goal[kind].keys()])].flatMap((name) =>
        changeOf(kind, name, currentValue(state, kind, name), currentValue(goal, kind, name)),
      ),
    ),
    blobs: NO_BLOBS,
    warnings: [],
  };
}

export function currentValue<K extends Kind>(state: State, kind: K, name: string): Kinds[K] | undefined {
  return (state[kind] as Table<K>).get(name)?.value;
}

/** The change from `before` to `after`, sharing what is equal; none when all of it is. */
export function changeOf<K extends Kind>(
  kind: K,
  name: string,
  before: Kinds[K] | undefined,
  after: Kinds[K] | undefined,
): readonly Change[] {
  const shared = shareUnchanged(before, deepFreeze(after));
  return shared === before ? [] : [{ kind, name, before, after: shared } as Change];
}

export function invalid(kind: Kind, issues: readonly Issue[]): ControlError {
  return new ControlError('invalid', `the ${kind} is not valid`, issues);
}

export function notFound(kind: Kind, name: string): ControlError {
  return new ControlError('not-found', `there is no ${objectPath(kind, name)}`);
}
