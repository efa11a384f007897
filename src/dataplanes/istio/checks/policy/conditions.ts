import type { IssueList } from '../../../../model/issue.ts';
import { type Json, string } from '../../../schema/json.ts';
import { filled } from '../values.ts';
import {
  type Values,
  anyText,
  checkValues,
  ipBlock,
  portNumber,
  serviceAccounts,
  wildcard,
} from './attributes.ts';

/** https://istio.io/latest/docs/reference/config/security/conditions/ */
const KEYS: Readonly<Record<string, Values>> = {
  'source.ip': ipBlock,
  'remote.ip': ipBlock,
  'source.namespace': anyText,
  'source.serviceAccount': serviceAccounts,
  'source.principal': anyText,
  'source.trustDomain': wildcard,
  'request.auth.principal': anyText,
  'request.auth.audiences': anyText,
  'request.auth.presenter': anyText,
  'destination.ip': ipBlock,
  'destination.port': portNumber,
  'connection.sni': anyText,
};
/** With a name in brackets behind: `request.headers[User-Agent]`. */
const NAMED = ['request.headers', 'request.auth.claims', 'experimental.envoy.filters.'];
/** What no provider is told. */
const NOT_CUSTOM = /^(?:source\.(?:namespace|serviceAccount|trustDomain|principal)$|request\.auth\.)/;

export function checkCondition(condition: Json, isCustom: boolean, issues: IssueList): void {
  const key = string(condition['key']);
  if (key === undefined) return issues.at('key').add('is required');
  if (isCustom && NOT_CUSTOM.test(key)) issues.at('key').add('cannot be given for CUSTOM');
  const values = valuesOf(key);
  if (values === undefined) {
    const known = [...Object.keys(KEYS), 'request.headers[NAME]', 'request.auth.claims[NAME]'];
    return issues.at('key').add(`must be one of ${known.join(', ')}`);
  }
  if (filled(condition, 'values', 'notValues').length === 0) issues.add('needs values or notValues');
  for (const list of ['values', 'notValues']) checkValues(condition[list], values, issues.at(list));
}

function valuesOf(key: string): Values | undefined {
  const known = Object.hasOwn(KEYS, key) ? KEYS[key] : undefined;
  if (known !== undefined) return known;
  const open = key.indexOf('[');
  const isNamed = NAMED.some((name) => key.startsWith(name)) && key.endsWith(']');
  return isNamed && open > 0 && open < key.length - 2 ? anyText : undefined;
}
