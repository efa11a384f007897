import type { IssueList } from '../../../../model/issue.ts';
import { type Json, object, objects, string } from '../../../schema/json.ts';
import { checkPolicyTargets } from '../selectors.ts';
import { filled, isFilled } from '../values.ts';
import { checkCondition } from './conditions.ts';
import {
  type Values,
  anyText,
  checkValues,
  ipBlock,
  pathTemplate,
  portNumber,
  serviceAccounts,
  trustDomain,
} from './attributes.ts';

const SOURCE: Readonly<Record<string, Values>> = {
  principals: anyText,
  requestPrincipals: anyText,
  namespaces: anyText,
  serviceAccounts,
  ipBlocks: ipBlock,
  remoteIpBlocks: ipBlock,
  trustDomains: trustDomain,
};
const OPERATION: Readonly<Record<string, Values>> = {
  hosts: anyText,
  ports: portNumber,
  methods: anyText,
  paths: pathTemplate,
};
/** What only the proxy's own rules can look at, and no provider is told. */
const NOT_CUSTOM = ['namespaces', 'serviceAccounts', 'trustDomains', 'principals', 'requestPrincipals'];

export function checkAuthorizationPolicy(spec: Json, issues: IssueList): void {
  checkPolicyTargets(spec, issues);
  const action = string(spec['action']) ?? 'ALLOW';
  const rules = objects(spec['rules']);
  const isCustom = action === 'CUSTOM';
  if ((isCustom || action === 'DENY') && rules.length === 0)
    issues.at('rules').add(`is required for ${action}: without any it does nothing; {} is for every request`);
  const provider = object(spec['provider']);
  if (isCustom && rules.length > 0 && !isFilled(provider?.['name']))
    issues.at('provider').at('name').add('is required for CUSTOM');
  if (!isCustom && provider !== undefined) issues.at('provider').add('can be given for CUSTOM only');
  rules.forEach((rule, index) => checkRule(rule, isCustom, issues.at('rules').at(index)));
}

function checkRule(rule: Json, isCustom: boolean, issues: IssueList): void {
  objects(rule['from']).forEach((from, index) => {
    const at = issues.at('from').at(index).at('source');
    const source = object(from['source']);
    checkLists(source, SOURCE, at);
    const identities = filled(source, ...both('principals'), ...both('namespaces'));
    if (identities.length > 0 && filled(source, ...both('serviceAccounts')).length > 0)
      at.add('cannot have serviceAccounts and namespaces or principals at once');
    if (isCustom)
      for (const key of filled(source, ...NOT_CUSTOM.flatMap(both)))
        at.at(key).add('cannot be given for CUSTOM');
  });
  objects(rule['to']).forEach((to, index) =>
    checkLists(object(to['operation']), OPERATION, issues.at('to').at(index).at('operation')),
  );
  objects(rule['when']).forEach((condition, index) =>
    checkCondition(condition, isCustom, issues.at('when').at(index)),
  );
}

function checkLists(
  json: Json | undefined,
  fields: Readonly<Record<string, Values>>,
  issues: IssueList,
): void {
  if (filled(json, ...Object.keys(fields).flatMap(both)).length === 0)
    return issues.add(`needs one of ${Object.keys(fields).join(', ')}, or of their not… fields`);
  for (const [field, values] of Object.entries(fields))
    for (const key of both(field)) checkValues(json?.[key], values, issues.at(key));
}

/** `hosts` and `notHosts`. */
function both(field: string): readonly [string, string] {
  return [field, `not${field.charAt(0).toUpperCase()}${field.slice(1)}`];
}
