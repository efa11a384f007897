import type { IssueList } from '../../../../model/issue.ts';
import { type Json, object, objects } from '../../../schema/json.ts';
import { checkDestination, checkPercent, checkWeights } from '../destination.ts';
import { checkDuration, filled } from '../values.ts';
import { checkDirectResponse, checkRedirect, checkRewrite } from './actions.ts';
import { checkCors } from './cors.ts';
import { checkFault } from './faults.ts';
import { checkAuthority, checkHeaders } from './headers.ts';
import { checkMatch } from './match.ts';
import { checkRetries } from './retries.ts';

export interface RouteContext {
  /** A VirtualService without hosts is what others delegate to. */
  readonly isDelegate: boolean;
  readonly atGateway: boolean;
}

export function checkHttp(route: Json, { isDelegate, atGateway }: RouteContext, issues: IssueList): void {
  checkActions(route, isDelegate, issues);
  objects(route['match']).forEach((match, index) =>
    checkMatch(match, atGateway, issues.at('match').at(index)),
  );
  checkWeights(route['route'], issues.at('route'));
  objects(route['route']).forEach((to, index) =>
    checkHeaders(to['headers'], issues.at('route').at(index).at('headers')),
  );
  checkMirrors(route, issues);
  checkRedirect(object(route['redirect']), route['match'], issues.at('redirect'));
  checkDirectResponse(object(route['directResponse']), issues.at('directResponse'));
  checkRewrite(object(route['rewrite']), issues.at('rewrite'));
  checkHeaders(route['headers'], issues.at('headers'));
  checkAuthority(route, issues);
  checkDuration(route['timeout'], issues.at('timeout'), '; for none, leave it out');
  checkRetries(object(route['retries']), issues.at('retries'));
  checkFault(object(route['fault']), issues.at('fault'));
  checkCors(object(route['corsPolicy']), issues.at('corsPolicy'));
}

/** What a route does with a request; one of these. */
const ACTIONS = ['route', 'redirect', 'directResponse', 'delegate'];

function checkActions(route: Json, isDelegate: boolean, issues: IssueList): void {
  const actions = filled(route, ...ACTIONS);
  if (actions.length === 0) issues.add(`needs one of ${ACTIONS.join(', ')}`);
  if (actions.length > 1) issues.add(`cannot have ${actions.join(' and ')} at once`);
  if (!actions.includes('delegate')) {
    const own = actions.find((action) => action === 'redirect' || action === 'directResponse');
    if (own !== undefined)
      for (const key of filled(route, 'fault', 'rewrite')) issues.at(key).add(`cannot go with ${own}`);
  } else if (isDelegate) issues.at('delegate').add('a delegate cannot delegate');
}

function checkMirrors(route: Json, issues: IssueList): void {
  if (filled(route, 'mirror', 'mirrors').length > 1) issues.add('cannot have mirror and mirrors at once');
  checkDestination(route['mirror'], issues.at('mirror'));
  checkPercent(route['mirrorPercentage'], issues.at('mirrorPercentage'));
  const old = route['mirrorPercent'];
  if (typeof old === 'number' && old > 100) issues.at('mirrorPercent').add('must be from 0 to 100');
  objects(route['mirrors']).forEach((mirror, index) => {
    const at = issues.at('mirrors').at(index);
    checkDestination(mirror['destination'], at.at('destination'));
    checkPercent(mirror['percentage'], at.at('percentage'));
  });
}
