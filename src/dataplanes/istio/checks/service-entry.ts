import type { IssueList } from '../../../model/issue.ts';
import { type Json, object, objects, string } from '../../schema/json.ts';
import { OWN_DOMAIN } from '../types.ts';
import { present } from './destination.ts';
import {
  checkPort,
  checkProtocol,
  isAddress,
  isHost,
  isHttp,
  isLabel,
  isTls,
  isWildcardHost,
  protocolOf,
} from './names.ts';

/** What istiod acknowledges and then does without. */
export function checkServiceEntry(spec: Json, issues: IssueList): void {
  const resolution = string(spec['resolution']) ?? 'NONE';
  const hosts = Array.isArray(spec['hosts']) ? spec['hosts'].map(String) : [];
  if (spec['hosts'] !== undefined && hosts.length === 0) issues.at('hosts').add('needs at least one host');
  hosts.forEach((host, index) => {
    const at = issues.at('hosts').at(index);
    if (!isWildcardHost(host) || host === '*') at.add('must be a host name, such as "wallarm.example"');
    if (`.${host}`.endsWith(`.${OWN_DOMAIN}`)) at.add(`hosts below ${OWN_DOMAIN} are taken`);
  });
  if (present(spec, 'workloadSelector', 'endpoints').length > 1)
    issues.add('cannot have workloadSelector and endpoints at once');
  const names = checkPorts(objects(spec['ports']), issues.at('ports'));
  const protocols = objects(spec['ports']).map(protocolOf);
  if (resolution !== 'NONE' && hosts.length > 1 && protocols.some((name) => !isHttp(name) && !isTls(name)))
    issues.at('hosts').add('can be several only where every port speaks HTTP or TLS');
  checkEndpoints(spec, resolution, hosts, names, issues);
}

function checkPorts(ports: readonly Json[], issues: IssueList): ReadonlySet<string> {
  const names = new Set<string>();
  const numbers = new Set<unknown>();
  ports.forEach((port, index) => {
    const at = issues.at(index);
    const { name, number, targetPort = 0, protocol } = port;
    if (number !== undefined) checkPort(number, at.at('number'));
    if (targetPort !== 0) checkPort(targetPort, at.at('targetPort'));
    checkProtocol(protocol, at.at('protocol'));
    if (name !== undefined && !isLabel(name)) at.at('name').add('must be lower case letters, digits and "-"');
    if (names.has(String(name))) at.at('name').add('is given twice');
    if (numbers.has(number)) at.at('number').add('is given twice');
    names.add(String(name));
    numbers.add(number);
  });
  return names;
}

function checkEndpoints(
  spec: Json,
  resolution: string,
  hosts: readonly string[],
  ports: ReadonlySet<string>,
  issues: IssueList,
): void {
  const endpoints = objects(spec['endpoints']);
  const at = issues.at('endpoints');
  const isDns = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
  if ((resolution === 'NONE' || resolution === 'DYNAMIC_DNS') && endpoints.length > 0)
    at.add(`cannot be given with the resolution ${resolution}`);
  if (isDns && endpoints.length === 0 && hosts.some((host) => !isHost(host)))
    issues.at('hosts').add('must be whole names where they are resolved by DNS, or give endpoints');
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1)
    at.add('can be one only with DNS_ROUND_ROBIN');
  if (resolution === 'DYNAMIC_DNS' && hosts.some((host) => !host.startsWith('*')))
    issues.at('hosts').add('must begin with * where they are resolved as they are asked for');
  endpoints.forEach((endpoint, index) => {
    const { address } = endpoint;
    const isUnix = typeof address === 'string' && address.startsWith('unix://');
    if (address === undefined && endpoint['network'] === undefined)
      at.at(index).at('address').add('is required');
    else if (resolution === 'STATIC' && address !== undefined && !isAddress(address) && !isUnix)
      at.at(index).at('address').add('must be an IP address where the resolution is STATIC');
    else if (isDns && !isAddress(address) && !isHost(address))
      at.at(index).at('address').add('must be a host name or an IP address');
    for (const [name, port] of Object.entries(object(endpoint['ports']) ?? {})) {
      const here = at.at(index).at('ports').at(name);
      checkPort(port, here);
      if (!ports.has(name)) here.add('is no port of this ServiceEntry');
    }
  });
}
