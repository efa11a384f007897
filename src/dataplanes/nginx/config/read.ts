import { type Issue, type Result, fail, ok } from '../../../model/issue.ts';
import type { Adoption, NativeConfig } from '../../data-plane.ts';
import { DEFAULT_DIRECTORY, HTTP_FILE, LOCATION_FILE, SERVER_FILE } from '../options.ts';
import { adoptMirrors } from './adopt.ts';
import { changesFor, includedRoutes, slownessOf } from './advice.ts';
import { defectsOf } from './defects.ts';
import { mirrorLines, serversOf } from './find.ts';
import { walk } from './scopes.ts';
import { surroundingsOf } from './surroundings.ts';
import { type Directive, NginxSyntaxError, parseNginx } from './tokens.ts';

/** An NGINX's configuration, as its owner has it: nothing is made of it but advice, since agents write our files only. */
export interface NginxConfig extends NativeConfig {
  /** See {@link includedRoutes}. */
  readonly includedRoutes: ReadonlySet<string | undefined> | undefined;
}

const NOTHING: Adoption = { targets: [], mirrors: [] };

/**
 * Reads a whole file or a part of one. Its own `mirror` lines become mirrors and targets; warnings say which lines to
 * change. Unknown directives are left alone: NGINX has more than anyone here knows.
 */
export function readNginxConfig(
  text: string,
  { fleet, adopt }: { readonly fleet: string; readonly adopt: boolean },
): Result<NginxConfig> {
  let top: readonly Directive[];
  try {
    top = parseNginx(text);
  } catch (error) {
    if (error instanceof NginxSyntaxError)
      return fail([{ path: `line ${error.line}`, message: error.message }]);
    throw error;
  }
  const found = adoptMirrors(top, adopt ? mirrorLines(top) : [], fleet);
  const routes = includedRoutes(top);
  const warnings: Issue[] = [...found.warnings];
  if (found.adopted.length > 0)
    warnings.push(...changesFor(top, found), ...defectsOf(top, found.adopted), ...slownessOf(found));
  else if (top.length > 0 && routes === undefined && found.warnings.length === 0) warnings.push(HOW);
  return ok(
    {
      counts: countsOf(top),
      adopted: adopt ? found.adoption : NOTHING,
      surroundings: surroundingsOf(top),
      includedRoutes: routes,
    },
    warnings,
  );
}

const HOW: Issue = {
  path: '',
  message:
    `includes nothing of ours yet: add "include ${DEFAULT_DIRECTORY}/${HTTP_FILE};" to http {}, before any server {}, ` +
    `"include ${DEFAULT_DIRECTORY}/${SERVER_FILE};" to every server {} to be mirrored, and ` +
    `"include ${DEFAULT_DIRECTORY}/${LOCATION_FILE};" to its locations`,
};

function countsOf(top: readonly Directive[]): Readonly<Record<string, number>> {
  const all = [...walk(top)].map(({ directive }) => directive);
  return {
    servers: serversOf(top).length,
    locations: all.filter(({ name }) => name === 'location').length,
    upstreams: all.filter(({ name }) => name === 'upstream').length,
  };
}
