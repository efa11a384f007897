import type { IssueList } from '../../../model/issue.ts';
import type { Json } from '../../schema/json.ts';
import { checkDnsLabel, checkPort, checkUnixPath, isAddress, isHost, unixPath } from './names.ts';
import { checkLabels, entries, isFilled } from './values.ts';

export interface EndpointRules {
  /** Whether a host name may stand for an address, a socket of UNIX, or nothing where the network is named. */
  readonly takes: readonly ('host' | 'unix' | 'network')[];
  /** Names of the ports of its ServiceEntry. */
  readonly ports?: ReadonlySet<string>;
}

/** A WorkloadEntry, or an endpoint of a ServiceEntry. */
export function checkWorkload(endpoint: Json, { takes, ports }: EndpointRules, issues: IssueList): void {
  const { address = '' } = endpoint;
  const at = issues.at('address');
  const isUnix = takes.includes('unix') && unixPath(address) !== undefined;
  if (isUnix) {
    checkUnixPath(String(address), at);
    if (entries(endpoint['ports']).length > 0) issues.at('ports').add('cannot be given with a unix socket');
    if (ports !== undefined && ports.size !== 1)
      at.add('can be a unix socket only where the ServiceEntry has one port');
  } else if (address === '') {
    if (!takes.includes('network') || !isFilled(endpoint['network'])) at.add('is required');
  } else if (!isAddress(address) && !(takes.includes('host') && isHost(address))) {
    at.add(
      takes.includes('host')
        ? 'must be a host name or an IP address'
        : 'must be an IP address where the resolution is STATIC',
    );
  }
  for (const [name, port] of entries(endpoint['ports'])) {
    const here = issues.at('ports').at(name);
    checkDnsLabel(name, here);
    checkPort(port, here);
    if (ports?.has(name) === false) here.add('is no port of this ServiceEntry');
  }
  checkLabels(endpoint['labels'], issues.at('labels'));
}

export function checkWorkloadEntry(spec: Json, issues: IssueList): void {
  checkWorkload(spec, { takes: ['host', 'unix', 'network'] }, issues);
}
