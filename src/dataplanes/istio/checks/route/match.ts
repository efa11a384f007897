import type { IssueList } from '../../../../model/issue.ts';
import { type Json, object } from '../../../schema/json.ts';
import { checkDnsLabel, checkPort, isDnsLabel, isHost } from '../names.ts';
import { checkEach, checkLabels, checkRegex, entries, isFilled } from '../values.ts';
import { checkMatchedName, isClaim } from './headers.ts';

/** `atGateway`: whether gateways alone have these routes, where tokens are checked. */
export function checkMatch(match: Json, atGateway: boolean, issues: IssueList): void {
  for (const key of ['scheme', 'method', 'authority']) checkText(match[key], issues.at(key));
  const { uri } = match;
  checkText(uri, issues.at('uri'), { emptyPrefix: true });
  for (const key of ['headers', 'withoutHeaders'])
    for (const [name, value] of entries(match[key])) {
      const at = issues.at(key).at(name);
      checkMatchedName(name, at);
      if (isClaim(name) && !atGateway)
        at.add('a claim can be matched at gateways only: give gateways, and not mesh');
      // Of headers that are not to be there, `*` means any value.
      if (!(key === 'withoutHeaders' && object(value)?.['regex'] === '*')) checkText(value, at);
    }
  for (const [name, value] of entries(match['queryParams']))
    checkText(value, issues.at('queryParams').at(name));
  checkSources(match, issues);
  const { sourceNamespace } = match;
  if (isFilled(sourceNamespace)) checkDnsLabel(sourceNamespace, issues.at('sourceNamespace'));
}

/** What matches of every kind have. */
export function checkSources(match: Json, issues: IssueList): void {
  const { port = 0 } = match;
  if (port !== 0) checkPort(port, issues.at('port'));
  checkLabels(match['sourceLabels'], issues.at('sourceLabels'));
  checkGateways(match['gateways'], issues.at('gateways'));
}

/** `mesh`, `NAME`, a whole name of DNS as of old, or `NAMESPACE/NAME`. */
export function checkGateways(value: unknown, issues: IssueList): void {
  checkEach(value, issues, (gateway, at) => {
    const [namespace, ...name] = gateway.split('/');
    const good = name.length === 0 ? isHost(namespace) : isDnsLabel(namespace) && isDnsLabel(name.join('/'));
    if (!good) at.add('must be NAME, NAMESPACE/NAME or mesh');
  });
}

function checkText(value: unknown, issues: IssueList, { emptyPrefix = false } = {}): void {
  const text = object(value);
  if (text === undefined) return;
  if (!emptyPrefix && text['prefix'] === '') issues.at('prefix').add('must not be empty');
  if (text['regex'] !== undefined) checkRegex(text['regex'], issues.at('regex'));
}
