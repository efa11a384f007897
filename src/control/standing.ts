import type { Issue } from '../model/issue.ts';
import type { State } from '../model/state.ts';

/** What stands to be said of each mirror as things are: made when a mirror of its fleet is asked for, kept until the next write. */
export class Standing {
  readonly #saidOf: (state: State, fleet: string) => readonly Issue[];
  readonly #fleets = new Map<string, ReadonlyMap<string, readonly Issue[]>>();
  #state: State | undefined;

  /** `saidOf`: all of a fleet, with paths such as `mirrors.NAME.routes` and `targets.NAME.tls`. */
  constructor(saidOf: (state: State, fleet: string) => readonly Issue[]) {
    this.#saidOf = saidOf;
  }

  of(state: State, name: string): readonly Issue[] {
    const fleet = state.mirror.get(name)?.value.fleet;
    if (fleet === undefined) return [];
    if (this.#state !== state) this.#fleets.clear();
    this.#state = state;
    const known = this.#fleets.get(fleet) ?? byMirror(state, fleet, this.#saidOf(state, fleet));
    this.#fleets.set(fleet, known);
    return known.get(name) ?? [];
  }
}

function byMirror(
  state: State,
  fleet: string,
  said: readonly Issue[],
): ReadonlyMap<string, readonly Issue[]> {
  const mirrors = new Map<string, Issue[]>();
  const users = new Map<string, string[]>();
  for (const { value: mirror } of state.mirror.values()) {
    if (mirror.fleet !== fleet) continue;
    mirrors.set(mirror.name, []);
    const names = users.get(mirror.target) ?? [];
    names.push(mirror.name);
    users.set(mirror.target, names);
  }
  // Mirrors of one target say the same of it.
  const distinct = new Map(said.map((issue) => [`${issue.path}\0${issue.message}`, issue]));
  for (const issue of distinct.values()) {
    const mirror = nameIn(issue.path, 'mirrors.', mirrors);
    const target = nameIn(issue.path, 'targets.', users);
    for (const name of target === undefined ? [mirror ?? ''] : (users.get(target) ?? []))
      mirrors.get(name)?.push(issue);
  }
  return mirrors;
}

/** Names may have dots in them, so the longest is meant that there is. */
function nameIn(path: string, prefix: string, names: ReadonlyMap<string, unknown>): string | undefined {
  if (!path.startsWith(prefix)) return undefined;
  for (
    let name = path.slice(prefix.length);
    name !== '';
    name = name.slice(0, Math.max(0, name.lastIndexOf('.')))
  )
    if (names.has(name)) return name;
  return undefined;
}
