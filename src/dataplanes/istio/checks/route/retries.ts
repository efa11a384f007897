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

/** Statuses that have a name, as from-to. https://www.iana.org/assignments/http-status-codes */
const STATUSES: readonly (readonly [number, number])[] = [
  ...([
    [100, 103],
    [200, 208],
    [226, 226],
    [300, 305],
    [307, 308],
    [400, 418],
  ] as const),
  ...([
    [421, 426],
    [428, 429],
    [431, 431],
    [451, 451],
    [500, 508],
    [510, 511],
  ] as const),
];

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
  return /^[+-]?\d+$/.test(text) && STATUSES.some(([from, to]) => status >= from && status <= to);
}
