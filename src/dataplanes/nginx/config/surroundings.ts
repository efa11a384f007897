import { isDnsName, isIpAddress } from '../../../model/host.ts';
import type { Endpoint } from '../../../model/target.ts';
import type { NamedHost, Origin, Surroundings } from '../../data-plane.ts';
import { type Place, lines, locationFor, named, walk } from './scopes.ts';
import type { Directive } from './tokens.ts';

/** Blocks with servers of their own, for what is no HTTP. */
const OTHER_TRAFFIC = ['stream', 'mail'];
const OUR_LOCATIONS = '/_mirrorplane/';
const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, https: 443, grpc: 80, grpcs: 443 };

export function surroundingsOf(top: readonly Directive[]): Surroundings {
  const servers = [...walk(top)].filter(
    ({ directive, around }) => directive.name === 'server' && directive.block !== undefined && isHttp(around),
  );
  return Object.freeze({
    listeners: copying(top, servers).flatMap(({ directive }) => listenersOf(directive)),
    hosts: servers.flatMap(({ directive }) => hostsOf(directive)),
    origins: originsOf(top, servers),
  });
}

function isHttp(around: readonly Directive[]): boolean {
  return !around.some(({ name }) => OTHER_TRAFFIC.includes(name));
}

/**
 * The servers that make copies. One that makes none may well be a target: copies go through it, to be bounded, say, and no
 * further. Where none is known to, as before our files are included, any may come to.
 */
function copying(top: readonly Directive[], servers: readonly Place[]): readonly Place[] {
  const copies = (directives: readonly Directive[]): boolean =>
    [...walk(directives)].some(
      ({ directive: { name, args } }) =>
        (name === 'mirror' && args[0] !== 'off') ||
        (name === 'include' && args[0]?.includes('mirrorplane') === true),
    );
  const inherited = servers.length > 0 && named(outside(top), 'mirror').length > 0;
  const found = inherited ? [] : servers.filter(({ directive }) => copies(directive.block ?? []));
  return found.length === 0 ? servers : found;
}

/** What stands beside servers, and is in force in all of them. */
function outside(top: readonly Directive[]): readonly Directive[] {
  return [...top, ...named(top, 'http').flatMap(({ block }) => block ?? [])];
}

function listenersOf(server: Directive): readonly Endpoint[] {
  const listens = named(server.block, 'listen').filter(({ args }) => !args.includes('quic'));
  if (named(server.block, 'listen').length === 0) return [{ host: '0.0.0.0', port: 80 }];
  return listens.flatMap(({ args: [address = ''] }) => {
    const only = /^\d+$/.exec(address)?.[0];
    const place = only === undefined ? placeOf(address, 80) : { host: '*', port: Number(only) };
    return place === undefined ? [] : [{ ...place, host: place.host === '*' ? '0.0.0.0' : place.host }];
  });
}

function hostsOf(server: Directive): readonly NamedHost[] {
  return named(server.block, 'server_name').flatMap((directive) =>
    directive.args
      // `.shop.example` is both.
      .flatMap((name) => (name.startsWith('.') ? [name.slice(1), `*${name}`] : [name]))
      .filter((name) => isDnsName(name.replace(/^\*\.|\.\*$/, '')) && name !== '_')
      .map((name) => ({ name, path: lines(directive) })),
  );
}

/** Of all locations but those that only copies go to. */
function originsOf(top: readonly Directive[], servers: readonly Place[]): readonly Origin[] {
  const copies = copyingLocations(top, servers);
  const upstreams = new Map(
    [...walk(top)].flatMap(({ directive }) =>
      directive.name === 'upstream' ? [[directive.args[0]?.toLowerCase() ?? '', directive] as const] : [],
    ),
  );
  return [...walk(top)].flatMap(({ directive, around }) => {
    const { name, args } = directive;
    if ((name !== 'proxy_pass' && name !== 'grpc_pass') || !isHttp(around)) return [];
    if (around.some((block) => copies.has(block) || isOurs(block))) return [];
    return placesOf(args[0] ?? '', upstreams).map((place) => ({ ...place, path: lines(directive) }));
  });
}

function copyingLocations(top: readonly Directive[], servers: readonly Place[]): ReadonlySet<Directive> {
  const found = new Set<Directive>();
  const blocks = servers.length === 0 ? [top] : servers.map(({ directive }) => directive.block ?? []);
  for (const block of blocks) {
    const mirrors = [...walk(block)]
      .map(({ directive }) => directive)
      .filter(({ name }) => name === 'mirror');
    for (const uri of new Set(
      [...named(outside(top), 'mirror'), ...mirrors].map(({ args }) => args[0] ?? ''),
    )) {
      const location = locationFor(block, uri)?.directive;
      // One with a mirror of its own has the requests themselves: that of the copies is in another text.
      if (location !== undefined && named(location.block, 'mirror').length === 0) found.add(location);
    }
  }
  return found;
}

function isOurs({ name, args }: Directive): boolean {
  return name === 'location' && args.some((word) => word.startsWith(OUR_LOCATIONS));
}

function placesOf(url: string, upstreams: ReadonlyMap<string, Directive>): readonly Endpoint[] {
  const [, scheme = '', address = ''] =
    /^(https?|grpcs?):\/\/([^/$?]+)(?:[/?]|\$request_uri|$)/.exec(url) ?? [];
  const upstream = upstreams.get(address.toLowerCase());
  const places =
    upstream === undefined
      ? [placeOf(address, DEFAULT_PORTS[scheme] ?? 80)]
      : // Without a port a server of an upstream has 80, whatever the scheme.
        named(upstream.block, 'server').map(({ args: [server = ''] }) => placeOf(server, 80));
  return places.flatMap((place) => place ?? []);
}

/** `HOST`, `HOST:PORT` or `[ADDRESS]:PORT`; nothing for sockets of the file system. */
function placeOf(text: string, defaultPort: number): Endpoint | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const host = bracketed ?? plain ?? '';
  const port = digits === undefined ? defaultPort : Number(digits);
  return host === '*' || isDnsName(host) || isIpAddress(host) ? { host, port } : undefined;
}
