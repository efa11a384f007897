import type { IssueList } from '../../../../model/issue.ts';
import { type Json, objects } from '../../../schema/json.ts';
import { nanoseconds } from '../../../schema/well-known.ts';
import { checkDuration, checkEach, checkRegex } from '../values.ts';
import { checkCorsName } from './headers.ts';

const METHODS = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'CONNECT',
  'OPTIONS',
  'TRACE',
  '*',
]);
const SECOND = 1_000_000_000n;

export function checkCors(policy: Json | undefined, issues: IssueList): void {
  if (policy === undefined) return;
  objects(policy['allowOrigins']).forEach((origin, index) => {
    const at = issues.at('allowOrigins').at(index);
    const { exact, prefix, regex } = origin;
    if (regex !== undefined) checkRegex(regex, at.at('regex'));
    else if ([exact, prefix].every((text) => text === undefined || text === ''))
      at.add('needs an exact, prefix or regex with something in it');
  });
  checkEach(policy['allowMethods'], issues.at('allowMethods'), (method, at) => {
    if (!METHODS.has(method)) at.add(`must be one of ${[...METHODS].join(', ')}`);
  });
  for (const key of ['allowHeaders', 'exposeHeaders']) checkEach(policy[key], issues.at(key), checkCorsName);
  const { maxAge } = policy;
  if (typeof maxAge === 'string' && nanoseconds(maxAge) % SECOND !== 0n)
    issues.at('maxAge').add('must be whole seconds');
  else checkDuration(maxAge, issues.at('maxAge'));
}
