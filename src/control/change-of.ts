import { deepFreeze, shareUnchanged } from '../model/freeze.ts';
import type { Change, Kind, Kinds, State, Table } from '../model/state.ts';

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
