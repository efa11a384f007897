import type { Config, Fleet } from './fleet.ts';
import type { Mirror } from './mirror.ts';
import type { Rollout } from './rollout.ts';
import type { Stop } from './stop.ts';
import type { Target } from './target.ts';

/** What is stored, by kind. */
export interface Kinds {
  readonly fleet: Fleet;
  readonly config: Config;
  readonly target: Target;
  readonly mirror: Mirror;
  readonly rollout: Rollout;
  readonly stop: Stop;
}

export type Kind = keyof Kinds;

export const KINDS = [
  'fleet',
  'config',
  'target',
  'mirror',
  'rollout',
  'stop',
] as const satisfies readonly Kind[];

/** An object and the revision that last changed it. */
export interface Entry<T> {
  readonly revision: number;
  readonly value: T;
}

export type Table<K extends Kind> = ReadonlyMap<string, Entry<Kinds[K]>>;

/** Everything at one revision. Never changed in place; unchanged objects are shared between revisions. */
export type State = { readonly revision: number } & Tables;

export type Tables = { readonly [K in Kind]: Table<K> };

/** Tables to be filled, each by `fill`; their entries must be of their kind. */
export function makeTables(fill: (kind: Kind) => Map<string, Entry<never>>): Tables {
  return Object.fromEntries(KINDS.map((kind) => [kind, fill(kind)])) as unknown as Tables;
}

export const EMPTY_STATE: State = Object.freeze({ revision: 0, ...makeTables(() => new Map()) });

/** One object written (or deleted: `after` undefined) by a revision. */
export type Change = {
  readonly [K in Kind]: {
    readonly kind: K;
    readonly name: string;
    readonly before: Kinds[K] | undefined;
    readonly after: Kinds[K] | undefined;
  };
}[Kind];

/** The state with `changes` applied as revision `revision`. */
export function applyChanges(state: State, revision: number, changes: readonly Change[]): State {
  const tables = new Map<Kind, Map<string, Entry<never>>>();
  const changed = (kind: Kind): Map<string, Entry<never>> => {
    const table = tables.get(kind) ?? new Map(state[kind] as ReadonlyMap<string, Entry<never>>);
    tables.set(kind, table);
    return table;
  };
  for (const change of changes) {
    if (change.after === undefined) changed(change.kind).delete(change.name);
    else changed(change.kind).set(change.name, { revision, value: change.after as never });
  }
  return Object.freeze({ ...state, ...Object.fromEntries(tables), revision });
}

/** A fleet's mirrors with their targets, by mirror name. */
export function mirrorsOf(state: State, fleet: string): readonly { mirror: Mirror; target: Target }[] {
  const found: { mirror: Mirror; target: Target }[] = [];
  for (const { value: mirror } of state.mirror.values()) {
    const target = state.target.get(mirror.target)?.value;
    if (mirror.fleet === fleet && target !== undefined) found.push({ mirror, target });
  }
  return found.sort((a, b) => (a.mirror.name < b.mirror.name ? -1 : 1));
}
