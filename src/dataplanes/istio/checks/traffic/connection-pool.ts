import type { IssueList } from '../../../../model/issue.ts';
import { type Json, object } from '../../../schema/json.ts';
import { nanoseconds } from '../../../schema/well-known.ts';
import { checkDuration, checkDurations, checkNotNegative, filled } from '../values.ts';

const MILLISECOND = 1_000_000n;

export function checkConnectionPool(pool: Json | undefined, issues: IssueList): void {
  if (pool === undefined) return;
  if (filled(pool, 'tcp', 'http').length === 0) issues.add('needs tcp or http');
  checkHttp(object(pool['http']), issues.at('http'));
  checkTcp(object(pool['tcp']), issues.at('tcp'));
}

function checkHttp(http: Json | undefined, issues: IssueList): void {
  if (http === undefined) return;
  checkNotNegative(http, issues, 'http1MaxPendingRequests', 'http2MaxRequests', 'maxRequestsPerConnection');
  checkNotNegative(http, issues, 'maxRetries', 'maxConcurrentStreams');
  checkDurations(http, issues, 'idleTimeout');
  if (http['h2UpgradePolicy'] === 'UPGRADE' && http['useClientProtocol'] === true)
    issues.at('useClientProtocol').add('must not be true with the h2UpgradePolicy UPGRADE');
  const keepAlive = object(http['http2KeepAlive']);
  if (keepAlive === undefined) return;
  const at = issues.at('http2KeepAlive');
  for (const key of ['interval', 'timeout']) {
    if (keepAlive[key] === undefined) at.at(key).add('is required');
    checkDuration(keepAlive[key], at.at(key));
  }
}

function checkTcp(tcp: Json | undefined, issues: IssueList): void {
  if (tcp === undefined) return;
  checkNotNegative(tcp, issues, 'maxConnections');
  checkDurations(tcp, issues, 'connectTimeout', 'maxConnectionDuration');
  checkDurations(object(tcp['tcpKeepalive']), issues.at('tcpKeepalive'), 'time', 'interval');
  const { idleTimeout } = tcp;
  // 0 is for none here, and what is below a millisecond is 0 to istiod.
  if (typeof idleTimeout === 'string' && nanoseconds(idleTimeout) / MILLISECOND !== 0n)
    checkDuration(idleTimeout, issues.at('idleTimeout'));
}
