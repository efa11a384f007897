import { checkMirror } from '../../../model/check-mirror.ts';
import { checkTarget } from '../../../model/check-target.ts';
import { type Copy, DEFAULT_COPY } from '../../../model/mirror.ts';
import { presentTarget } from '../../../model/present.ts';
import { DEFAULT_LIMITS, type Endpoint, type Limits, type Target, type Tls } from '../../../model/target.ts';
import { type Json, fieldsOf, listOf, namesIn, textOf } from '../json.ts';
import { ownName } from '../names.ts';
import { milliseconds } from './duration.ts';
import { readServerUrl } from './server-url.ts';
import { isInline } from './values/texts.ts';

export interface Found {
  readonly target: Target;
  readonly copy: Copy;
  /** What a target has no place for. */
  readonly left: readonly string[];
}

const LOAD_BALANCER = ['servers', 'healthCheck', 'serversTransport', 'passHostHeader', 'strategy'];

/** The service as a target, or why it cannot be one. */
export function targetOf(name: string, http: Json, maxBodySize: unknown): Found | string {
  const service = fieldsOf(fieldsOf(http['services'])[name]);
  const balancer = fieldsOf(service['loadBalancer']);
  if (service['loadBalancer'] === undefined) return 'it is no loadBalancer';
  const endpoints = endpointsOf(balancer);
  if (typeof endpoints === 'string') return endpoints;
  const copy = copyOf(service, fieldsOf(http['middlewares']));
  if (typeof copy === 'string') return copy;
  const left = Object.keys(balancer).filter((key) => !LOAD_BALANCER.includes(key));
  if (balancer['passHostHeader'] === false)
    left.push('passHostHeader: false (copies carry the Host that the edge saw)');
  const transport = transportOf(balancer, http, left);
  const tls = endpoints.scheme === 'https' ? tlsOf(transport, left) : undefined;
  if (typeof tls === 'string') return tls;
  const wanted = {
    name: 'adopted',
    endpoints: endpoints.list,
    protocol: endpoints.scheme === 'h2c' ? 'http2' : 'http1',
    ...(tls && { tls }),
    limits: limitsOf(fieldsOf(transport['forwardingTimeouts']), maxBodySize),
  } satisfies Target;
  const health = healthOf(balancer, left);
  // What comes by a config is held to the same rules as what comes by REST.
  const plain = checkTarget('adopted', presentTarget(wanted));
  if (!plain.ok) return plain.issues.map((issue) => `${issue.path} ${issue.message}`).join('; ');
  if (health === undefined) return { target: plain.value, copy, left };
  const whole = checkTarget('adopted', presentTarget({ ...plain.value, health }));
  if (!whole.ok) left.push('healthCheck');
  return { target: whole.ok ? whole.value : plain.value, copy, left };
}

function endpointsOf(balancer: Json): { readonly scheme: string; readonly list: Endpoint[] } | string {
  const servers = listOf(balancer['servers']).map(fieldsOf);
  if (servers.length === 0) return 'it has no servers';
  const weights = new Set(servers.map(({ weight }) => weight ?? 1));
  if (weights.size > 1) return 'its servers have different weights';
  if (servers.some(({ preservePath }) => preservePath === true))
    return 'its servers put a path before every request';
  const urls = servers.flatMap(({ url }) => readServerUrl(String(url)) ?? []);
  if (urls.length < servers.length) return 'not all of its servers have a URL that can be read';
  const schemes = new Set(urls.map(({ scheme }) => scheme));
  const [scheme = ''] = schemes;
  if (schemes.size > 1) return 'its servers have different schemes';
  return { scheme, list: urls.map(({ host, port }) => ({ host, port })) };
}

