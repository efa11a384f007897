import { isIpAddress } from '../../model/host.ts';
import { IssueList } from '../../model/issue.ts';
import type { HeaderMatch, Mirror, RouteSelector } from '../../model/mirror.ts';
import { DEFAULT_LIMITS } from '../../model/target.ts';
import type { Target } from '../../model/target.ts';
import { MAX_CONDITIONS, countConditions, routesOf } from './conditions.ts';
import { MAX_ANSWER_MS, MAX_CONNECT_MS } from './mirror-location.ts';
import { DEFAULT_DIRECTORY, DEFAULT_STATE_LISTEN, ROUTE } from './options.ts';
import { pcreOf } from './pattern.ts';
import { planOf, unshared } from './plan-of.ts';
import { renderNginx } from './render.ts';
import { MAX_LINE_BYTES } from './syntax.ts';

/** https://nginx.org: to what has other characters NGINX itself answers 400. */
const METHOD = /^[A-Z_-]+$/;

/** What NGINX cannot do of what a mirror and its target ask for. */
export function unableOf(mirror: Mirror, target: Target): IssueList {
  const issues = new IssueList();
  const at = issues.at('mirrors').at(mirror.name);
  const where = issues.at('targets').at(target.name);
  if (target.protocol === 'http2')
    where.at('protocol').add('NGINX speaks HTTP/1.1 to a target: leave it out');
  checkTls(target, where.at('tls'));
  for (const field of ['routes', 'exclude'] as const) {
    for (const [index, selector] of mirror[field].entries()) checkSelector(selector, at.at(field).at(index));
  }
  if (issues.items.length === 0) checkSize(mirror, target, at);
  return issues;
}

/** What NGINX does otherwise than a mirror's target asks for. */
export function warningsOf(mirror: Mirror, target: Target): IssueList {
  const issues = new IssueList();
  const where = issues.at('targets').at(target.name);
  const { connectTimeoutMs, maxStreamDurationMs } = target.limits;
  if (connectTimeoutMs > MAX_CONNECT_MS && connectTimeoutMs !== DEFAULT_LIMITS.connectTimeoutMs) {
    where
      .at('limits.connectTimeout')
      .add(`is ${MAX_CONNECT_MS} ms in NGINX: until a copy is done a client's next request waits for it`);
  }
  if (maxStreamDurationMs > MAX_ANSWER_MS) {
    where
      .at('limits.maxStreamDuration')
      .add(`is ${MAX_ANSWER_MS} ms in NGINX: until a copy is done a client's next request waits for it`);
  }
  if (target.health !== undefined)
    where
      .at('health')
      .add(
        'is not asked by NGINX: its agent stops copies to a target that fails most of them, however it is',
      );
  return issues;
}

/** Without a name to check NGINX refuses every certificate, and it compares names only. */
function checkTls({ tls, endpoints }: Target, issues: IssueList): void {
  if (tls === undefined || (tls.ca === undefined && tls.caFile === undefined)) return;
  if (tls.serverName !== undefined && isIpAddress(tls.serverName)) {
    issues.at('serverName').add('must be a DNS name for NGINX, which finds no address in a certificate');
    return;
  }
  const hosts = new Set(endpoints.map(({ host }) => host.toLowerCase()));
  const [only = ''] = hosts;
  if (tls.serverName === undefined && (hosts.size > 1 || isIpAddress(only))) {
    issues
      .at('serverName')
      .add("is needed by NGINX, which checks a certificate's name and has no single one here");
  }
}

function checkSelector({ route, domain, methods, headers }: RouteSelector, issues: IssueList): void {
  if (route !== undefined && !ROUTE.test(route)) {
    issues
      .at('route')
      .add(
        'is part of a file name for NGINX (location-ROUTE.conf): letters, digits, ".", "_" and "-", at most 100',
      );
  }
  if (domain?.replace(/:\d+$/, '').includes(':') === true)
    issues.at('domain').add('must not be an IPv6 address for NGINX');
  for (const [index, method] of (methods ?? []).entries()) {
    if (METHOD.test(method)) continue;
    issues
      .at('methods')
      .at(index)
      .add(
        'never comes: NGINX refuses methods with other characters than A-Z, "_" and "-"; give each its own entry',
      );
  }
  for (const [index, header] of (headers ?? []).entries())
    checkHeader(header, issues.at('headers').at(index));
}

function checkHeader({ name, exact, regex }: HeaderMatch, issues: IssueList): void {
  if (!/^[A-Za-z0-9-]+$/.test(name))
    issues.at('name').add('must be of letters, digits and "-" for NGINX, which knows no others');
  if (exact === '') issues.at('exact').add('must not be empty for NGINX, to which that is no header at all');
  const pcre = regex === undefined ? '' : pcreOf(regex);
  if (typeof pcre === 'string') return;
  issues
    .at('regex')
    .add(
      `${pcre.refused}: NGINX gets only regular expressions that take no more time the more a client sends`,
    );
}

/** NGINX has bounds for how deep variables name each other, and for how long a parameter is. */
function checkSize(mirror: Mirror, target: Target, issues: IssueList): void {
  const planned = unshared(mirror, target);
  const plan = planOf([planned], 'reload', new Map([[mirror.name, 1]]));
  const counts = [undefined, ...routesOf(plan.mirrors)].flatMap((route) =>
    plan.mirrors.map((one) => countConditions(one, route)),
  );
  if (Math.max(...counts) > MAX_CONDITIONS) {
    issues
      .at('routes')
      .add(
        `asks for more than ${MAX_CONDITIONS} conditions of NGINX; selectors of a single condition, of one kind, count as one`,
      );
    return;
  }
  const options = {
    driver: 'reload',
    directory: DEFAULT_DIRECTORY,
    stateListen: DEFAULT_STATE_LISTEN,
  } as const;
  for (const text of renderNginx(plan, options).files.values()) {
    const long = text.split('\n').find((line) => Buffer.byteLength(line) > MAX_LINE_BYTES);
    // A certificate is a file of its own, and has short lines.
    if (long === undefined) continue;
    const [what = ''] = long.trim().split(/\s+/);
    issues.add(
      `has a value that is too long for a line of NGINX's configuration (${what}, ${MAX_LINE_BYTES} bytes)`,
    );
  }
}
