import type { IssueList } from '../../../model/issue.ts';
import { type Json, object, objects, string } from '../../schema/json.ts';
import { checkSelector } from './selectors.ts';
import { isFilled, regexProblem } from './values.ts';

const MANAGERS = new Set(['envoy.filters.network.http_connection_manager', 'envoy.http_connection_manager']);
/** What a match has to be of, by what a patch is applied to. */
const MATCHES: Readonly<Record<string, string>> = {
  ...{ LISTENER: 'listener', FILTER_CHAIN: 'listener', NETWORK_FILTER: 'listener', HTTP_FILTER: 'listener' },
  ...{ ROUTE_CONFIGURATION: 'routeConfiguration', VIRTUAL_HOST: 'routeConfiguration' },
  ...{ HTTP_ROUTE: 'routeConfiguration', CLUSTER: 'cluster' },
};
const KINDS = ['listener', 'routeConfiguration', 'cluster', 'waypoint'];
const MAX_VERSION = 1024;

/** But for the values of patches, which are Envoy's and not Istio's. */
export function checkEnvoyFilter(spec: Json, issues: IssueList): void {
  checkSelector(spec['workloadSelector'], 'labels', issues.at('workloadSelector'));
  objects(spec['configPatches']).forEach((patch, index) =>
    checkPatch(patch, issues.at('configPatches').at(index)),
  );
}

function checkPatch(json: Json, issues: IssueList): void {
  const match = object(json['match']);
  if (match?.['context'] === 'WAYPOINT') return;
  const applyTo = named(json['applyTo']);
  if (applyTo === undefined) issues.at('applyTo').add('is required');
  const patch = object(json['patch']);
  const operation = named(patch?.['operation']);
  if (operation === undefined) issues.at('patch').at('operation').add('is required');
  else if (operation !== 'REMOVE' && patch?.['value'] === undefined)
    issues.at('patch').at('value').add(`is required to ${operation}`);
  const version = string(object(match?.['proxy'])?.['proxyVersion']) ?? '';
  const problem = version.length > MAX_VERSION ? undefined : regexProblem(version);
  if (problem !== undefined)
    issues.at('match').at('proxy').at('proxyVersion').add(`must be a regular expression: ${problem}`);
  if (match === undefined || applyTo === undefined) return;
  const wanted = MATCHES[applyTo];
  const given = KINDS.find((kind) => match[kind] !== undefined);
  if (wanted !== undefined && given !== undefined && given !== wanted)
    issues.at('match').at(given).add(`cannot be given to match a ${applyTo}; give ${wanted}`);
  else if (wanted === 'listener')
    checkFilter(match, applyTo, issues.at('match').at('listener').at('filterChain'));
}

function checkFilter(match: Json, applyTo: string, issues: IssueList): void {
  const filter = object(object(object(match['listener'])?.['filterChain'])?.['filter']);
  if (filter === undefined) return;
  const at = issues.at('filter');
  const sub = object(filter['subFilter']);
  if (!isFilled(filter['name'])) at.at('name').add('is required');
  if (sub === undefined) return;
  if (applyTo !== 'HTTP_FILTER') at.at('subFilter').add('can be given to match an HTTP_FILTER only');
  if (!MANAGERS.has(String(filter['name'])))
    at.at('name').add(`must be ${[...MANAGERS][0]} where a subFilter is matched`);
  if (!isFilled(sub['name'])) at.at('subFilter').at('name').add('is required');
}

function named(value: unknown): string | undefined {
  return typeof value === 'string' && value !== 'INVALID' ? value : undefined;
}
