import type { IssueList } from './issue.ts';
import { NAME_RULE, isName } from './name.ts';
import { isRecord } from './read.ts';

/**
 * Reports a name that is none, or that differs from the one in the input. An object as it was read can be written
 * back: it may carry its own name, and its `revision` and `status`, which are read-only and ignored.
 */
export function isNameGiven(name: string, input: unknown, issues: IssueList): boolean {
  if (!isRecord(input)) {
    if (input === undefined) issues.add('must be an object');
    return false;
  }
  if (!isName(name)) issues.at('name').add(NAME_RULE);
  else if (input.name !== undefined && input.name !== name) {
    issues.at('name').add(`must be the name in the URL, "${name}"`);
  }
  return true;
}
