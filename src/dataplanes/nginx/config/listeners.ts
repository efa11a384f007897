import type { Mirror } from '../../../model/mirror.ts';
import type { Endpoint } from '../../../model/target.ts';
import type { Listener } from '../../data-plane.ts';
import { isPossible } from '../conditions.ts';
import { SERVER_FILE, locationsOf } from '../options.ts';
import { placeOf } from './places.ts';
import { type Place, inForce, named, outside, walk } from './scopes.ts';
import type { Directive } from './tokens.ts';

/** Files that no server comes from. */
const HARMLESS = /mime\.types$|modules/;

/** What makes copies in a server, as far as the text says. */
interface Server {
  readonly endpoints: readonly Endpoint[];
  /** `mirror` lines of its owner. */
  readonly mirrors: boolean;
  /** What our location files are for that it includes. */
  readonly routes: readonly (string | undefined)[];
  /** It can have location files, where this text does not show. */
  readonly prepared: boolean;
}

/**
 * Where servers listen that make copies. One that makes none may well be a target: copies go through it, to be bounded, say,
 * and no further. Where none is known to, as before our files are included, any may come to.
 */
export function listenersOf(top: readonly Directive[], places: readonly Place[]): readonly Listener[] {
  const beside = outside(top).flatMap((directive) => ourFile(directive) ?? []);
  const outer = new Map<Directive | undefined, boolean>();
  const servers = places.map((place) => {
    const [http, ...around] = place.around;
    // Thousands of servers share one.
    if (!outer.has(http)) {
      const line = http && inForce({ directive: http, around }, 'mirror');
      outer.set(http, isOn(line ?? named(top, 'mirror').at(-1)));
    }
    return serverOf(place.directive, beside, outer.get(http) === true);
  });
  const copying = servers.filter(({ mirrors, routes, prepared }) => mirrors || routes.length > 0 || prepared);
  if (copying.length > 0)
    return copying.flatMap((server) =>
      server.endpoints.map((endpoint) => ({ ...endpoint, copiedBy: (mirror) => copies(server, mirror) })),
    );
  const isWhole = named(outside(top), 'include').every(
    ({ args: [file = ''] }) => HARMLESS.test(file) || isOurs(file),
  );
  const [first, ...others] = servers;
  // Whichever is to copy, it is at these addresses.
  const shared = first?.endpoints.filter((endpoint) =>
    others.every(({ endpoints }) => endpoints.some((one) => isSame(one, endpoint))),
  );
  return servers.flatMap(({ endpoints }) =>
    endpoints.map((endpoint) => {
      const isCertain = isWhole && shared?.some((one) => isSame(one, endpoint));
      return { ...endpoint, copiedBy: () => (isCertain === true ? true : undefined) };
    }),
  );
}

function copies({ mirrors, routes, prepared }: Server, mirror: Mirror): boolean | undefined {
  if (mirrors || routes.some((route) => isPossible(mirror, route))) return true;
  return routes.length === 0 && prepared ? undefined : false;
}

/** `beside`: files of ours that all servers inherit; `outer`: whether they inherit a `mirror` line of their owner. */
function serverOf(server: Directive, beside: readonly string[], outer: boolean): Server {
  const block = server.block ?? [];
  const inside = [...walk(block)].flatMap(({ directive }) => ourFile(directive) ?? []);
  // A server with `mirror` lines inherits none.
  const inherited = named(block, 'mirror').length > 0 ? [] : beside;
  return {
    endpoints: endpointsOf(block),
    mirrors: scopesOf(server).some((scope) => {
      const line = inForce(scope, 'mirror');
      return line === undefined ? outer : isOn(line);
    }),
    routes: [...inside, ...inherited].flatMap((file) => {
      const locations = locationsOf(file);
      return locations === undefined ? [] : [locations.route];
    }),
    prepared: inside.includes(SERVER_FILE),
  };
}

function isOn(mirror: Directive | undefined): boolean {
  return mirror !== undefined && mirror.args[0] !== 'off';
}

/** Where requests can end: its locations, or the server itself where it has none. */
function scopesOf(server: Directive): readonly Place[] {
  const locations = [...walk(server.block ?? [], [server])].filter(
    ({ directive }) => directive.name === 'location',
  );
  return locations.length === 0 ? [{ directive: server, around: [] }] : locations;
}

/** The name of the file of ours that it includes. */
function ourFile({ name, args: [file = ''] }: Directive): string | undefined {
  return name === 'include' && isOurs(file) ? file.slice(file.lastIndexOf('/') + 1) : undefined;
}

function isOurs(file: string): boolean {
  return file.includes('mirrorplane');
}

function endpointsOf(block: readonly Directive[]): readonly Endpoint[] {
  const listens = named(block, 'listen');
  if (listens.length === 0) return [{ host: '0.0.0.0', port: 80 }];
  return listens
    .filter(({ args }) => !args.includes('quic'))
    .flatMap(({ args: [address = ''] }) => {
      const whole = /^\d+$/.test(address) ? `*:${address}` : address;
      return placeOf(whole.replace(/^\*(?=:|$)/, '0.0.0.0'), 80) ?? [];
    });
}

function isSame(a: Endpoint, b: Endpoint): boolean {
  return a.host === b.host && a.port === b.port;
}
