import { contentHash } from '../../snapshot/build.ts';
import { isPossible, mentions, routesOf } from './conditions.ts';
import { httpFile } from './http-file.ts';
import { GRACE_S, addressesKey, endsKey, ppmKey } from './lua.ts';
import { caFileOf, mirrorLocation, mirrorUri } from './mirror-location.ts';
import { HTTP_FILE, LOCATION_FILE, type RenderOptions, SERVER_FILE, routeFile } from './options.ts';
import { peersOf } from './peers.ts';
import type { Plan, PlannedMirror } from './plan.ts';
import { quoted } from './syntax.ts';

export type { RenderOptions } from './options.ts';

export interface Rendered {
  /**
   * By name, in the agent's directory. The owner includes `http.conf` in http {}, before all else there; `server.conf`
   * in every server {} to be mirrored, and in every location {} either `location.conf` or, where its owner has a name
   * for it, `location-NAME.conf`, which has everything that is in `location.conf` and is for it. A `location-NAME.conf`
   * that was there once and is not among these must stay, with the text of `location.conf`: NGINX does not start
   * without a file that is included.
   */
  readonly files: ReadonlyMap<string, string>;
  /** For the shared dict; empty without Lua. */
  readonly entries: ReadonlyMap<string, string>;
  /** Hash of the files. With Lua `GET /state` answers it as `files`, since the version is that of the dict there. */
  readonly filesVersion: string;
}

const NOTICE = '# Written by mirrorplane; changes are lost.\n';

/**
 * Makes a plan the files of an NGINX, and with Lua the entries of its shared dict, which percents and addresses are in:
 * when only these change the files stay the same.
 */
export function renderNginx(plan: Plan, options: RenderOptions): Rendered {
  const parts = new Map<string, string>();
  const routes = routesOf(plan.mirrors);
  parts.set(SERVER_FILE, serverFile(plan, routes, options));
  parts.set(LOCATION_FILE, locationFile(plan, undefined, options));
  for (const route of routes) parts.set(routeFile(route), locationFile(plan, route, options));
  for (const { target } of plan.mirrors) {
    if (target.tls?.ca !== undefined) parts.set(caFileOf(target.name), `${target.tls.ca.trim()}\n`);
  }
  const needsDollar = [...parts.values()].some((text) => text.includes('${mirrorplane_dollar}'));
  const http = (version: string) => httpFile(plan, options, version, needsDollar);
  const filesVersion = contentHash(...[...parts].flat(), http(''));
  const files = new Map([[HTTP_FILE, http(filesVersion)], ...parts]);
  return {
    files: new Map([...files].map(([name, text]) => [name, name.endsWith('.conf') ? NOTICE + text : text])),
    entries: options.driver === 'lua' ? entriesOf(plan, options) : new Map(),
    filesVersion,
  };
}

/** In the reload driver a mirror of 0 % costs nothing: no line, and no subrequest. */
function isCopied({ percent, withdrawn }: PlannedMirror, { driver }: RenderOptions): boolean {
  return withdrawn !== true && (driver === 'lua' || percent > 0);
}

function serverFile(plan: Plan, routes: readonly string[], options: RenderOptions): string {
  const locations = plan.mirrors.flatMap((mirror) =>
    [undefined, ...routes.filter((route) => mentions(mirror, route))]
      .filter((route) => isPossible(mirror, route))
      .map((route) => `${mirrorLocation(mirror, route, options).join('\n')}\n`),
  );
  return locations.join('\n');
}

/** Reading the body is a matter of the location, not of the mirror: one that wants it is enough. */
function locationFile(plan: Plan, route: string | undefined, options: RenderOptions): string {
  const mirrors = plan.mirrors.filter((mirror) => isCopied(mirror, options) && isPossible(mirror, route));
  if (mirrors.length === 0) return '';
  const wantsBody = mirrors.some(({ copy }) => copy.body !== false);
  const lines = mirrors.map((mirror) => {
    const own = route !== undefined && mentions(mirror, route) ? route : undefined;
    return `mirror ${quoted(mirrorUri(mirror.name, own))};`;
  });
  return [...lines, `mirror_request_body ${wantsBody ? 'on' : 'off'};`, ''].join('\n');
}

function entriesOf({ mirrors }: Plan, { addresses }: RenderOptions): ReadonlyMap<string, string> {
  const entries = new Map<string, string>();
  for (const mirror of mirrors) {
    const { name, percent, expiresAfterMs } = mirror;
    // Lua takes addresses only.
    const peers = peersOf(mirror, addresses).filter(({ host }) => /^[\d.]+$|:/.test(host));
    entries.set(ppmKey(name), String(percent));
    if (expiresAfterMs !== undefined) entries.set(endsKey(name), String(expiresAfterMs / 1000 + GRACE_S));
    entries.set(addressesKey(name), peers.map(({ text }) => text).join(' '));
  }
  return entries;
}
