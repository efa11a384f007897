import type { IssueList } from '../../../../model/issue.ts';
import { type Json, object, objects } from '../../../schema/json.ts';
import { checkPort, isAddress, isHost } from '../names.ts';
import { checkDurations, checkWithin, filled } from '../values.ts';
import { checkClientTls } from './client-tls.ts';
import { checkConnectionPool } from './connection-pool.ts';
import { checkLoadBalancer } from './load-balancer.ts';

const PARTS = ['outlierDetection', 'connectionPool', 'loadBalancer', 'tls'];
const WHOLE = [...PARTS, 'portLevelSettings', 'tunnel', 'proxyProtocol', 'retryBudget'];

/** How callers speak with a host. `namespace`: of the rule. */
export function checkTrafficPolicy(policy: Json | undefined, namespace: string, issues: IssueList): void {
  if (policy === undefined) return;
  if (filled(policy, ...WHOLE).length === 0) issues.add(`needs at least one field: ${WHOLE.join(', ')}`);
  if (filled(policy, 'tunnel', 'proxyProtocol').length > 1)
    issues.add('cannot have tunnel and proxyProtocol at once');
  const version = object(policy['proxyProtocol'])?.['version'];
  if (typeof version === 'number') issues.at('proxyProtocol').at('version').add('must be V1 or V2');
  checkParts(policy, namespace, issues);
  objects(policy['portLevelSettings']).forEach((settings, index) => {
    const at = issues.at('portLevelSettings').at(index);
    if (settings['port'] === undefined) at.at('port').add('is required');
    if (filled(settings, ...PARTS).length === 0) at.add(`needs at least one field: ${PARTS.join(', ')}`);
    checkParts(settings, namespace, at);
  });
  checkTunnel(object(policy['tunnel']), issues.at('tunnel'));
}

function checkParts(policy: Json, namespace: string, issues: IssueList): void {
  const outlier = object(policy['outlierDetection']);
  checkOutlier(outlier, issues.at('outlierDetection'));
  checkConnectionPool(object(policy['connectionPool']), issues.at('connectionPool'));
  checkLoadBalancer(object(policy['loadBalancer']), issues.at('loadBalancer'));
  checkClientTls(object(policy['tls']), namespace, issues.at('tls'));
}

function checkOutlier(outlier: Json | undefined, issues: IssueList): void {
  if (outlier === undefined) return;
  checkDurations(outlier, issues, 'interval', 'baseEjectionTime');
  checkWithin(outlier, issues, [0, 100], 'maxEjectionPercent', 'minHealthPercent');
  if (
    outlier['splitExternalLocalOriginErrors'] !== true &&
    Number(outlier['consecutiveLocalOriginFailures'] ?? 0) > 0
  )
    issues
      .at('consecutiveLocalOriginFailures')
      .add('counts nothing without splitExternalLocalOriginErrors: true');
}

function checkTunnel(tunnel: Json | undefined, issues: IssueList): void {
  if (tunnel === undefined) return;
  const { protocol = '', targetHost, targetPort } = tunnel;
  if (!['', 'CONNECT', 'POST'].includes(String(protocol)))
    issues.at('protocol').add('must be CONNECT or POST');
  if (!isHost(targetHost) && !isAddress(targetHost))
    issues.at('targetHost').add('must be the name of a host or an IP address');
  checkPort(targetPort, issues.at('targetPort'));
}
