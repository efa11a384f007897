import type { IssueList } from '../../../../model/issue.ts';
import { type Json, objects } from '../../../schema/json.ts';
import { theFirst } from '../../words.ts';
import { checkWeights } from '../destination.ts';
import { checkSubnet, isAddress, isWildcardHost, isWithin } from '../names.ts';
import { checkEach, isFilled, texts } from '../values.ts';
import { checkSources } from './match.ts';

export function checkTcp(route: Json, issues: IssueList): void {
  objects(route['match']).forEach((match, index) => checkConnection(match, issues.at('match').at(index)));
  checkRoute(route, issues);
}

/** `hosts`: those of the VirtualService. `inMesh`: whether sidecars have it, too. */
export function checkTls(route: Json, hosts: readonly string[], inMesh: boolean, issues: IssueList): void {
  if (!isFilled(route['match'] ?? [])) issues.at('match').add('needs at least one match');
  objects(route['match']).forEach((match, index) => {
    const at = issues.at('match').at(index);
    if (!isFilled(match['sniHosts'] ?? [])) at.at('sniHosts').add('needs at least one host');
    checkEach(match['sniHosts'], at.at('sniHosts'), (name, here) => checkSni(name, hosts, inMesh, here));
    checkConnection(match, at);
  });
  checkRoute(route, issues);
}

export function namesSni(tls: unknown): boolean {
  return objects(tls).some((route) =>
    objects(route['match']).some((match) => texts(match['sniHosts']).length > 0),
  );
}

function checkConnection(match: Json, issues: IssueList): void {
  checkEach(match['destinationSubnets'], issues.at('destinationSubnets'), checkSubnet);
  checkSources(match, issues);
}

function checkRoute({ route }: Json, issues: IssueList): void {
  if (!isFilled(route ?? [])) issues.at('route').add('is required: where connections go');
  checkWeights(route, issues.at('route'));
}

function checkSni(name: string, hosts: readonly string[], inMesh: boolean, issues: IssueList): void {
  if (isAddress(name)) return;
  if (!isWildcardHost(name) && (inMesh || !isGeneratedSni(name)))
    return issues.add('must be a host name, such as "shop.example"');
  if (!hosts.some((host) => isWithin(name, host)))
    issues.add(
      `must be within the hosts, which are ${theFirst(hosts) || 'none'}; a short name is served whole`,
    );
}

/** `outbound_.80_._.shop.example`: how gateways between networks name a service. */
export function isGeneratedSni(name: string): boolean {
  const [direction, port = '', , host = '', ...more] = name.split('_');
  const whole = name.length <= 255 && (host !== '' || more.length > 0);
  return whole && direction === 'outbound' && /\d/.test(port) && /[a-zA-Z]/.test(host);
}
