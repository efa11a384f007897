import { isNameGiven } from './check-name.ts';
import { checkNodeProbes } from './check-node.ts';
import { checkTls } from './check-tls.ts';
import { deepFreeze } from './freeze.ts';
import { HOST } from './host.ts';
import { PATH_AND_QUERY } from './http-rules.ts';
import { IssueList, fail, ok } from './issue.ts';
import type { Result } from './issue.ts';
import {
  optional,
  readChoice,
  readDuration,
  readFields,
  readInteger,
  readList,
  readText,
  requireField,
} from './read.ts';
import { DEFAULT_LIMITS, WALLARM_PORT } from './target.ts';
import type { Endpoint, HealthCheck, Limits, Target } from './target.ts';

const KEYS = [
  ...['name', 'kind', 'endpoints', 'node', 'protocol', 'tls', 'limits', 'health'],
  ...['revision', 'status'],
];
const LIMIT_KEYS = [
  'maxConnections',
  'maxPendingRequests',
  'maxRequests',
  'connectTimeout',
  'maxStreamDuration',
  'idleTimeout',
  'bufferBytes',
];
const HEALTH_KEYS = ['path', 'port', 'interval', 'timeout'];
const ENDPOINTS = { min: 1, max: 64, key: ({ host, port }: Endpoint) => `${host.toLowerCase()} ${port}` };
const MINUTE = 60_000;
const KIB = 1024;

const DEFAULT_HEALTH = { intervalMs: 5000, timeoutMs: 1000 };

/**
 * Reads a target from its REST form:
 * `{kind?, endpoints: [{host, port}], node?, protocol?, tls?, limits?, health?}`; times as durations (`"2s"`), sizes in
 * bytes. `kind: "wallarm"` has a port by default, and may have `node`: what the control plane asks it. All issues at once; defaults applied; the value is frozen.
 */
export function checkTarget(name: string, input: unknown): Result<Target> {
  const issues = new IssueList();
  const warnings = new IssueList();
  const named = isNameGiven(name, input, issues);
  const fields = readFields(input, KEYS, issues) ?? new Map<string, unknown>();
  if (named) requireField(fields, 'endpoints', issues);
  const kind = readChoice(fields.get('kind'), ['wallarm'], issues.at('kind'));
  const port = kind && WALLARM_PORT;
  const endpoints = readList(fields.get('endpoints'), ENDPOINTS, issues.at('endpoints'), (endpoint, at) =>
    checkEndpoint(endpoint, at, port),
  );
  const hosts = new Set(endpoints?.map(({ host }) => host.toLowerCase()));
  const node = checkNodeProbes(fields.get('node'), hosts.size, issues.at('node'));
  if (fields.get('node') !== undefined && fields.get('kind') === undefined) {
    issues.at('node').add('is for a Wallarm node: add "kind": "wallarm"');
  }
  const protocol = readChoice(fields.get('protocol'), ['http1', 'http2'], issues.at('protocol'));
  const tls = checkTls(fields.get('tls'), issues.at('tls'), warnings.at('tls'));
  const limits = checkLimits(fields.get('limits'), issues.at('limits'));
  const health = checkHealth(fields.get('health'), issues.at('health'));
  if (endpoints === undefined || !named || issues.items.length > 0) return fail(issues.items);
  return ok(
    deepFreeze({
      name,
      ...optional('kind', kind),
      endpoints,
      ...optional('node', node),
      protocol: protocol ?? 'http1',
      ...optional('tls', tls),
      limits,
      ...optional('health', health),
    }),
    warnings.items,
  );
}

function checkEndpoint(
  input: unknown,
  issues: IssueList,
  defaultPort: number | undefined,
): Endpoint | undefined {
  const fields = readFields(input, ['host', 'port'], issues);
  if (fields === undefined) return undefined;
  requireField(fields, 'host', issues);
  if (defaultPort === undefined) requireField(fields, 'port', issues);
  const host = readText(fields.get('host'), HOST, issues.at('host'));
  const given = readInteger(fields.get('port'), 1, 65_535, issues.at('port'));
  const port = given ?? (fields.get('port') === undefined ? defaultPort : undefined);
  return host === undefined || port === undefined ? undefined : { host, port };
}

function checkLimits(input: unknown, issues: IssueList): Limits {
  const fields = readFields(input, LIMIT_KEYS, issues) ?? new Map<string, unknown>();
  const count = (key: string) => readInteger(fields.get(key), 1, 100_000, issues.at(key));
  const time = (key: string, maxMs: number) => readDuration(fields.get(key), 10, maxMs, issues.at(key));
  return {
    maxConnections: count('maxConnections') ?? DEFAULT_LIMITS.maxConnections,
    maxPendingRequests: count('maxPendingRequests') ?? DEFAULT_LIMITS.maxPendingRequests,
    maxRequests: count('maxRequests') ?? DEFAULT_LIMITS.maxRequests,
    connectTimeoutMs: time('connectTimeout', MINUTE) ?? DEFAULT_LIMITS.connectTimeoutMs,
    maxStreamDurationMs: time('maxStreamDuration', 5 * MINUTE) ?? DEFAULT_LIMITS.maxStreamDurationMs,
    idleTimeoutMs: time('idleTimeout', 60 * MINUTE) ?? DEFAULT_LIMITS.idleTimeoutMs,
    bufferBytes:
      readInteger(fields.get('bufferBytes'), 16 * KIB, 64 * KIB * KIB, issues.at('bufferBytes')) ??
      DEFAULT_LIMITS.bufferBytes,
  };
}

function checkHealth(input: unknown, issues: IssueList): HealthCheck | undefined {
  const fields = readFields(input, HEALTH_KEYS, issues);
  if (fields === undefined) return undefined;
  requireField(fields, 'path', issues);
  const path = readText(fields.get('path'), PATH_AND_QUERY, issues.at('path'));
  const port = readInteger(fields.get('port'), 1, 65_535, issues.at('port'));
  const intervalMs = readDuration(fields.get('interval'), 100, 60 * MINUTE, issues.at('interval'));
  const timeoutMs = readDuration(fields.get('timeout'), 10, 5 * MINUTE, issues.at('timeout'));
  if (path === undefined) return undefined;
  return {
    path,
    ...optional('port', port),
    intervalMs: intervalMs ?? DEFAULT_HEALTH.intervalMs,
    timeoutMs: timeoutMs ?? DEFAULT_HEALTH.timeoutMs,
  };
}
