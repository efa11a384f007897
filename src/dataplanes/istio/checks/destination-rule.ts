import type { IssueList } from '../../../model/issue.ts';
import { type Json, object, objects } from '../../schema/json.ts';
import { OWN_DOMAIN } from '../types.ts';
import { isLabel, isWildcardHost } from './names.ts';

/** What istiod acknowledges and then does without. */
export function checkDestinationRule(spec: Json, issues: IssueList): void {
  const { host } = spec;
  if (host !== undefined && !isWildcardHost(host)) issues.at('host').add('must be the name of a host');
  if (`.${String(host)}`.endsWith(`.${OWN_DOMAIN}`))
    issues.at('host').add(`hosts below ${OWN_DOMAIN} are taken`);
  checkPolicy(object(spec['trafficPolicy']), issues.at('trafficPolicy'));
  const names = new Set<unknown>();
  objects(spec['subsets']).forEach((subset, index) => {
    const at = issues.at('subsets').at(index);
    if (!isLabel(subset['name'])) at.at('name').add('must be lower case letters, digits and "-"');
    if (names.has(subset['name'])) at.at('name').add('is given twice');
    names.add(subset['name']);
    checkPolicy(object(subset['trafficPolicy']), at.at('trafficPolicy'));
  });
}

const COUNTS: readonly (readonly [string, string])[] = [
  ['tcp', 'maxConnections'],
  ['http', 'http1MaxPendingRequests'],
  ['http', 'http2MaxRequests'],
  ['http', 'maxRequestsPerConnection'],
  ['http', 'maxRetries'],
  ['http', 'maxConcurrentStreams'],
];

function checkPolicy(policy: Json | undefined, issues: IssueList): void {
  if (policy === undefined) return;
  if (Object.keys(policy).length === 0) issues.add('needs at least one field');
  const pool = object(policy['connectionPool']);
  if (pool !== undefined && Object.keys(pool).length === 0)
    issues.at('connectionPool').add('needs tcp or http');
  for (const [kind, key] of COUNTS) {
    const value = object(pool?.[kind])?.[key];
    if (typeof value === 'number' && value < 0)
      issues.at('connectionPool').at(kind).at(key).add('must not be below 0');
  }
  const outlier = object(policy['outlierDetection']);
  for (const key of ['maxEjectionPercent', 'minHealthPercent']) {
    const value = outlier?.[key];
    if (typeof value === 'number' && (value < 0 || value > 100))
      issues.at('outlierDetection').at(key).add('must be from 0 to 100');
  }
  const tls = object(policy['tls']);
  if (tls?.['mode'] === 'MUTUAL' && tls['credentialName'] === undefined)
    for (const key of ['clientCertificate', 'privateKey'])
      if (tls[key] === undefined) issues.at('tls').at(key).add('is required for mutual TLS');
}
