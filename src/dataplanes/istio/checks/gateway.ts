import type { IssueList } from '../../../model/issue.ts';
import { type Json, object, objects, string } from '../../schema/json.ts';
import { checkPort, checkProtocol, isAddress, isHttp, isTls, isWildcardHost, protocolOf } from './names.ts';

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
  const hosts = Array.isArray(server['hosts']) ? server['hosts'].map(String) : [];
  if (server['hosts'] !== undefined && hosts.length === 0) issues.at('hosts').add('needs at least one host');
  hosts.forEach((host, index) => {
    const [first, second, ...more] = host.split('/');
    const name = second ?? first;
    if (more.length > 0 || !(isWildcardHost(name) || isAddress(name)))
      issues.at('hosts').at(index).add('must be a host name, with NAMESPACE/ before it or not');
  });
  const bind = string(server['bind']) ?? '';
  const isUnix = bind.startsWith('unix://');
  if (bind !== '' && !isUnix && !isAddress(bind)) issues.at('bind').add('must be an IP address');
  const port = object(server['port']);
  if (port === undefined) return;
  if (!isUnix) checkPort(port['number'], issues.at('port').at('number'));
  checkProtocol(port['protocol'], issues.at('port').at('protocol'));
  const protocol = protocolOf(port);
  const tls = object(server['tls']);
  if (isTls(protocol) && tls === undefined) issues.at('tls').add(`is required for ${protocol}`);
  const onlyRedirects = tls?.['httpsRedirect'] === true && Object.keys(tls).length === 1;
  if (!isTls(protocol) && tls !== undefined && !(isHttp(protocol) && onlyRedirects))
    issues.at('tls').add(`cannot be given for ${protocol}, but for httpsRedirect`);
}
