import { DEFAULT_PACE } from './fleet.ts';
import type { Fleet, Pace } from './fleet.ts';
import { deepFreeze } from './freeze.ts';
import { IssueList, fail, ok } from './issue.ts';
import type { Result } from './issue.ts';
import { isNameGiven } from './check-name.ts';
import { optional, plainText, readChoice, readDuration, readFields, readText } from './read.ts';

const KEYS = ['name', 'dataPlane', 'nodeCluster', 'delivery', 'revision', 'status'];
const PACE_KEYS = ['ackTimeout', 'bake', 'watch'];
const MAX_PACE_MS = 24 * 3_600_000;

/** What a fleet is unless its owner says otherwise. */
export const DEFAULT_DATA_PLANE = 'envoy';

/**
 * Reads a fleet from its REST form: `{dataPlane?, nodeCluster?, delivery?: {ackTimeout?, bake?, watch?}}`. `dataPlanes`
 * are the kinds there are.
 * All issues at once; the value is frozen.
 */
export function checkFleet(name: string, input: unknown, dataPlanes: readonly string[]): Result<Fleet> {
  const issues = new IssueList();
  const named = isNameGiven(name, input, issues);
  const fields = readFields(input, KEYS, issues);
  const dataPlane = readChoice(fields?.get('dataPlane'), dataPlanes, issues.at('dataPlane'));
  const nodeCluster = readText(fields?.get('nodeCluster'), plainText(255), issues.at('nodeCluster'));
  const pace = checkPace(fields?.get('delivery'), issues.at('delivery'));
  if (!named || issues.items.length > 0) return fail(issues.items);
  return ok(
    deepFreeze({
      name,
      dataPlane: dataPlane ?? DEFAULT_DATA_PLANE,
      nodeCluster: nodeCluster ?? name,
      ...optional('pace', pace),
    }),
  );
}

/** The default is kept as none at all. */
function checkPace(input: unknown, issues: IssueList): Pace | undefined {
  const fields = readFields(input, PACE_KEYS, issues);
  if (fields === undefined) return undefined;
  const time = (key: string, min: number) => readDuration(fields.get(key), min, MAX_PACE_MS, issues.at(key));
  const pace = {
    ackTimeoutMs: time('ackTimeout', 100) ?? DEFAULT_PACE.ackTimeoutMs,
    bakeMs: time('bake', 0) ?? DEFAULT_PACE.bakeMs,
    watchMs: time('watch', 0) ?? DEFAULT_PACE.watchMs,
  };
  return isSame(pace, DEFAULT_PACE) ? undefined : pace;
}

function isSame(a: Pace, b: Pace): boolean {
  return a.ackTimeoutMs === b.ackTimeoutMs && a.bakeMs === b.bakeMs && a.watchMs === b.watchMs;
}
