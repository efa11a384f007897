import type { IssueList } from '../../../../model/issue.ts';
import { type Json, objects, string } from '../../../schema/json.ts';
import { checkPolicyTargets } from '../selectors.ts';
import { checkDuration, checkEach, filled, isFilled } from '../values.ts';

const HEADER = /^[-_A-Za-z0-9]+$/;

/** But for the keys themselves (`jwks`), whose JSON is looked at and not what it says. */
export function checkRequestAuthentication(spec: Json, issues: IssueList): void {
  checkPolicyTargets(spec, issues);
  objects(spec['jwtRules']).forEach((rule, index) => checkRule(rule, issues.at('jwtRules').at(index)));
}

function checkRule(rule: Json, issues: IssueList): void {
  if (filled(rule, 'issuer', 'jwksUri').length === 0) issues.add('needs an issuer or a jwksUri');
  for (const key of ['audiences', 'fromParams', 'fromCookies'])
    checkEach(rule[key], issues.at(key), (text, at) => text === '' && at.add('must not be empty'));
  const uri = string(rule['jwksUri']);
  if (uri !== undefined && !isWebAddress(uri))
    issues.at('jwksUri').add('must be an address of http or https');
  const keys = string(rule['jwks']);
  if (keys !== undefined && !isJson(keys)) issues.at('jwks').add('must be a JSON Web Key Set');
  objects(rule['fromHeaders']).forEach(({ name }, index) => {
    if (!isFilled(name)) issues.at('fromHeaders').at(index).at('name').add('is required');
  });
  objects(rule['outputClaimToHeaders']).forEach(({ header, claim }, index) => {
    const at = issues.at('outputClaimToHeaders').at(index);
    if (!isFilled(claim)) at.at('claim').add('is required');
    if (!HEADER.test(string(header) ?? '')) at.at('header').add('must be letters, digits, "-" and "_"');
  });
  checkDuration(rule['timeout'], issues.at('timeout'));
}

function isWebAddress(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'http:' || url?.protocol === 'https:';
}

function isJson(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null;
  } catch {
    return false;
  }
}
