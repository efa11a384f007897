import { PATH_AND_QUERY } from './http-rules.ts';
import type { IssueList } from './issue.ts';
import { optional, readDuration, readFields, readInteger, readText } from './read.ts';
import type { Fields, TextRule } from './read.ts';
import type { NodeHealthProbe, NodeProbes, NodeStatusProbe } from './target.ts';

/** https://github.com/wallarm/terraform-aws-wallarm asks this, in these times. */
const HEALTH = { port: 9445, path: '/-/healthcheck' };
/** https://docs.wallarm.com/admin-en/configure-statistics-service/ */
const STATUS = { port: 80, path: '/wallarm-status' };
const PACE = { intervalMs: 5000, timeoutMs: 3000 };
const HOST_PLACE = '{host}';

const STATUS_URL: TextRule = {
  test: (text) => text.length <= 2000 && isPlainUrl(text.replaceAll(HOST_PLACE, 'host')),
  message:
    "must be an http or https URL without user, password and fragment; {host} in it is the endpoint's host",
};

function isPlainUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return url.username === '' && url.password === '' && url.hash === '' && !/[\s{}]/.test(text);
}

/**
 * `{health?, status?}`, each `true` for the defaults, or an object of what differs; absent or `false`, it is not asked.
 */
export function checkNodeProbes(input: unknown, hosts: number, issues: IssueList): NodeProbes | undefined {
  const fields = readFields(input, ['health', 'status'], issues);
  if (fields === undefined) return undefined;
  const health = readProbe(fields.get('health'), HEALTH_KEYS, issues.at('health'), checkHealth);
  const status = readProbe(fields.get('status'), STATUS_KEYS, issues.at('status'), (probe, at) =>
    checkStatus(probe, at, hosts),
  );
  if (health === undefined && status === undefined) return undefined;
  return { ...optional('health', health), ...optional('status', status) };
}

const HEALTH_KEYS = ['port', 'path', 'interval', 'timeout'];
const STATUS_KEYS = ['port', 'path', 'url', 'interval', 'timeout'];

function readProbe<T>(
  input: unknown,
  keys: readonly string[],
  issues: IssueList,
  check: (fields: Fields, issues: IssueList) => T,
): T | undefined {
  if (input === undefined || input === false) return undefined;
  if (input === true) return check(new Map(), issues);
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    issues.add('must be true, false or an object');
    return undefined;
  }
  const fields = readFields(input, keys, issues);
  return fields && check(fields, issues);
}

function checkHealth(fields: Fields, issues: IssueList): NodeHealthProbe {
  return { ...readPlace(fields, HEALTH, issues), ...readPace(fields, issues) };
}

function checkStatus(fields: Fields, issues: IssueList, hosts: number): NodeStatusProbe {
  const pace = readPace(fields, issues);
  const place = readPlace(fields, STATUS, issues);
  const url = readText(fields.get('url'), STATUS_URL, issues.at('url'));
  if (url === undefined) return { ...place, ...pace };
  for (const key of ['port', 'path']) {
    if (fields.get(key) !== undefined) issues.at(key).add('is part of url: give one or the other');
  }
  if (hosts > 1 && !url.includes(HOST_PLACE)) {
    issues.at('url').add(`must have {host} in it: each of the ${hosts} hosts has counters of its own`);
  }
  return { url, ...pace };
}

function readPlace(
  fields: Fields,
  defaults: typeof HEALTH,
  issues: IssueList,
): { readonly port: number; readonly path: string } {
  return {
    port: readInteger(fields.get('port'), 1, 65_535, issues.at('port')) ?? defaults.port,
    path: readText(fields.get('path'), PATH_AND_QUERY, issues.at('path')) ?? defaults.path,
  };
}

function readPace(
  fields: Fields,
  issues: IssueList,
): { readonly intervalMs: number; readonly timeoutMs: number } {
  const time = (key: string, min: number, max: number) =>
    readDuration(fields.get(key), min, max, issues.at(key));
  return {
    intervalMs: time('interval', 200, 600_000) ?? PACE.intervalMs,
    timeoutMs: time('timeout', 50, 60_000) ?? PACE.timeoutMs,
  };
}
