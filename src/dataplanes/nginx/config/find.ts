import { type Place, locationFor, walk } from './scopes.ts';
import type { Directive } from './tokens.ts';

/** A `mirror` line, and the location that makes the copies. */
export interface MirrorLine {
  readonly directive: Directive;
  readonly uri: string;
  /** The block it is in; undefined at the top of a part of a file. */
  readonly holder: Place | undefined;
  readonly copies: Place | undefined;
}

/** All `mirror` lines but those of our own files. */
export function mirrorLines(top: readonly Directive[]): readonly MirrorLine[] {
  const found: MirrorLine[] = [];
  for (const { directive, around } of walk(top)) {
    const [uri] = directive.args;
    if (directive.name !== 'mirror' || directive.args.length !== 1 || uri === undefined || uri === 'off')
      continue;
    if (uri.startsWith('/_mirrorplane/')) continue;
    const [inner, ...outer] = around;
    const holder = inner && { directive: inner, around: outer };
    found.push({ directive, uri, holder, copies: copiesOf(top, around, uri) });
  }
  return found;
}

/** Of a line outside all servers: in the first server that has such a location. */
function copiesOf(top: readonly Directive[], around: readonly Directive[], uri: string): Place | undefined {
  const own = around.findIndex(({ name }) => name === 'server');
  const servers = own === -1 ? serversOf(top) : around.slice(own, own + 1);
  for (const block of servers.length === 0 ? [top] : servers.map((server) => server.block ?? [])) {
    const place = locationFor(block, uri);
    // That is where the request itself goes.
    if (place === undefined || around.includes(place.directive)) continue;
    const server = servers.find((one) => one.block === block);
    const outside = server === undefined ? [] : [server, ...aroundOf(top, server)];
    return { directive: place.directive, around: [...place.around, ...outside] };
  }
  return undefined;
}

/** Blocks `server`, and not the lines of an upstream. */
export function serversOf(top: readonly Directive[]): readonly Directive[] {
  return [...walk(top)].flatMap(({ directive }) =>
    directive.name === 'server' && directive.block !== undefined ? [directive] : [],
  );
}

export function aroundOf(top: readonly Directive[], wanted: Directive): readonly Directive[] {
  for (const { directive, around } of walk(top)) if (directive === wanted) return around;
  return [];
}
