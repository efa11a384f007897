import { HTTP_FILE, SERVER_FILE, locationsOf } from '../options.ts';
import { named, walk } from './scopes.ts';
import type { Directive } from './tokens.ts';

/** Which file of ours a path is; undefined for its owner's files. */
export type NameOf = (path: string) => string | undefined;

/** A location file where no server around it makes the copies. */
export interface Misplaced {
  readonly file: string;
  /** The block that includes it. */
  readonly holder: Directive;
  readonly server: Directive;
}

/** What becomes of our files in a configuration that was read with all of its includes. */
export interface Inclusion {
  /** Location files whose mirrors make copies. */
  readonly files: ReadonlySet<string>;
  /** Those whose subrequests would go to the owner's own locations. */
  readonly misplaced: readonly Misplaced[];
}

/**
 * Which of our files take effect: a location file makes subrequests, which become copies in a server that has
 * `server.conf`, for which NGINX needs `http.conf`.
 */
export function inclusionOf(top: readonly Directive[], nameOf: NameOf): Inclusion {
  const files = new Set<string>();
  const misplaced: Misplaced[] = [];
  for (const http of named(top, 'http')) {
    const servers = named(http.block, 'server').filter(({ file }) => file === undefined || !nameOf(file));
    const hasHttp = includes(http, HTTP_FILE, nameOf);
    for (const { directive, around } of walk(http.block ?? [])) {
      const file = directive.name === 'include' ? nameOf(directive.args[0] ?? '') : undefined;
      if (file === undefined || locationsOf(file) === undefined) continue;
      const own = around.find(({ name }) => name === 'server');
      for (const server of own === undefined ? servers : [own]) {
        if (!reaches(around[0], server, nameOf)) continue;
        if (!includes(server, SERVER_FILE, nameOf))
          misplaced.push({ file, holder: around[0] ?? http, server });
        else if (hasHttp) files.add(file);
      }
    }
  }
  return { files, misplaced };
}

/** Servers that have the locations which make copies. */
export function copies(server: Directive, nameOf: NameOf): boolean {
  return includes(server, SERVER_FILE, nameOf);
}

function includes({ block }: Directive, file: string, nameOf: NameOf): boolean {
  return named(block, 'include').some(({ args }) => nameOf(args[0] ?? '') === file);
}

/** Whether what `holder` includes acts on a location: one with `mirror` lines of its own inherits none. */
function reaches(holder: Directive | undefined, server: Directive, nameOf: NameOf): boolean {
  if (holder?.name === 'location') return true;
  const isOwners = ({ file }: Directive): boolean => file === undefined || nameOf(file) === undefined;
  const hasOwn = ({ block }: Directive): boolean => named(block, 'mirror').some(isOwners);
  if (hasOwn(server)) return false;
  const locations = [...walk(server.block ?? [])].filter(
    ({ directive }) => directive.name === 'location' && isOwners(directive),
  );
  return (
    locations.length === 0 || locations.some(({ directive, around }) => ![directive, ...around].some(hasOwn))
  );
}
