import { isDnsName } from '../../../model/host.ts';
import type { Endpoint } from '../../../model/target.ts';
import type { NamedHost, Origin, Surroundings } from '../../data-plane.ts';
import { listenersOf } from './listeners.ts';
import { placeOf } from './places.ts';
import { type Place, lines, locationFor, named, outside, walk } from './scopes.ts';
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
    listeners: listenersOf(top, servers),
    hosts: servers.flatMap(({ directive }) => hostsOf(directive)),
    origins: originsOf(top, servers),
  });
}

function isHttp(around: readonly Directive[]): boolean {
  return !around.some(({ name }) => OTHER_TRAFFIC.includes(name));
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
  const beside = named(outside(top), 'mirror');
  const blocks = servers.length === 0 ? [top] : servers.map(({ directive }) => directive.block ?? []);
  for (const block of blocks) {
    const mirrors = [...walk(block)]
      .map(({ directive }) => directive)
      .filter(({ name }) => name === 'mirror');
    for (const uri of new Set([...beside, ...mirrors].map(({ args }) => args[0] ?? ''))) {
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
