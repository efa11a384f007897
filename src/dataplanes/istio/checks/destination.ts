import type { IssueList } from '../../../model/issue.ts';
import { object, objects } from '../../schema/json.ts';
import { checkDnsLabel, checkPort, isWildcardHost } from './names.ts';
import { isFilled } from './values.ts';

/** Where requests, or copies of them, go. */
export function checkDestination(value: unknown, issues: IssueList): void {
  const destination = object(value);
  // That it is missing was said where it is required.
  if (destination === undefined) return;
  const { host, subset, port } = destination;
  if (host !== undefined && (!isWildcardHost(host) || host === '*'))
    issues.at('host').add('must be the name of a host, not an address: letters, digits, "-" and "."');
  if (isFilled(subset)) checkDnsLabel(subset, issues.at('subset'));
  if (port !== undefined) checkPort(object(port)?.['number'], issues.at('port').at('number'));
}

/** Destinations that share the requests of a route. */
export function checkWeights(route: unknown, issues: IssueList): void {
  const destinations = objects(route);
  let total = 0;
  destinations.forEach((item, index) => {
    const at = issues.at(index);
    checkDestination(item['destination'], at.at('destination'));
    const weight = Number(item['weight'] ?? 0);
    if (weight < 0) at.at('weight').add('must not be below 0');
    total += Math.max(0, weight);
  });
  if (destinations.length > 1 && total === 0)
    issues.add('needs weights: of several destinations without any, none gets a request');
}

/** `{value: 12.5}`: istiod acknowledges what is above 100, and goes on with what it had before. */
export function checkPercent(value: unknown, issues: IssueList): void {
  const percent = object(value)?.['value'];
  if (percent === undefined) return;
  if (typeof percent !== 'number' || percent < 0 || percent > 100)
    issues.at('value').add('must be from 0 to 100');
}
