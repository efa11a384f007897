import type { IssueList } from '../../../../model/issue.ts';
import { type Json, object, objects } from '../../../schema/json.ts';
import { checkPort } from '../names.ts';
import { checkRegex, filled, isFilled } from '../values.ts';

const MAX_BODY = 1024 * 1024;

export function checkStatus(status: unknown, issues: IssueList): void {
  if (typeof status !== 'number' || status < 200 || status > 600)
    issues.add('must be a status from 200 to 599');
}

export function checkRedirect(redirect: Json | undefined, matches: unknown, issues: IssueList): void {
  if (redirect === undefined) return;
  const { scheme = '', port = 0, uri, prefixRewrite } = redirect;
  if (filled(redirect, 'uri', 'prefixRewrite', 'authority', 'port', 'derivePort', 'scheme').length === 0)
    issues.add('needs a uri, prefixRewrite, authority, port or scheme');
  if (isFilled(uri) && isFilled(prefixRewrite)) issues.add('cannot have uri and prefixRewrite at once');
  const uris = objects(matches).flatMap((match) => objects([match['uri']]));
  if (isFilled(prefixRewrite) && uris.some((one) => one['prefix'] === undefined))
    issues.at('prefixRewrite').add('needs every uri of the matches to be a prefix');
  const code = Number(redirect['redirectCode'] ?? 0);
  if (code !== 0 && (code < 300 || code > 399)) issues.at('redirectCode').add('must be from 300 to 399');
  if (!['', 'http', 'https'].includes(String(scheme))) issues.at('scheme').add('must be http or https');
  if (port !== 0) checkPort(port, issues.at('port'));
}

export function checkDirectResponse(direct: Json | undefined, issues: IssueList): void {
  if (direct === undefined) return;
  checkStatus(direct['status'], issues.at('status'));
  const { string = '', bytes = '' } = object(direct['body']) ?? {};
  const size = Buffer.byteLength(String(string)) + Buffer.byteLength(String(bytes), 'base64');
  if (size > MAX_BODY) issues.at('body').add('must not be larger than 1 MiB');
}

export function checkRewrite(rewrite: Json | undefined, issues: IssueList): void {
  if (rewrite === undefined) return;
  const given = filled(rewrite, 'uri', 'authority', 'uriRegexRewrite');
  if (given.length === 0) issues.add('needs a uri, an authority or a uriRegexRewrite');
  if (given.includes('uri') && given.includes('uriRegexRewrite'))
    issues.add('cannot have uri and uriRegexRewrite at once');
  const regex = object(rewrite['uriRegexRewrite']);
  if (regex === undefined) return;
  const at = issues.at('uriRegexRewrite');
  checkRegex(regex['match'], at.at('match'));
  if (!isFilled(regex['rewrite'])) at.at('rewrite').add('is required');
}
