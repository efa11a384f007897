import type { IssueList } from '../../../../model/issue.ts';
import { type Json, objects, string } from '../../../schema/json.ts';
import { entries, filled, texts } from '../values.ts';

/** Labels of nodes that say where they are; of these failover takes care by itself. */
const TOPOLOGY = new Set([
  ...['topology.kubernetes.io/region', 'topology.kubernetes.io/zone', 'topology.istio.io/subzone'],
]);

export function checkLocality(setting: Json | undefined, issues: IssueList): void {
  if (setting === undefined) return;
  if (filled(setting, 'distribute', 'failover').length > 1)
    issues.add('cannot have distribute and failover at once');
  if (filled(setting, 'failover').length > 0)
    checkPriority(setting, issues, 'cannot go with failover, which is by region');
  const distribute = objects(setting['distribute']);
  distribute.forEach(({ to }, index) => checkShares(to, issues.at('distribute').at(index).at('to')));
  checkDisjoint(
    distribute.map(({ from }) => string(from) ?? ''),
    (index) => issues.at('distribute').at(index).at('from'),
  );
  checkFailover(setting, issues);
}

export function checkZoneAware(setting: Json | undefined, issues: IssueList): void {
  if (setting === undefined) return;
  checkPriority(setting, issues, 'is taken care of by itself; leave it out');
  checkFailover(setting, issues);
}

function checkPriority(setting: Json, issues: IssueList, message: string): void {
  texts(setting['failoverPriority']).forEach((label, index) => {
    if (TOPOLOGY.has(label)) issues.at('failoverPriority').at(index).add(message);
  });
}

function checkFailover(setting: Json, issues: IssueList): void {
  objects(setting['failover']).forEach((failover, index) => {
    const at = issues.at('failover').at(index);
    const from = string(failover['from']) ?? '';
    const to = string(failover['to']) ?? '';
    if (from === to) at.add('must go to another region');
    if (/[/*]/.test(`${from}${to}`)) at.add('must be between regions: no zones, and no *');
  });
}

function checkShares(to: unknown, issues: IssueList): void {
  let total = 0;
  for (const [locality, weight] of entries(to)) {
    if (Number(weight) < 1 || Number(weight) > 100) issues.at(locality).add('must be from 1 to 100');
    total += Number(weight);
  }
  if (total !== 100) issues.add(`must add up to 100, not ${total}`);
  const places = entries(to).map(([locality]) => locality);
  checkDisjoint(places, (index) => issues.at(places[index] ?? ''), true);
}

/**
 * Localities are `REGION/ZONE/SUBZONE`, or fewer of these, with `*` at the end or not: none may be within an earlier one.
 * `unordered`: nor in a later one, for istiod looks at them in any order. They can be many, so none is compared with every
 * other.
 */
function checkDisjoint(
  localities: readonly string[],
  at: (index: number) => IssueList,
  unordered = false,
): void {
  const given = new Map<string, number>();
  const begun = new Map<string, number>();
  const covered = new Map<string, number>();
  const note = (places: Map<string, number>, names: readonly string[], index: number): void => {
    for (const name of names) if (!places.has(name)) places.set(name, index);
  };
  localities.forEach((locality, index) => {
    const star = locality.indexOf('*');
    if (star !== -1 && star !== locality.length - 1) at(index).add('can have one * only, at its end');
    const parts = partsOf(locality);
    if (parts.includes('')) at(index).add('must not have an empty region, zone or subzone');
    const covering = patternsOf(parts);
    const twins = [...covering.map((pattern) => given.get(pattern)), begun.get(locality)];
    if (unordered) twins.push(covered.get(locality));
    const first = Math.min(...twins.map((twin) => twin ?? Infinity));
    if (first < index) at(index).add(`overlaps ${localities[first]}`);
    note(given, [locality], index);
    note(begun, beginningsOf(parts), index);
    note(covered, covering, index);
  });
}

const DEPTH = 3;

/** Every locality, with `*` in it or not, that covers one of these parts. */
function patternsOf(parts: readonly string[]): readonly string[] {
  const patterns: string[] = [];
  let last: readonly string[] = [''];
  for (let depth = 0; depth < DEPTH; depth += 1) {
    const part = parts[depth];
    const choices = part === undefined ? ['*'] : ['*', part];
    last = last.flatMap((start) => choices.map((choice) => (depth === 0 ? choice : `${start}/${choice}`)));
    patterns.push(...last);
  }
  return patterns;
}

function beginningsOf(parts: readonly string[]): readonly string[] {
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** What stands behind a second slash is one. */
function partsOf(locality: string): readonly string[] {
  const [region = '', zone, ...rest] = locality.split('/');
  return [region, ...(zone === undefined ? [] : [zone]), ...(rest.length > 0 ? [rest.join('/')] : [])];
}
