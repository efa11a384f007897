import type { IssueList } from '../../../model/issue.ts';
import { type Json, objects, string } from '../../schema/json.ts';
import { type Metadata, OWN_DOMAIN } from '../types.ts';
import { checkExportTo } from './export-to.ts';
import {
  checkDnsLabel,
  checkPort,
  checkProtocol,
  checkSubnet,
  isHost,
  isHttp,
  isTls,
  isWildcardHost,
  protocolOf,
} from './names.ts';
import { checkSelector } from './selectors.ts';
import { checkEach, filled, isFilled, texts } from './values.ts';
import { checkWorkload } from './workload.ts';

/** What istiod acknowledges and then does without. */
export function checkServiceEntry(spec: Json, issues: IssueList, metadata: Metadata): void {
  const resolution = string(spec['resolution']) ?? 'NONE';
  if (typeof spec['resolution'] === 'number') issues.at('resolution').add('must be the name of a resolution');
  const hosts = texts(spec['hosts']);
  if (hosts.length === 0) issues.at('hosts').add('needs at least one host');
  checkEach(hosts, issues.at('hosts'), (host, at) => {
    if (!isWildcardHost(host) || host === '*') at.add('must be a host name, such as "wallarm.example"');
    if (`.${host}`.endsWith(`.${OWN_DOMAIN}`)) at.add(`hosts below ${OWN_DOMAIN} are taken`);
  });
  checkSelector(spec['workloadSelector'], 'labels', issues.at('workloadSelector'));
  if (filled(spec, 'workloadSelector', 'endpoints').length > 1)
    issues.add('cannot have workloadSelector and endpoints at once');
  const ports = checkPorts(objects(spec['ports']), issues.at('ports'));
  const protocols = objects(spec['ports']).map(protocolOf);
  if (resolution !== 'NONE' && hosts.length > 1 && protocols.some((name) => !isHttp(name) && !isTls(name)))
    issues.at('hosts').add('can be several only where every port speaks HTTP or TLS');
  checkAddresses(spec['addresses'], resolution, issues.at('addresses'));
  checkEndpoints(objects(spec['endpoints']), resolution, ports, issues.at('endpoints'));
  if (resolution === 'DYNAMIC_DNS') checkDynamic(spec, metadata, issues);
  const isDns = resolution === 'DNS' || resolution === 'DNS_ROUND_ROBIN';
  if (isDns && !isFilled(spec['endpoints'] ?? []) && hosts.some((host) => !isHost(host)))
    issues.at('hosts').add('must be whole names where they are resolved by DNS, or give endpoints');
  checkExportTo(spec['exportTo'], metadata.namespace, issues.at('exportTo'), { nobody: true });
}

function checkPorts(ports: readonly Json[], issues: IssueList): ReadonlySet<string> {
  const names = new Set<string>();
  const numbers = new Set<unknown>();
  ports.forEach((port, index) => {
    const at = issues.at(index);
    const { name, number, targetPort = 0, protocol } = port;
    checkPort(number, at.at('number'));
    if (targetPort !== 0) checkPort(targetPort, at.at('targetPort'));
    if (isFilled(protocol)) checkProtocol(protocol, at.at('protocol'));
    checkDnsLabel(name, at.at('name'));
    if (names.has(String(name))) at.at('name').add('is given twice');
    if (numbers.has(number)) at.at('number').add('is given twice');
    names.add(String(name));
    numbers.add(number);
  });
  return names;
}

function checkAddresses(addresses: unknown, resolution: string, issues: IssueList): void {
  checkEach(addresses, issues, (address, at) => {
    checkSubnet(address, at);
    if (address.includes('/') && resolution !== 'NONE' && resolution !== 'STATIC')
      at.add('can be a network only with the resolution NONE or STATIC');
  });
}

function checkEndpoints(
  endpoints: readonly Json[],
  resolution: string,
  ports: ReadonlySet<string>,
  issues: IssueList,
): void {
  if ((resolution === 'NONE' || resolution === 'DYNAMIC_DNS') && endpoints.length > 0)
    return issues.add(`cannot be given with the resolution ${resolution}`);
  if (resolution === 'DNS_ROUND_ROBIN' && endpoints.length > 1)
    issues.add('can be one only with DNS_ROUND_ROBIN');
  const takes = resolution === 'STATIC' ? (['unix', 'network'] as const) : (['host'] as const);
  endpoints.forEach((endpoint, index) => checkWorkload(endpoint, { takes, ports }, issues.at(index)));
}

/** What hosts speak that are looked up as they are asked for. */
const DYNAMIC = new Set(['HTTP', 'TLS', 'GRPC', 'HTTP2']);
const WAYPOINT = 'istio.io/use-waypoint';

function checkDynamic(spec: Json, { labels }: Metadata, issues: IssueList): void {
  if (texts(spec['hosts']).some((host) => !host.startsWith('*')))
    issues.at('hosts').add('must begin with * where they are resolved as they are asked for');
  if (isFilled(spec['addresses'] ?? [])) issues.at('addresses').add('cannot be given with DYNAMIC_DNS');
  objects(spec['ports']).forEach((port, index) => {
    if (!DYNAMIC.has(protocolOf(port)))
      issues
        .at('ports')
        .at(index)
        .at('protocol')
        .add(`must be one of ${[...DYNAMIC].join(', ')} with DYNAMIC_DNS`);
  });
  const waypoint = labels?.[WAYPOINT] ?? '';
  if (spec['location'] === 'MESH_INTERNAL' && waypoint !== '' && waypoint.toLowerCase() !== 'none')
    issues.at('location').add(`must be MESH_EXTERNAL with a waypoint (label ${WAYPOINT}) and DYNAMIC_DNS`);
}
