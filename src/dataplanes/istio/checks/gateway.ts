import type { IssueList } from '../../../model/issue.ts';
import { type Json, object, objects, string } from '../../schema/json.ts';
import {
  checkPort,
  checkProtocol,
  checkUnixPath,
  isAddress,
  isDnsLabel,
  isHttp,
  isTls,
  isWildcardHost,
  protocolOf,
  unixPath,
} from './names.ts';
import { checkServerTls } from './server-tls.ts';
import { checkEach, filled, isFilled } from './values.ts';

/** What istiod acknowledges and then does without. */
export function checkGateway(spec: Json, issues: IssueList): void {
  const servers = objects(spec['servers']);
  const at = issues.at('servers');
  if (servers.length === 0) at.add('needs at least one server');
  const names = new Set<unknown>();
  servers.forEach((server, index) => {
    checkServer(server, at.at(index));
    const name = object(server['port'])?.['name'];
    if (names.has(name)) at.at(index).at('port').at('name').add('is given twice');
    names.add(name);
  });
}

function checkServer(server: Json, issues: IssueList): void {
  const { hosts } = server;
  if (!isFilled(hosts ?? [])) issues.at('hosts').add('needs at least one host');
  checkEach(hosts, issues.at('hosts'), (host, at) => checkServerHost(host, at));
  const port = object(server['port']) ?? {};
  const bind = string(server['bind']);
  checkServerPort(port, bind, issues.at('port'));
  checkBind(port, bind, issues.at('bind'));
  const tls = object(server['tls']);
  checkServerTls(tls, issues.at('tls'));
  const protocol = protocolOf(port);
  if (isTls(protocol) && tls === undefined) issues.at('tls').add(`is required for ${protocol}`);
  if (protocol === '' || isTls(protocol) || tls === undefined) return;
  const plain = ['PASSTHROUGH', 'AUTO_PASSTHROUGH'].includes(string(tls['mode']) ?? 'PASSTHROUGH');
  const files = filled(tls, 'caCertificates', 'privateKey', 'serverCertificate');
  if (!isHttp(protocol) || !plain || files.length > 0)
    issues.at('tls').add(`cannot be given for ${protocol}, but for httpsRedirect`);
}

/** `shop.example`, `*`, or an address; a namespace, `.` or `*` and a slash may stand before it. */
export function checkServerHost(host: string, issues: IssueList, { isGateway = true } = {}): void {
  const slash = host.indexOf('/');
  const name = host.slice(slash + 1);
  const namespace = slash === -1 ? undefined : host.slice(0, slash);
  if (namespace === undefined && !isGateway)
    return issues.add('must be NAMESPACE/HOST, such as ./* or */shop.example');
  if (namespace !== undefined && !isNamespace(namespace, isGateway))
    issues.add('must have the name of a namespace, . or * before the slash');
  if (!isWildcardHost(name) && !(isGateway && isAddress(name))) issues.add('must be a host name');
  if (name !== '*' && !name.includes('.')) issues.add('must be a whole name: shop.default.svc.cluster.local');
  if (name.length > 1 && name.includes('*') && !name.startsWith('*.'))
    issues.add('can have * for a whole label only, as in *.shop.example');
}

function isNamespace(text: string, isGateway: boolean): boolean {
  const name = isGateway || text === '~' ? text : text.replace(/^~/, '');
  return name === '*' || name === '.' || isDnsLabel(name) || (!isGateway && name === '~');
}

function checkServerPort(port: Json, bind: string | undefined, issues: IssueList): void {
  const { number = 0, protocol, name, targetPort = 0 } = port;
  if (number !== 0 || unixPath(bind) === undefined) checkPort(number, issues.at('number'));
  checkProtocol(protocol, issues.at('protocol'));
  if (targetPort !== 0) issues.at('targetPort').add('says nothing here; leave it out');
  if (!isFilled(name)) issues.at('name').add('is required');
}

function checkBind(port: Json, bind: string | undefined, issues: IssueList): void {
  if (bind === undefined) return;
  if (unixPath(bind) === undefined) {
    if (!isAddress(bind)) issues.add('must be an IP address, or unix:// and a path');
    return;
  }
  checkUnixPath(bind, issues);
  if (Number(port['number'] ?? 0) !== 0)
    issues.add('cannot be a unix socket with a port number; let that be 0');
}
