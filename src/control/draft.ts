import { checkFleet } from '../model/check-fleet.ts';
import { checkMirror } from '../model/check-mirror.ts';
import { checkTarget } from '../model/check-target.ts';
import type { Issue, Result } from '../model/issue.ts';
import type { Mirror } from '../model/mirror.ts';
import { isWithinDepth, mergePatch } from '../model/merge-patch.ts';
import { present } from '../model/present.ts';
import { isRecord } from '../model/read.ts';
import type { Change, Kind, Kinds, State } from '../model/state.ts';
import { changeOf, currentValue } from './change-of.ts';
import { objectPath } from './diff.ts';
import { withOverlays } from './overlays.ts';
import { ControlError } from './types.ts';

/** What a write wants to change, before it is checked against everything else. */
export interface Draft {
  /** Only real changes: an object written as it already is, is none. */
  readonly changes: readonly Change[];
  /** Texts of configs among the changes, by digest. */
  readonly blobs: ReadonlyMap<string, string>;
  readonly warnings: readonly Issue[];
}

/** Kinds that are written as an object of their REST form and nothing else. */
export type ObjectKind = 'fleet' | 'target' | 'mirror';

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
const READ_ONLY = ['revision', 'status', 'spread', 'suspension'];

export function draftPut<K extends ObjectKind>(
  state: State,
  checks: Checks,
  kind: K,
  name: string,
  input: unknown,
): Draft {
  return draftChecked(state, kind, name, input, checks[kind](name, input), []);
}

/** `issues`: what is known to be wrong besides. `given`: keys that the write names, where it is a patch. */
function draftChecked<K extends ObjectKind>(
  state: State,
  kind: K,
  name: string,
  input: unknown,
  checked: Result<Kinds[K]>,
  issues: readonly Issue[],
  given: readonly string[] = [],
): Draft {
  if (!checked.ok || issues.length > 0) {
    const found = checked.ok ? issues : [...issues, ...checked.issues];
    throw invalid(kind, [...found, ...missingReferences(state, kind, input, found)]);
  }
  const before = currentValue(state, kind, name);
  const after =
    kind === 'mirror'
      ? (withOverlays(
          before as Mirror | undefined,
          checked.value as Mirror,
          given.includes('percent'),
        ) as Kinds[K])
      : checked.value;
  const warnings = [...checked.warnings, ...orphans(before, after)];
  return { changes: changeOf(kind, name, before, after), blobs: NO_BLOBS, warnings };
}

/** Nodes say their cluster when they connect, and are found by nothing else. */
function orphans(before: object | undefined, after: object): readonly Issue[] {
  if (before === undefined || !('nodeCluster' in before) || !('nodeCluster' in after)) return [];
  if (before.nodeCluster === after.nodeCluster) return [];
  const was = String(before.nodeCluster);
  const message = `connected nodes of cluster "${was}" leave the fleet: they keep what they have, and copy nothing`;
  return [{ path: 'nodeCluster', message }];
}

/** Of an input that is refused anyway: what it names that does not exist, so that all is said at once. */
function missingReferences(
  state: State,
  kind: ObjectKind,
  input: unknown,
  issues: readonly Issue[],
): readonly Issue[] {
  if (kind !== 'mirror' || !isRecord(input)) return [];
  return (['fleet', 'target'] as const).flatMap((path) => {
    const value = input[path];
    if (typeof value !== 'string' || state[path].has(value)) return [];
    if (issues.some((issue) => issue.path === path)) return [];
    return [{ path, message: `there is no ${path} "${value}"` }];
  });
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
  const given = Object.keys(patch).filter((key) => !READ_ONLY.includes(key));
  const rest = Object.fromEntries(given.map((key) => [key, patch[key]]));
  const input = mergePatch(present(kind, before), rest);
  const issues = readOnly.map((path) => ({ path, message: 'is read-only: leave it out of the patch' }));
  return draftChecked(state, kind, name, input, checks[kind](name, input), issues, given);
}

/** A fleet goes with its config and its stop. The object exists. */
export function draftRemoval(state: State, kind: ObjectKind, name: string): Draft {
  const kinds: readonly Kind[] = kind === 'fleet' ? ['fleet', 'config', 'stop'] : [kind];
  return {
    changes: kinds.flatMap((one) => changeOf(one, name, currentValue(state, one, name), undefined)),
    blobs: NO_BLOBS,
    warnings: [],
  };
}

/** Everything as it was in `goal`, but rollouts and stops: these are not configuration. */
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

export function invalid(kind: Kind, issues: readonly Issue[]): ControlError {
  return new ControlError('invalid', `the ${kind} is not valid`, issues);
}

export function notFound(kind: Kind, name: string): ControlError {
  return new ControlError('not-found', `there is no ${objectPath(kind, name)}`);
}
