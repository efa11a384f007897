import type { IssueList } from '../../../../model/issue.ts';
import { type Json, object, string } from '../../../schema/json.ts';
import { entries, texts } from '../values.ts';
import { isHeaderTemplate } from './header-values.ts';

/** What a name may have in it. https://www.rfc-editor.org/rfc/rfc9110#name-tokens (and a comma, to istiod) */
const NAME = /^[!#$%&'*+,\-.^_`|~A-Za-z0-9]+$/;
const PSEUDO = new Set([':method', ':scheme', ':authority', ':path', ':status']);
const CLAIM = /^@request\.auth\.claims(?:\..+|\[.+\])$/is;
/** All but the tab of what is no character to be seen. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\x00-\x08\x0a-\x1f\x7f]/;

/** A match by a claim of a token, which is no header. */
export function isClaim(name: string): boolean {
  return CLAIM.test(name);
}

/** Of a header that is matched. */
export function checkMatchedName(name: string, issues: IssueList): void {
  if (!isClaim(name) && !PSEUDO.has(name) && !NAME.test(name)) issues.add('must be the name of a header');
}

/** Of a header that CORS lets through. */
export function checkCorsName(name: string, issues: IssueList): void {
  if (!NAME.test(name)) issues.add('must be the name of a header, or *');
}

function isAuthority(name: string): boolean {
  return ['host', ':authority'].includes(name.toLowerCase());
}

/** What a route does to headers: `{request: {set, add, remove}, response: {...}}`. */
export function checkHeaders(value: unknown, issues: IssueList): void {
  const headers = object(value);
  for (const side of ['request', 'response']) {
    const operations = object(headers?.[side]);
    const at = issues.at(side);
    for (const key of ['set', 'add'])
      for (const [name, text] of entries(operations?.[key])) {
        if (!(side === 'request' && isAuthority(name))) checkChangedName(name, at.at(key).at(name));
        checkValue(String(text), at.at(key).at(name));
      }
    texts(operations?.['remove']).forEach((name, index) => checkChangedName(name, at.at('remove').at(index)));
  }
}

function checkChangedName(name: string, issues: IssueList): void {
  if (name === '') issues.add('must have the name of a header');
  else if (name.startsWith(':') || name.toLowerCase() === 'host')
    issues.add(
      'cannot be changed here: of these only the Host of a request can be set, or use rewrite.authority',
    );
}

function checkValue(value: string, issues: IssueList): void {
  if (CONTROL.test(value)) issues.add('must not have control characters in it');
  if (!isHeaderTemplate(value)) issues.add('has a % that begins no variable; for the sign itself write %%');
}

/** A rewrite and the operations on headers may set the authority once only. */
export function checkAuthority(route: Json, issues: IssueList): void {
  let current = string(object(route['rewrite'])?.['authority']) ?? '';
  const request = object(object(route['headers'])?.['request']);
  for (const key of ['set', 'add'])
    for (const [name, value] of entries(request?.[key])) {
      if (!isAuthority(name)) continue;
      if (current !== '')
        issues.at('headers').at('request').at(key).at(name).add(`the authority is set to ${current} already`);
      else current = String(value);
    }
}
