import { RE2JS } from 're2js';
import type { IssueList } from '../../../model/issue.ts';
import { type Json, object, objects } from '../../schema/json.ts';
import { milliseconds } from '../duration.ts';
import { checkDestination, checkPercent, checkWeights, present } from './destination.ts';
import { checkPort, isAddress, isHost, isWildcardHost } from './names.ts';

/** What istiod acknowledges and then does without, as it would with an earlier spec or none. */
export function checkVirtualService(spec: Json, issues: IssueList): void {
  const hosts = texts(spec['hosts']);
  const gateways = texts(spec['gateways']);
  if (hosts.length === 0) {
    for (const key of present(spec, 'gateways', 'tls', 'tcp'))
      issues.at(key).add('cannot be given without hosts: without them this is a delegate of another');
  }
  checkHosts(hosts, gateways.length > 0 && !gateways.includes('mesh'), issues.at('hosts'));
  gateways.forEach((gateway, index) => {
    if (!gateway.split('/').every(isHost) || gateway.split('/').length > 2)
      issues.at('gateways').at(index).add('must be NAME, NAMESPACE/NAME or mesh');
  });
  if (present(spec, 'http', 'tls', 'tcp').length === 0) issues.add('needs http, tls or tcp routes');
  objects(spec['http']).forEach((route, index) =>
    checkRoute(route, hosts.length === 0, issues.at('http').at(index)),
  );
  for (const kind of ['tls', 'tcp'])
    objects(spec[kind]).forEach((route, index) =>
      checkWeights(route['route'], issues.at(kind).at(index).at('route')),
    );
}

function checkHosts(hosts: readonly string[], atGateway: boolean, issues: IssueList): void {
  const seen = new Set<string>();
  hosts.forEach((host, index) => {
    const at = issues.at(index);
    if (!isWildcardHost(host) && !isAddress(host)) at.add('must be a host name, such as "shop.example"');
    else if (host === '*' && !atGateway) at.add('must not be * where the routes are those of the mesh');
    if (seen.has(host)) at.add('is given twice');
    seen.add(host);
  });
}

/** What a route does with a request; one of these. */
const ACTIONS = ['route', 'redirect', 'directResponse', 'delegate'];

function checkRoute(route: Json, isDelegate: boolean, issues: IssueList): void {
  const actions = present(route, ...ACTIONS);
  if (actions.length === 0) issues.add(`needs one of ${ACTIONS.join(', ')}`);
  if (actions.length > 1) issues.add(`cannot have ${actions.join(' and ')} at once`);
  if (isDelegate && actions.includes('delegate')) issues.at('delegate').add('a delegate cannot delegate');
  if (actions[0] === 'redirect' || actions[0] === 'directResponse')
    for (const key of present(route, 'fault', 'rewrite')) issues.at(key).add(`cannot go with ${actions[0]}`);
  checkWeights(route['route'], issues.at('route'));
  checkMirrors(route, issues);
  checkRedirect(object(route['redirect']), issues.at('redirect'));
  const direct = object(route['directResponse']);
  if (direct !== undefined) checkStatus(direct['status'], issues.at('directResponse').at('status'));
  const timeout = milliseconds(route['timeout']);
  if (timeout !== undefined && timeout < 1) issues.at('timeout').add('must be at least 1ms');
  checkRetries(object(route['retries']), issues.at('retries'));
  checkRewrite(object(route['rewrite']), issues.at('rewrite'));
  checkFault(object(route['fault']), issues.at('fault'));
  objects(route['match']).forEach((match, index) => checkMatch(match, issues.at('match').at(index)));
}

function checkMirrors(route: Json, issues: IssueList): void {
  if (present(route, 'mirror', 'mirrors').length > 1) issues.add('cannot have mirror and mirrors at once');
  checkDestination(route['mirror'], issues.at('mirror'));
  checkPercent(route['mirrorPercentage'], issues.at('mirrorPercentage'));
  const old = route['mirrorPercent'];
  if (typeof old === 'number' && old > 100) issues.at('mirrorPercent').add('must be from 0 to 100');
  objects(route['mirrors']).forEach((mirror, index) => {
    const at = issues.at('mirrors').at(index);
    checkDestination(mirror['destination'], at.at('destination'));
    checkPercent(mirror['percentage'], at.at('percentage'));
  });
}

