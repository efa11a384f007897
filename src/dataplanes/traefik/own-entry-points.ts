import { readServerUrl } from './config/server-url.ts';
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

/** Whether it is this machine, or every address of it. */
export function isLoopback(host: string): boolean {
  return (
    host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host) || WILDCARDS.includes(host)
  );
}

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
  const loops = new Map<string, Loop>();
  for (const router of Object.keys(fieldsOf(http['routers']))) {
    const mirrors = listOf(fieldsOf(fieldsOf(services[mirroringOf(router)])['mirroring'])['mirrors']).map(
      fieldsOf,
    );
    if (mirrors.length === 0) continue;
    const routers = fieldsOf(raw['routers']);
    const entries = Object.entries(routers).filter(
      ([key]) => key === `${router}@${PROVIDER}` || key.endsWith(`-${router}@${PROVIDER}`),
    );
    for (const [, entry] of entries) {
      const using = namesIn(fieldsOf(entry)['using']);
      const isTls = fieldsOf(entry)['tls'] !== undefined;
      for (const { name } of mirrors) {
        const servers = listOf(fieldsOf(fieldsOf(services[String(name)])['loadBalancer'])['servers']).map(
          fieldsOf,
        );
        for (const url of servers.map((server) => readServerUrl(textOf(server['url']) ?? ''))) {
          const own = points.find(
            (point) =>
              url !== undefined &&
              using.includes(point.name) &&
              isTls === (url.scheme === 'https') &&
              isAt(point, url, ownHost),
          );
          if (own === undefined || url === undefined) continue;
          const mirror = mirrorOf(String(name)) ?? '';
          const message =
            `mirror "${mirror}" copies to ${url.host}:${url.port}, where this Traefik itself listens ` +
            `(entry point ${own.name}): each copy would be copied again; give its target the node's address`;
          loops.set(message, { mirror, message });
        }
      }
    }
  }
  return [...loops.values()];
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
  const isHere = isLoopback(host);
  return WILDCARDS.includes(point.host) ? isHere || host === ownHost : isHere && isLoopback(point.host);
}
