import type { Config, Fleet } from './fleet.ts';
import type { Mirror } from './mirror.ts';
import type { Target } from './target.ts';

/** What is stored, by kind. */
export interface Kinds {
  readonly fleet: Fleet;
  readonly config: Config;
  readonly target: Target;
  readonly mirror: Mirror;
}

export type Kind = keyof Kinds;

export const KINDS: readonly Kind[] = ['fleet', 'config', 'target', 'mirror'];

/** An object and the revision that last changed it. */
export interface Entry<T> {
  readonly revision: number;
  readonly value: T;
}

export type Table<K extends Kind> = ReadonlyMap<string, Entry<Kinds[K]>>;

/** Everything at one revision. Never changed in place; unchanged objects are shared between revisions. */
export interface State {
  readonly revision: number;
  readonly fleet: Table<'fleet'>;
  readonly config: Table<'config'>;
  readonly target: Table<'target'>;
  readonly mirror: Table<'mirror'>;
}

export const EMPTY_STATE: State = Object.freeze({
  revision: 0,
  fleet: new Map(),
  config: new Map(),
  target: new Map(),
  mirror: new Map(),
});

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
  const tables: Record<Kind, Map<string, Entry<never>>> = {
    fleet: new Map(state.fleet) as never,
    config: new Map(state.config) as never,
    target: new Map(state.target) as never,
    mirror: new Map(state.mirror) as never,
  };
  for (const change of changes) {
    if (change.after === undefined) tables[change.kind].delete(change.name);
    else tables[change.kind].set(change.name, { revision, value: change.after as never });
  }
  return Object.freeze({ revision, ...tables });
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
