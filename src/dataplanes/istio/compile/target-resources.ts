import { isIP } from 'node:net';
import { type IssueList } from '../../../model/issue.ts';
import type { Limits, Target, Tls } from '../../../model/target.ts';
import { contentHash } from '../../../snapshot/build.ts';
import type { Json } from '../../schema/json.ts';
import { isHost } from '../checks/names.ts';
import { serviceOf, wholeHost } from '../config/hosts.ts';
import { seconds, streamBounds } from './stream-bounds.ts';
import {
  DESTINATION_RULE,
  ENVOY_FILTER,
  NETWORKING,
  PATCHING,
  OWN_DOMAIN,
  OWN_LABELS,
  OWN_PREFIX,
  type Resource,
  SERVICE_ENTRY,
} from '../types.ts';

/** What a target is in the mesh, and how routes name it. */
export interface TargetResources {
  readonly destination: Json;
  readonly resources: readonly Resource[];
}

/**
 * The port of our hosts. A sidecar listens on every port that a ServiceEntry has, for all addresses: were it the target's
 * own (443, say), what others send there would be taken for HTTP. So it is one that nobody uses, and endpoints have theirs.
 */
export const OWN_PORT = 62_445;
/** Of a service of the mesh, what goes to the mirror alone: the limits bind nobody else who calls it. */
const SUBSET = 'mirrorplane';
const MAX_LABEL = 63;

/** `owned`: the owner's resources. `namespace`: where ours are. Limits that Istio has no place for are warned of. */
export function targetResources(
  target: Target,
  owned: readonly Resource[],
  namespace: string,
  { errors, warnings }: { readonly errors: IssueList; readonly warnings: IssueList },
): TargetResources {
  const at = errors.at('targets').at(target.name);
  const [first] = target.endpoints;
  if (target.tls?.ca !== undefined)
    at.at('tls').at('ca').add('Istio takes a CA as a file of the proxies only: put it there and give caFile');
  if (target.health !== undefined)
    warnings
      .at('targets')
      .at(target.name)
      .at('health')
      .add('Istio makes no health checks: nothing comes of it');
  const metadata = { name: OWN_PREFIX + slugOf(target.name), namespace, labels: OWN_LABELS };
  const service = first && target.endpoints.length === 1 ? serviceOf(first.host) : undefined;
  if (first !== undefined && service !== undefined)
    return serviceResources(target, { ...first, host: service.host }, owned, metadata, warnings);
  const host = `${metadata.name}.${OWN_DOMAIN}`;
  target.endpoints.forEach((endpoint, index) => {
    if (isIP(endpoint.host) === 0 && !isHost(endpoint.host))
      at.at('endpoints').at(index).at('host').add('Istio takes letters, digits, "-" and "." only');
  });
  const isStatic = target.endpoints.every((endpoint) => isIP(endpoint.host) !== 0);
  const entry: Json = {
    hosts: [host],
    ports: [{ number: OWN_PORT, name: 'http', protocol: target.protocol === 'http2' ? 'HTTP2' : 'HTTP' }],
    location: 'MESH_EXTERNAL',
    resolution: isStatic ? 'STATIC' : 'DNS',
    endpoints: target.endpoints.map((endpoint) => ({
      address: endpoint.host,
      ports: { http: endpoint.port },
    })),
    exportTo: ['*'],
  };
  const tls = target.tls ? tlsSettings(target.tls, first?.host) : { mode: 'DISABLE' };
  const rule: Json = {
    host,
    trafficPolicy: { connectionPool: connectionPool(target.limits), tls },
    exportTo: ['*'],
  };
  return {
    destination: { host, port: { number: OWN_PORT } },
    resources: [
      { apiVersion: NETWORKING, kind: SERVICE_ENTRY, metadata, spec: entry },
      { apiVersion: NETWORKING, kind: DESTINATION_RULE, metadata, spec: rule },
      { apiVersion: PATCHING, kind: ENVOY_FILTER, metadata, spec: streamBounds(target, host) },
    ],
  };
}

/** A service of the mesh stays one: the mesh finds its endpoints, and speaks its own TLS with them. */
function serviceResources(
  target: Target,
  { host, port }: Target['endpoints'][number],
  owned: readonly Resource[],
  metadata: Resource['metadata'],
  warnings: IssueList,
): TargetResources {
  const destination = { host, port: { number: port } };
  if (owned.some((one) => one.kind === DESTINATION_RULE && isFor(one, host))) {
    warnings
      .at('targets')
      .at(target.name)
      .at('limits')
      .add(`the config has a DestinationRule of its own for ${host}: its limits are in force, not these`);
    return { destination, resources: [] };
  }
  const policy = {
    connectionPool: connectionPool(target.limits),
    ...(target.tls && { tls: tlsSettings(target.tls, host) }),
  };
  const spec = { host, subsets: [{ name: SUBSET, trafficPolicy: policy }], exportTo: ['*'] };
  return {
    destination: { ...destination, subset: SUBSET },
    resources: [
      { apiVersion: NETWORKING, kind: DESTINATION_RULE, metadata, spec },
      { apiVersion: PATCHING, kind: ENVOY_FILTER, metadata, spec: streamBounds(target, host, SUBSET) },
    ],
  };
}

function isFor({ spec, metadata: { namespace } }: Resource, host: string): boolean {
  return typeof spec['host'] === 'string' && wholeHost(spec['host'], namespace) === host;
}

/** Without outlierDetection none is on; copies are never retried. */
function connectionPool(limits: Limits): Json {
  return {
    tcp: {
      maxConnections: limits.maxConnections,
      connectTimeout: seconds(limits.connectTimeoutMs),
    },
    http: {
      http1MaxPendingRequests: limits.maxPendingRequests,
      http2MaxRequests: limits.maxRequests,
      idleTimeout: seconds(limits.idleTimeoutMs),
    },
  };
}

/** Without a CA the certificate is not verified, which Istio has to be told. */
function tlsSettings(tls: Tls, host: string | undefined): Json {
  const { serverName, caFile, certFile, keyFile } = tls;
  const sni = serverName ?? (host !== undefined && isIP(host) === 0 ? host : undefined);
  return {
    mode: certFile === undefined ? 'SIMPLE' : 'MUTUAL',
    ...(sni !== undefined && { sni }),
    ...(caFile === undefined
      ? { insecureSkipVerify: true }
      : { caCertificates: caFile, ...(serverName !== undefined && { subjectAltNames: [serverName] }) }),
    ...(certFile !== undefined && { clientCertificate: certFile, privateKey: keyFile }),
  };
}

/** The name as a label of DNS. Names that are unlike stay so: what had to be changed has a hash behind it. */
export function slugOf(name: string): string {
  const room = MAX_LABEL - OWN_PREFIX.length;
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  if (plain === name && plain.length <= room) return plain;
  const hash = contentHash(name).slice(0, 8);
  return `${plain.slice(0, room - hash.length - 1)}-${hash}`.replace(/^-+/, '');
}
