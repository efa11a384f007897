import { isLocal } from '../../model/place.ts';
import { type ServerUrl, readServerUrl } from './config/server-url.ts';
import { type Json, fieldsOf, listOf, namesIn, textOf } from './json.ts';
import { PROVIDER, mirroringOf, mirrorOf } from './names.ts';

interface EntryPoint {
  readonly name: string;
  /** Empty: any address of its machine. */
  readonly host: string;
  readonly port: number;
}

/** A mirror whose copies come back. */
export interface Loop {
  readonly mirror: string;
  readonly message: string;
}

const WILDCARDS = ['', '0.0.0.0', '::'];

/**
 * Copies that come back to the Traefik that makes them, by an entry point whose requests are copied there: each would be copied
 * again, without end. `http`: of the document; `address`: where its API answers.
 */
export function ownEntryPoints(http: Json, raw: Json, entryPoints: unknown, address = ''): readonly Loop[] {
  const points = listOf(entryPoints).map(fieldsOf).flatMap(readPoint);
  const api = URL.canParse(address) ? new URL(address) : undefined;
  const apiPort = Number(api?.port === '' ? 80 : api?.port);
  // Elsewhere its addresses may be others than those that it knows of.
  const ownHost = points.some(({ port }) => port === apiPort)
    ? api?.hostname.replace(/^\[|\]$/g, '')
    : undefined;
  const services = fieldsOf(http['services']);
  const nearby = new Map(
    Object.entries(services).flatMap(([name, service]) => {
      const mirror = mirrorOf(name);
      const found = mirror === undefined ? [] : nearbyOf(fieldsOf(service), points, ownHost);
      return mirror === undefined || found.length === 0 ? [] : [[name, { mirror, found }] as const];
    }),
  );
  // Nearly always. What follows looks at every router.
  if (nearby.size === 0) return [];
  const routers = fieldsOf(raw['routers']);
  const keys = Object.keys(routers);
  const loops = new Map<string, Loop>();
  for (const router of Object.keys(fieldsOf(http['routers']))) {
    const entries = listOf(fieldsOf(fieldsOf(services[mirroringOf(router)])['mirroring'])['mirrors']);
    const mirrors = entries.flatMap((entry) => nearby.get(String(fieldsOf(entry)['name'])) ?? []);
    if (mirrors.length === 0) continue;
    const [full, end] = [`${router}@${PROVIDER}`, `-${router}@${PROVIDER}`];
    for (const key of keys.filter((one) => one === full || one.endsWith(end)))
      for (const { mirror, found } of mirrors)
        for (const message of messagesOf(mirror, found, fieldsOf(routers[key])))
          loops.set(message, { mirror, message });
  }
  return [...loops.values()];
}

/** A server of a mirror, with the entry points that have its address. */
interface Nearby {
  readonly url: ServerUrl;
  readonly points: readonly EntryPoint[];
}

function nearbyOf(
  service: Json,
  points: readonly EntryPoint[],
  ownHost: string | undefined,
): readonly Nearby[] {
  return listOf(fieldsOf(service['loadBalancer'])['servers']).flatMap((server) => {
    const url = readServerUrl(textOf(fieldsOf(server)['url']) ?? '');
    const at = url === undefined ? [] : points.filter((point) => isAt(point, url, ownHost));
    return url === undefined || at.length === 0 ? [] : [{ url, points: at }];
  });
}

/** `router`: as Traefik has it, by its API. */
function messagesOf(mirror: string, found: readonly Nearby[], router: Json): readonly string[] {
  const using = namesIn(router['using']);
  const isTls = router['tls'] !== undefined;
  return found.flatMap(({ url, points }) => {
    const own = points.find(({ name }) => using.includes(name));
    if (own === undefined || isTls !== (url.scheme === 'https')) return [];
    return [
      `mirror "${mirror}" copies to ${url.host}:${url.port}, where this Traefik itself listens ` +
        `(entry point ${own.name}): each copy would be copied again; give its target the node's address`,
    ];
  });
}

/** `127.0.0.1:8082`, `:8082/tcp` */
function readPoint({ name, address }: Json): readonly EntryPoint[] {
  const [, v6, host = '', port, udp] =
    /^(?:\[(.*)\]|([^:]*)):(\d+)(\/udp)?/.exec(textOf(address) ?? '') ?? [];
  return port === undefined || udp !== undefined
    ? []
    : [{ name: String(name), host: v6 ?? host, port: Number(port) }];
}

function isAt(
  point: EntryPoint,
  { host, port }: { readonly host: string; readonly port: number },
  ownHost: string | undefined,
): boolean {
  if (port !== point.port) return false;
  if (host === point.host) return true;
  const isHere = isLocal(host);
  return WILDCARDS.includes(point.host) ? isHere || host === ownHost : isHere && isLocal(point.host);
}