/** What its middlewares do to the copy, where a mirror can do it too. */
function copyOf(service: Json, middlewares: Json): Copy | string {
  const names = namesIn(service['middlewares']);
  if (names.length === 0) return DEFAULT_COPY;
  const setHeaders: Record<string, string> = {};
  const removeHeaders = new Set<string>();
  for (const reference of names) {
    const { customRequestHeaders, ...other } = fieldsOf(
      fieldsOf(middlewares[ownName(reference) ?? ''])['headers'],
    );
    if (customRequestHeaders === undefined || Object.keys(other).length > 0)
      return `its middleware "${reference}" does what a mirror cannot: more than to set and remove headers of requests`;
    for (const [header, value] of Object.entries(fieldsOf(customRequestHeaders))) {
      const key = header.toLowerCase();
      removeHeaders.delete(key);
      delete setHeaders[key];
      if (value === '') removeHeaders.add(key);
      else setHeaders[key] = String(value);
    }
  }
  const copy = { setHeaders, removeHeaders: [...removeHeaders] };
  const checked = checkMirror('adopted', { fleet: 'f', target: 't', percent: 0, copy });
  return checked.ok
    ? checked.value.copy
    : checked.issues.map((issue) => `${issue.path} ${issue.message}`).join('; ');
}

function transportOf(balancer: Json, http: Json, left: string[]): Json {
  const reference = textOf(balancer['serversTransport']);
  if (reference === undefined) return {};
  const name = ownName(reference);
  if (name === undefined) left.push(`serversTransport ${reference}`);
  return fieldsOf(fieldsOf(http['serversTransports'])[name ?? '']);
}

const TLS_FIELDS = ['serverName', 'rootCAs', 'certificates', 'insecureSkipVerify'];

function tlsOf(transport: Json, left: string[]): Tls | string {
  const [ca, ...otherCas] = namesIn(transport['rootCAs']);
  const [certificate, ...others] = listOf(transport['certificates']).map(fieldsOf);
  if (otherCas.length > 0 || others.length > 0) return 'it has several CAs or certificates';
  const files = [textOf(certificate?.['certFile']), textOf(certificate?.['keyFile'])];
  if (files.some((file) => file !== undefined && isInline(file))) return 'its certificate is not in files';
  const skips = transport['insecureSkipVerify'] === true;
  if (ca === undefined && !skips)
    left.push("the check of its certificate by the system's CAs (give it tls.caFile)");
  left.push(
    ...Object.keys(transport).filter(
      (key) => ![...TLS_FIELDS, 'forwardingTimeouts', 'disableHTTP2'].includes(key),
    ),
  );
  const serverName = textOf(transport['serverName']);
  return {
    ...(serverName !== undefined && { serverName }),
    ...(ca !== undefined && !skips && (isInline(ca) ? { ca } : { caFile: ca })),
    ...(files[0] !== undefined && { certFile: files[0] }),
    ...(files[1] !== undefined && { keyFile: files[1] }),
  };
}

/** Traefik sets it aside for every request that it copies: what the owner gave no bound to is not to cost more than it did. */
const BUFFER_BYTES = 64 * 1024;

/** The owner's own bounds where a target may have them; ours for the rest. */
function limitsOf(timeouts: Json, maxBodySize: unknown): Limits {
  const fits = (limits: Limits): boolean => {
    const target = { name: 'a', endpoints: [{ host: 'a', port: 1 }], protocol: 'http1', limits } as const;
    return checkTarget('a', presentTarget(target)).ok;
  };
  let limits: Limits = { ...DEFAULT_LIMITS, bufferBytes: BUFFER_BYTES };
  const take = (key: keyof Limits, value: number | undefined): void => {
    const next = value === undefined ? limits : { ...limits, [key]: value };
    if (fits(next)) limits = next;
  };
  take('connectTimeoutMs', milliseconds(timeouts['dialTimeout']));
  take('maxStreamDurationMs', milliseconds(timeouts['responseHeaderTimeout']));
  take('idleTimeoutMs', milliseconds(timeouts['idleConnTimeout']));
  take('bufferBytes', typeof maxBodySize === 'number' ? maxBodySize : undefined);
  return limits;
}

const HEALTH_FIELDS = ['path', 'port', 'interval', 'timeout'];

function healthOf(balancer: Json, left: string[]): Target['health'] {
  const check = fieldsOf(balancer['healthCheck']);
  const path = textOf(check['path']);
  if (path === undefined) return undefined;
  left.push(
    ...Object.keys(check)
      .filter((key) => !HEALTH_FIELDS.includes(key))
      .map((key) => `healthCheck.${key}`),
  );
  return {
    path,
    ...(typeof check['port'] === 'number' && { port: check['port'] }),
    // Traefik's own defaults.
    intervalMs: milliseconds(check['interval']) ?? 30_000,
    timeoutMs: milliseconds(check['timeout']) ?? 5000,
  };
}
