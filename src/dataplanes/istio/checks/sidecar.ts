import type { IssueList } from '../../../model/issue.ts';
import { type Json, object, objects, string } from '../../schema/json.ts';
import { checkDestination } from './destination.ts';
import { checkServerHost } from './gateway.ts';
import {
  checkDnsLabel,
  checkPort,
  checkProtocol,
  checkUnixPath,
  isAddress,
  isHost,
  isTls,
  protocolOf,
  unixPath,
} from './names.ts';
import { checkSelector } from './selectors.ts';
import { checkServerTls } from './server-tls.ts';
import { checkConnectionPool } from './traffic/connection-pool.ts';
import { checkEach, filled, isFilled } from './values.ts';

const PARTS = ['egress', 'ingress', 'outboundTrafficPolicy', 'inboundConnectionPool'];

export function checkSidecar(spec: Json, issues: IssueList): void {
  checkSelector(spec['workloadSelector'], 'labels', issues.at('workloadSelector'));
  if (filled(spec, ...PARTS).length === 0) issues.add(`needs one of ${PARTS.join(', ')}`);
  checkIngress(objects(spec['ingress']), issues.at('ingress'));
  checkConnectionPool(object(spec['inboundConnectionPool']), issues.at('inboundConnectionPool'));
  checkEgress(objects(spec['egress']), issues.at('egress'));
  checkOutbound(object(spec['outboundTrafficPolicy']), issues.at('outboundTrafficPolicy'));
}

function checkIngress(listeners: readonly Json[], issues: IssueList): void {
  const numbers = new Set<unknown>();
  listeners.forEach((listener, index) => {
    const at = issues.at(index);
    const port = object(listener['port']);
    if (port === undefined) return at.at('port').add('is required');
    checkPort(port['number'], at.at('port').at('number'));
    checkListenerPort(port, at.at('port'));
    if (numbers.has(port['number'])) at.at('port').at('number').add('is given twice');
    numbers.add(port['number']);
    const bind = string(listener['bind']);
    if (bind !== undefined && !isAddress(bind)) at.at('bind').add('must be an IP address');
    const endpoint = string(listener['defaultEndpoint']);
    if (endpoint !== undefined) checkDefaultEndpoint(endpoint, at.at('defaultEndpoint'));
    checkListenerTls(object(listener['tls']), port, at.at('tls'));
    checkConnectionPool(object(listener['connectionPool']), at.at('connectionPool'));
  });
}

function checkListenerPort(port: Json, issues: IssueList): void {
  if (isFilled(port['name'] ?? '')) checkDnsLabel(port['name'], issues.at('name'));
  if (isFilled(port['protocol'] ?? '')) checkProtocol(port['protocol'], issues.at('protocol'));
  if (Number(port['targetPort'] ?? 0) !== 0) issues.at('targetPort').add('says nothing here; leave it out');
}

const ENDPOINT = /^(?:|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):\+?(\d+)$/;

function checkDefaultEndpoint(endpoint: string, issues: IssueList): void {
  if (unixPath(endpoint) !== undefined) return checkUnixPath(endpoint, issues);
  const port = ENDPOINT.exec(endpoint)?.[1];
  if (port === undefined)
    return issues.add('must be 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT, or unix:// and a path');
  checkPort(Number(port), issues);
}

const NOT_HERE = ['subjectAltNames', 'credentialName', 'credentialNames', 'tlsCertificates'];

function checkListenerTls(tls: Json | undefined, port: Json, issues: IssueList): void {
  if (tls === undefined) return;
  for (const key of filled(tls, ...NOT_HERE)) issues.at(key).add('cannot be given for a sidecar');
  if (tls['httpsRedirect'] === true) issues.at('httpsRedirect').add('cannot be given for a sidecar');
  if (tls['mode'] === 'ISTIO_MUTUAL' || tls['mode'] === 'AUTO_PASSTHROUGH')
    issues.at('mode').add(`cannot be ${tls['mode']} for a sidecar`);
  if (!isTls(protocolOf(port))) issues.add('can be given for HTTPS and TLS only');
  checkServerTls(tls, issues);
}

function checkEgress(listeners: readonly Json[], issues: IssueList): void {
  const places = new Set<string>();
  listeners.forEach((listener, index) => {
    const at = issues.at(index);
    const port = object(listener['port']);
    const bind = string(listener['bind']) ?? '';
    if (port !== undefined) {
      checkListenerPort(port, at.at('port'));
      const number = Number(port['number'] ?? 0);
      if (number === 0) checkSocket(listener, bind, at);
      else {
        checkPort(number, at.at('port').at('number'));
        if (bind !== '' && !isAddress(bind)) at.at('bind').add('must be an IP address');
      }
      const place = number === 0 ? bind : String(number);
      if (places.has(place)) at.at(number === 0 ? 'bind' : 'port').add('is given twice');
      places.add(place);
    } else if (index < listeners.length - 1) {
      at.at('port').add('can be left out for the last listener only, which is for all the rest');
    }
    if (!isFilled(listener['hosts'] ?? [])) at.at('hosts').add('needs at least one host');
    checkEach(listener['hosts'], at.at('hosts'), (host, here) =>
      checkServerHost(host, here, { isGateway: false }),
    );
  });
}

function checkSocket(listener: Json, bind: string, issues: IssueList): void {
  if (unixPath(bind) === undefined)
    issues.at('bind').add('must be unix:// and a path, or give a port number');
  else checkUnixPath(bind, issues.at('bind'));
  if (listener['captureMode'] === 'IPTABLES')
    issues.at('captureMode').add('must be DEFAULT or NONE for a unix socket');
}

function checkOutbound(policy: Json | undefined, issues: IssueList): void {
  const proxy = object(policy?.['egressProxy']);
  const mode = policy?.['mode'];
  // A number without a name here, of the mesh's own setting.
  if (mode === 3) return issues.at('mode').add('must be REGISTRY_ONLY or ALLOW_ANY');
  if (proxy === undefined) return;
  const at = issues.at('egressProxy');
  if (mode !== 'ALLOW_ANY') return at.add('can be given only with the mode ALLOW_ANY');
  if (!isHost(proxy['host'])) at.at('host').add('must be the name of a host');
  if (proxy['port'] === undefined) at.at('port').add('is required');
  checkDestination(proxy, at);
}
