import { checkTarget } from '../../../model/check-target.ts';
import { presentTarget } from '../../../model/present.ts';
import { DEFAULT_LIMITS, type Endpoint, type Limits, type Target, type Tls } from '../../../model/target.ts';
import { type Json, dig, object, objects, string } from '../../schema/json.ts';
import { protocolOf } from '../checks/names.ts';
import { milliseconds } from '../duration.ts';
import { DESTINATION_RULE, type Resource, SERVICE_ENTRY } from '../types.ts';
import { serviceOf, wholeHost } from './hosts.ts';
import type { Policy } from './policies.ts';

/** Where a policy's copies go, as a target, or why that cannot be one. `name`: of what stands there. */
export function targetOf(
  policy: Policy,
  namespace: string,
  resources: readonly Resource[],
): { readonly target: Target; readonly name: string } | string {
  if (policy.host === '') return 'what it goes to is no service';
  if (policy.subset !== undefined) return 'it goes to a subset, which a target has no place for';
  const host = wholeHost(policy.host, namespace);
  const entry = entryOf(host, namespace, resources);
  const place = entry === undefined ? inMesh(host, policy.port) : inEntry(entry, host, policy.port);
  if (typeof place === 'string') return place;
  const rule = resources.find(
    (one) =>
      one.kind === DESTINATION_RULE && wholeHost(String(one.spec['host']), one.metadata.namespace) === host,
  );
  const policies = object(rule?.spec['trafficPolicy']);
  const tls = tlsOf(object(policies?.['tls']));
  if (typeof tls === 'string') return tls;
  const name = entry === undefined ? (serviceOf(host)?.name ?? host) : nameOf(entry, host);
  const target = {
    name: 'target',
    endpoints: place.endpoints,
    protocol: place.protocol,
    limits: limitsOf(object(policies?.['connectionPool'])),
    ...(tls && { tls }),
  } satisfies Target;
  // What comes by a config is held to the same rules as what comes by REST.
  const checked = checkTarget('target', presentTarget(target));
  return checked.ok
    ? { target: checked.value, name }
    : checked.issues.map(({ path, message }) => `${path} ${message}`).join('; ');
}

interface Place {
  readonly endpoints: readonly Endpoint[];
  readonly protocol: Target['protocol'];
}

/** The one of its own namespace before others. */
function entryOf(host: string, namespace: string, resources: readonly Resource[]): Resource | undefined {
  const found = resources.filter(
    ({ kind, spec }) =>
      kind === SERVICE_ENTRY && Array.isArray(spec['hosts']) && spec['hosts'].includes(host),
  );
  return found.find(({ metadata }) => metadata.namespace === namespace) ?? found[0];
}

function nameOf({ spec, metadata }: Resource, host: string): string {
  return Array.isArray(spec['hosts']) && spec['hosts'].length === 1 ? metadata.name : host;
}

function inMesh(host: string, port: number): Place | string {
  if (serviceOf(host) === undefined) return `no ServiceEntry of this config has the host ${host}`;
  if (port === 0) return 'it names no port';
  return { endpoints: [{ host, port }], protocol: 'http1' };
}

function inEntry({ spec }: Resource, host: string, number: number): Place | string {
  const ports = objects(spec['ports']);
  const port = number === 0 && ports.length === 1 ? ports[0] : ports.find((one) => one['number'] === number);
  if (port === undefined) return number === 0 ? 'it names no port' : `its ServiceEntry has no port ${number}`;
  const protocol = protocolOf(port);
  if (!['', 'TCP', 'HTTP', 'HTTP2', 'GRPC'].includes(protocol)) return `its port speaks ${protocol}`;
  const own = Number(port['targetPort'] ?? 0) || Number(port['number'] ?? 0);
  const portOf = (endpoint: Json): number => Number(dig(endpoint, 'ports', String(port['name'])) ?? own);
  const listed = objects(spec['endpoints']).map((endpoint) => ({
    host: string(endpoint['address']) ?? '',
    port: portOf(endpoint),
  }));
  if (spec['workloadSelector'] !== undefined) return 'its ServiceEntry selects workloads';
  const resolution = string(spec['resolution']) ?? 'NONE';
  if (!['DNS', 'DNS_ROUND_ROBIN', 'STATIC'].includes(resolution))
    return `its ServiceEntry has the resolution ${resolution}`;
  if (listed.length === 0 && resolution === 'STATIC') return 'its ServiceEntry has no endpoints';
  return {
    endpoints: listed.length === 0 ? [{ host, port: own }] : listed,
    protocol: protocol === 'HTTP2' || protocol === 'GRPC' ? 'http2' : 'http1',
  };
}

function tlsOf(tls: Json | undefined): Tls | undefined | string {
  const mode = string(tls?.['mode']) ?? 'DISABLE';
  if (tls === undefined || mode === 'DISABLE') return undefined;
  if (mode === 'ISTIO_MUTUAL') return 'the mesh itself speaks TLS to it';
  if (tls['credentialName'] !== undefined) return 'its certificates are a secret, and a target has files';
  const files = {
    serverName: string(tls['sni']),
    caFile: string(tls['caCertificates']),
    certFile: string(tls['clientCertificate']),
    keyFile: string(tls['privateKey']),
  };
  return Object.fromEntries(Object.entries(files).filter(([, value]) => value !== undefined));
}

/** The owner's own limits where they bound anything; ours for the rest. */
function limitsOf(pool: Json | undefined): Limits {
  const within = (value: unknown, fallback: number): number =>
    typeof value === 'number' && value >= 1 && value <= 100_000 ? value : fallback;
  const timeout = milliseconds(dig(pool, 'tcp', 'connectTimeout'));
  return {
    ...DEFAULT_LIMITS,
    maxConnections: within(dig(pool, 'tcp', 'maxConnections'), DEFAULT_LIMITS.maxConnections),
    maxPendingRequests: within(
      dig(pool, 'http', 'http1MaxPendingRequests'),
      DEFAULT_LIMITS.maxPendingRequests,
    ),
    maxRequests: within(dig(pool, 'http', 'http2MaxRequests'), DEFAULT_LIMITS.maxRequests),
    connectTimeoutMs:
      timeout !== undefined && timeout >= 10 && timeout <= 60_000 ? timeout : DEFAULT_LIMITS.connectTimeoutMs,
  };
}