function checkRedirect(redirect: Json | undefined, issues: IssueList): void {
  if (redirect === undefined) return;
  if (present(redirect, 'uri', 'authority', 'port', 'derivePort', 'scheme', 'uriRegexRewrite').length === 0)
    issues.add('needs a uri, authority, port or scheme');
  const code = Number(redirect['redirectCode'] ?? 301);
  if (code !== 0 && (code < 300 || code > 399)) issues.at('redirectCode').add('must be from 300 to 399');
  const { scheme = '', port = 0 } = redirect;
  if (!['', 'http', 'https'].includes(String(scheme))) issues.at('scheme').add('must be http or https');
  if (port !== 0) checkPort(port, issues.at('port'));
}

function checkStatus(status: unknown, issues: IssueList): void {
  if (typeof status !== 'number' || status < 200 || status > 600)
    issues.add('must be a status from 200 to 599');
}

function checkRetries(retries: Json | undefined, issues: IssueList): void {
  if (retries === undefined) return;
  const attempts = Number(retries['attempts'] ?? 0);
  if (attempts < 0) issues.at('attempts').add('must not be below 0');
  if (attempts === 0)
    for (const key of present(retries, 'perTryTimeout', 'retryOn', 'retryRemoteLocalities'))
      issues.at(key).add('says nothing with 0 attempts');
  for (const key of ['perTryTimeout', 'backoff']) {
    const time = milliseconds(retries[key]);
    if (time !== undefined && time < 1) issues.at(key).add('must be at least 1ms');
  }
}

function checkRewrite(rewrite: Json | undefined, issues: IssueList): void {
  if (rewrite === undefined) return;
  const given = present(rewrite, 'uri', 'authority', 'uriRegexRewrite');
  if (given.length === 0) issues.add('needs a uri, an authority or a uriRegexRewrite');
  if (given.includes('uri') && given.includes('uriRegexRewrite'))
    issues.add('cannot have uri and uriRegexRewrite at once');
  const regex = object(rewrite['uriRegexRewrite']);
  if (regex !== undefined) checkRegex(regex['match'], issues.at('uriRegexRewrite').at('match'));
}

function checkFault(fault: Json | undefined, issues: IssueList): void {
  if (fault === undefined) return;
  if (present(fault, 'abort', 'delay').length === 0) issues.add('needs an abort or a delay');
  for (const key of ['abort', 'delay'])
    checkPercent(object(fault[key])?.['percentage'], issues.at(key).at('percentage'));
  const status = object(fault['abort'])?.['httpStatus'];
  if (status !== undefined) checkStatus(status, issues.at('abort').at('httpStatus'));
}

const TEXT_MATCHES = ['uri', 'scheme', 'method', 'authority'];

function checkMatch(match: Json, issues: IssueList): void {
  for (const key of TEXT_MATCHES) checkText(match[key], key !== 'uri', issues.at(key));
  for (const key of ['headers', 'queryParams', 'withoutHeaders']) {
    for (const [name, value] of Object.entries(object(match[key]) ?? {})) {
      const anything = key === 'withoutHeaders' && object(value)?.['regex'] === '*';
      if (!anything) checkText(value, key !== 'queryParams', issues.at(key).at(name));
    }
  }
  const { port = 0 } = match;
  if (port !== 0) checkPort(port, issues.at('port'));
}

function checkText(value: unknown, needed: boolean, issues: IssueList): void {
  const text = object(value);
  if (text === undefined) return;
  if (needed && text['prefix'] === '') issues.at('prefix').add('must not be empty');
  if (text['regex'] !== undefined) checkRegex(text['regex'], issues.at('regex'));
}

function checkRegex(value: unknown, issues: IssueList): void {
  if (typeof value !== 'string' || value === '') return issues.add('must be a regular expression');
  try {
    RE2JS.compile(value);
  } catch (error) {
    issues.add(
      `must be a regular expression in RE2 syntax: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}
