import type { Fleet } from './fleet.ts';
import { IssueList, fail, ok } from './issue.ts';
import type { Result } from './issue.ts';
import { isNameGiven } from './check-name.ts';
import { plainText, readChoice, readFields, readText } from './read.ts';

const KEYS = ['name', 'dataPlane', 'nodeCluster', 'revision'];

/** What a fleet is unless its owner says otherwise. */
export const DEFAULT_DATA_PLANE = 'envoy';

/**
 * Reads a fleet from its REST form: `{dataPlane?, nodeCluster?}`. `dataPlanes` are the kinds there are.
 * All issues at once; the value is frozen.
 */
export function checkFleet(name: string, input: unknown, dataPlanes: readonly string[]): Result<Fleet> {
  const issues = new IssueList();
  const named = isNameGiven(name, input, issues);
  const fields = readFields(input, KEYS, issues);
  const dataPlane = readChoice(fields?.get('dataPlane'), dataPlanes, issues.at('dataPlane'));
  const nodeCluster = readText(fields?.get('nodeCluster'), plainText(255), issues.at('nodeCluster'));
  if (!named || issues.items.length > 0) return fail(issues.items);
  return ok(
    Object.freeze({ name, dataPlane: dataPlane ?? DEFAULT_DATA_PLANE, nodeCluster: nodeCluster ?? name }),
  );
}
