import { formatDuration } from '../../../model/duration.ts';
import { isIpAddress } from '../../../model/host.ts';
import type { Copy, Mirror } from '../../../model/mirror.ts';
import type { Endpoint, HealthCheck, Target } from '../../../model/target.ts';
import type { Json } from '../json.ts';
import { headersOf, limitOf, nodeService } from '../names.ts';

/** What a mirror brings into the document: parts of `http`, by kind and name. */
export interface NodeParts {
  readonly services: Json;
  readonly serversTransports: Json;
  readonly middlewares: Json;
}

/** The service that a mirror's copies go to, bounded in every way that Traefik knows. */
export function nodeParts({ name, copy }: Mirror, target: Target): NodeParts {
  const { limits, protocol } = target;
  const headers = headersOn(copy);
  const hasHeaders = Object.keys(headers).length > 0;
  const health = healthOf(target);
  return {
    services: {
      [nodeService(name)]: {
        loadBalancer: {
          ...(health && { healthCheck: health }),
          passHostHeader: true,
          servers: target.endpoints.map((endpoint) => ({ url: urlOf(endpoint, target) })),
          serversTransport: nodeService(name),
        },
        middlewares: [limitOf(name), ...(hasHeaders ? [headersOf(name)] : [])],
      },
    },
    serversTransports: {
      [nodeService(name)]: {
        ...tlsOf(target),
        disableHTTP2: protocol === 'http1',
        forwardingTimeouts: {
          dialTimeout: formatDuration(limits.connectTimeoutMs),
          idleConnTimeout: formatDuration(limits.idleTimeoutMs),
          responseHeaderTimeout: formatDuration(limits.maxStreamDurationMs),
        },
        maxIdleConnsPerHost: limits.maxConnections,
      },
    },
    middlewares: {
      [limitOf(name)]: {
        inFlightReq: {
          // Over HTTP/1 each copy has a connection of its own.
          amount:
            protocol === 'http1' ? Math.min(limits.maxConnections, limits.maxRequests) : limits.maxRequests,
          // One count for all: Go keeps the host apart from the headers, so that this one is empty in every request.
          sourceCriterion: { requestHeaderName: 'Host' },
        },
      },
      ...(hasHeaders && { [headersOf(name)]: { headers: { customRequestHeaders: headers } } }),
    },
  };
}

function urlOf({ host, port }: Endpoint, { tls, protocol }: Target): string {
  const scheme = tls !== undefined ? 'https' : protocol === 'http2' ? 'h2c' : 'http';
  return `${scheme}://${isIpAddress(host) && host.includes(':') ? `[${host}]` : host}:${port}`;
}

function tlsOf({ tls }: Target): Json {
  if (tls === undefined) return {};
  const ca = tls.ca ?? tls.caFile;
  const hasCertificate = tls.certFile !== undefined && tls.keyFile !== undefined;
  return {
    ...(ca === undefined ? { insecureSkipVerify: true } : { rootCAs: [ca] }),
    ...(hasCertificate && { certificates: [{ certFile: tls.certFile, keyFile: tls.keyFile }] }),
    ...(tls.serverName !== undefined && { serverName: tls.serverName }),
  };
}

export function hasHealthCheck(target: Target): boolean {
  return healthOf(target) !== undefined;
}

/** A Wallarm node's own health, which it tells in plain HTTP, unless the target has a check. */
function healthOf({ health, node, tls }: Target): Json | undefined {
  if (health !== undefined) return checkOf(health);
  if (node?.health === undefined) return undefined;
  return { ...checkOf(node.health), ...(tls !== undefined && { scheme: 'http' }) };
}

function checkOf({ path, port, intervalMs, timeoutMs }: HealthCheck): Json {
  return {
    path,
    ...(port !== undefined && { port }),
    interval: formatDuration(intervalMs),
    timeout: formatDuration(timeoutMs),
  };
}

/** What Traefik does not make, so that only a client can have sent it, and what the node is told to believe. */
const FORGEABLE = ['X-Scheme', 'X-Server-Addr', 'X-Server-Port'];

/** By header: its value on the copy; empty: taken off. */
function headersOn({ preset, removeHeaders, setHeaders }: Copy): Readonly<Record<string, string>> {
  const set = Object.entries(setHeaders);
  const isSet = new Set(set.map(([header]) => header.toLowerCase()));
  const removed = [...(preset === 'wallarm' ? FORGEABLE : []), ...removeHeaders]
    .filter((header) => !isSet.has(header.toLowerCase()))
    .map((header) => [header, ''] as const);
  const byName = new Map(
    [...removed, ...set].map(([header, value]) => [header.toLowerCase(), [header, value]]),
  );
  return Object.fromEntries([...byName.values()]) as Record<string, string>;
}

const MISSING = [...FORGEABLE, 'X-Request-ID'];

/** Headers of the preset that copies go without. */
export function missingHeaders({ preset, setHeaders }: Copy): readonly string[] {
  if (preset !== 'wallarm') return [];
  const isSet = new Set(Object.keys(setHeaders).map((header) => header.toLowerCase()));
  return MISSING.filter((header) => !isSet.has(header.toLowerCase()));
}
