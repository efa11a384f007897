import { checkTarget } from '../../../model/check-target.ts';
import { presentTarget } from '../../../model/present.ts';
import { DEFAULT_LIMITS, type Endpoint, type Limits, type Target, type Tls } from '../../../model/target.ts';
import { type Json, dig, object, objects, string } from '../json.ts';
import { HTTP_PROTOCOL_OPTIONS, UPSTREAM_TLS, messageOf } from '../types.ts';

/** The cluster as a target, or why it cannot be one. */
export function targetOf(name: string, cluster: Json, endpoints: readonly Json[]): Target | string {
  const found = endpointsOf(cluster, endpoints);
  if (typeof found === 'string') return found;
  const tls = tlsOf(object(cluster['transport_socket']));
  if (typeof tls === 'string') return tls;
  const target = {
    name,
    endpoints: Object.freeze(found),
    protocol: speaksHttp2(cluster) ? 'http2' : 'http1',
    limits: limitsOf(cluster),
    ...(tls && { tls }),
  } satisfies Target;
  // What comes by a config is held to the same rules as what comes by REST.
  const checked = checkTarget(name, presentTarget(target));
  return checked.ok
    ? checked.value
    : checked.issues.map((issue) => `${issue.path} ${issue.message}`).join('; ');
}

/** Fields of an adopted cluster that a target has a place for, or that only say how its endpoints are found. */
const UNDERSTOOD = new Set([
  'name',
  'type',
  'lb_policy',
  'load_assignment',
  'eds_cluster_config',
  'connect_timeout',
  'circuit_breakers',
  'transport_socket',
  'dns_lookup_family',
  'dns_refresh_rate',
  'respect_dns_ttl',
  'http2_protocol_options',
  'typed_extension_protocol_options',
]);

export function fieldsLeftBehind(cluster: Json): readonly string[] {
  return Object.keys(cluster).filter((key) => !UNDERSTOOD.has(key));
}

function endpointsOf(cluster: Json, assignments: readonly Json[]): Endpoint[] | string {
  const service = string(dig(cluster, 'eds_cluster_config', 'service_name')) ?? cluster['name'];
  const assignment =
    cluster['type'] === 'EDS'
      ? assignments.find((item) => item['cluster_name'] === service)
      : object(cluster['load_assignment']);
  const found: Endpoint[] = [];
  for (const locality of objects(assignment?.['endpoints'])) {
    for (const endpoint of objects(locality['lb_endpoints'])) {
      const socket = object(dig(endpoint, 'endpoint', 'address', 'socket_address'));
      const host = string(socket?.['address']);
      const port = socket?.['port_value'];
      if (host === undefined || typeof port !== 'number')
        return 'it has an endpoint that is not a host and a port';
      found.push(Object.freeze({ host, port }));
    }
  }
  return found.length > 0 ? found : 'its endpoints are not in this config';
}

function tlsOf(socket: Json | undefined): Tls | undefined | string {
  if (socket === undefined) return undefined;
  const config = object(socket['typed_config']);
  if (messageOf(config?.['@type']) !== UPSTREAM_TLS) return 'its transport socket is not plain TLS';
  const { '@type': _, sni, common_tls_context: common, ...other } = config ?? {};
  const { validation_context: validation, tls_certificates: certificates, ...rest } = object(common) ?? {};
  const { trusted_ca: ca, ...checks } = object(validation) ?? {};
  const [certificate, ...more] = objects(certificates);
  const left = [...Object.keys(other), ...Object.keys(rest), ...Object.keys(checks)];
  if (left.length > 0) return `its TLS settings have ${left.join(', ')}, which a target has no place for`;
  if (more.length > 0) return 'it has several TLS certificates';
  const files = {
    serverName: string(sni),
    ca: string(dig(ca, 'inline_string')),
    caFile: string(dig(ca, 'filename')),
    certFile: string(dig(certificate, 'certificate_chain', 'filename')),
    keyFile: string(dig(certificate, 'private_key', 'filename')),
  };
  if (ca !== undefined && files.ca === undefined && files.caFile === undefined)
    return 'its CA is neither a file nor text';
  if (certificate !== undefined && (files.certFile === undefined || files.keyFile === undefined)) {
    return 'its certificate and key are not files';
  }
  return Object.freeze(Object.fromEntries(Object.entries(files).filter(([, value]) => value !== undefined)));
}

function speaksHttp2(cluster: Json): boolean {
  const options = object(object(cluster['typed_extension_protocol_options'])?.[HTTP_PROTOCOL_OPTIONS]);
  return (
    cluster['http2_protocol_options'] !== undefined ||
    dig(options, 'explicit_http_config', 'http2_protocol_options') !== undefined
  );
}

/** The owner's own limits where they bound anything; ours for the rest. */
function limitsOf(cluster: Json): Limits {
  const [threshold] = objects(dig(cluster, 'circuit_breakers', 'thresholds'));
  const within = (value: unknown, fallback: number): number =>
    typeof value === 'number' && value >= 1 && value <= 100_000 ? value : fallback;
  return Object.freeze({
    ...DEFAULT_LIMITS,
    maxConnections: within(threshold?.['max_connections'], DEFAULT_LIMITS.maxConnections),
    maxPendingRequests: within(threshold?.['max_pending_requests'], DEFAULT_LIMITS.maxPendingRequests),
    maxRequests: within(threshold?.['max_requests'], DEFAULT_LIMITS.maxRequests),
  });
}
