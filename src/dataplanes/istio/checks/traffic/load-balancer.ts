import type { IssueList } from '../../../../model/issue.ts';
import { type Json, object, objects } from '../../../schema/json.ts';
import { checkDuration, filled, isFilled } from '../values.ts';
import { checkLocality, checkZoneAware } from './locality.ts';

/** Envoy's bound. */
const MAX_TABLE = 5_000_011;

export function checkLoadBalancer(settings: Json | undefined, issues: IssueList): void {
  if (settings === undefined) return;
  checkConsistentHash(object(settings['consistentHash']), issues.at('consistentHash'));
  if (filled(settings, 'localityLbSetting', 'zoneAwareLbSetting').length > 1)
    issues.add('cannot have localityLbSetting and zoneAwareLbSetting at once');
  checkLocality(object(settings['localityLbSetting']), issues.at('localityLbSetting'));
  checkZoneAware(object(settings['zoneAwareLbSetting']), issues.at('zoneAwareLbSetting'));
  checkWarmup(object(settings['warmup']), issues.at('warmup'));
}

function checkConsistentHash(hash: Json | undefined, issues: IssueList): void {
  if (hash === undefined) return;
  const cookie = object(hash['httpCookie']);
  if (cookie !== undefined) checkCookie(cookie, issues.at('httpCookie'));
  if (Number(hash['minimumRingSize'] ?? 0) !== 0 && filled(hash, 'ringHash', 'maglev').length > 0)
    issues.at('minimumRingSize').add('cannot go with ringHash or maglev; give ringHash.minimumRingSize');
  const maglev = object(hash['maglev']);
  const size = Number(maglev?.['tableSize'] ?? 0);
  if (maglev !== undefined && !(size < MAX_TABLE && isPrime(size)))
    issues.at('maglev').at('tableSize').add(`must be a prime number below ${MAX_TABLE}`);
}

function checkCookie(cookie: Json, issues: IssueList): void {
  if (!isFilled(cookie['name'])) issues.at('name').add('is required');
  const names = new Set<unknown>();
  objects(cookie['attributes']).forEach(({ name }, index) => {
    const at = issues.at('attributes').at(index).at('name');
    if (!isFilled(name)) at.add('is required');
    else if (names.has(name)) at.add('is given twice');
    names.add(name);
  });
}

function checkWarmup(warmup: Json | undefined, issues: IssueList): void {
  if (warmup === undefined) return;
  const { duration, minimumPercent = 0, aggression } = warmup;
  if (duration === undefined) issues.at('duration').add('is required');
  checkDuration(duration, issues.at('duration'));
  if (Number(minimumPercent) > 100) issues.at('minimumPercent').add('must not be above 100');
  if (aggression !== undefined && Number(aggression) <= 0) issues.at('aggression').add('must be above 0');
}

/** As Envoy has it, to whom 1 is one. */
function isPrime(number: number): boolean {
  if (number < 4) return number > 0;
  if (number % 2 === 0) return false;
  for (let factor = 3; factor * factor <= number; factor += 2) if (number % factor === 0) return false;
  return true;
}
