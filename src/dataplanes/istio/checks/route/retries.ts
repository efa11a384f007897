import { isNamedStatus } from '../../../../model/http-rules.ts';
import type { IssueList } from '../../../../model/issue.ts';
import type { Json } from '../../../schema/json.ts';
import { checkDurations, checkNotNegative, filled } from '../values.ts';

/** What Envoy's x-envoy-retry-on and x-envoy-retry-grpc-on know. */
const POLICIES = new Set([
  ...['5xx', 'gateway-error', 'reset', 'reset-before-request', 'connect-failure', 'retriable-4xx'],
  ...['refused-stream', 'retriable-status-codes', 'retriable-headers', 'envoy-ratelimited'],
  ...['http3-post-connect-failure', 'cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted'],
  'unavailable',
]);

export function checkRetries(retries: Json | undefined, issues: IssueList): void {
  if (retries === undefined) return;
  checkNotNegative(retries, issues, 'attempts');
  if (Number(retries['attempts'] ?? 0) === 0)
    for (const key of filled(retries, 'perTryTimeout', 'retryOn', 'retryRemoteLocalities'))
      issues.at(key).add('says nothing with 0 attempts; leave it out, or give attempts');
  checkDurations(retries, issues, 'perTryTimeout', 'backoff');
  const { retryOn = '' } = retries;
  if (typeof retryOn !== 'string' || retryOn === '') return;
  for (const policy of retryOn.split(','))
    if (!POLICIES.has(policy) && !isStatus(policy))
      issues
        .at('retryOn')
        .add(`"${policy}" is neither a status nor one of ${[...POLICIES].join(', ')}; no spaces between`);
}

function isStatus(text: string): boolean {
  const status = Number(text);
  return /^[+-]?\d+$/.test(text) && isNamedStatus(status);
}
