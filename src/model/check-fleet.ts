import { DEFAULT_PACE } from './fleet.ts';
import type { Fleet, Pace } from './fleet.ts';
import { deepFreeze } from './freeze.ts';
import { IssueList, fail, ok } from './issue.ts';
import type { Result } from './issue.ts';
import { isNameGiven } from './check-name.ts';
import { isRecord, optional, plainText, readChoice, readDuration, readFields, readText } from './read.ts';
import type { TextRule } from './read.ts';

const KEYS = ['name', 'dataPlane', 'nodeCluster', 'delivery', 'readBack', 'revision', 'status'];
const PACE_KEYS = ['ackTimeout', 'bake', 'watch'];
const MAX_ADDRESSES = 10_000;
const NODE_ID = /^[!-~]{1,253}$/;
const ORIGIN: TextRule = {
  test: isOrigin,
  message: 'must be http://HOST:PORT or https://HOST:PORT, with nothing behind it',
};
const MAX_PACE_MS = 24 * 3_600_000;

/** What a fleet is unless its owner says otherwise. */
export const DEFAULT_DATA_PLANE = 'envoy';

/**
 * Reads a fleet from its REST form: `{dataPlane?, nodeCluster?, delivery?: {ackTimeout?, bake?, watch?},
 * readBack?: {[node]: url}}`. `dataPlanes` are the kinds there are.
 * All issues at once; the value is frozen.
 */
export function checkFleet(name: string, input: unknown, dataPlanes: readonly string[]): Result<Fleet> {
  const issues = new IssueList();
  const named = isNameGiven(name, input, issues);
  const fields = readFields(input, KEYS, issues);
  const dataPlane = readChoice(fields?.get('dataPlane'), dataPlanes, issues.at('dataPlane'));
  const nodeCluster = readText(fields?.get('nodeCluster'), plainText(255), issues.at('nodeCluster'));
  const pace = checkPace(fields?.get('delivery'), issues.at('delivery'));
  const readBack = checkReadBack(fields?.get('readBack'), issues.at('readBack'));
  if (!named || issues.items.length > 0) return fail(issues.items);
  return ok(
    deepFreeze({
      name,
      dataPlane: dataPlane ?? DEFAULT_DATA_PLANE,
      nodeCluster: nodeCluster ?? name,
      ...optional('pace', pace),
      ...optional('readBack', readBack),
    }),
  );
}

/** None is kept as none at all. */
function checkReadBack(input: unknown, issues: IssueList): Readonly<Record<string, string>> | undefined {
  if (input === undefined) return undefined;
  if (!isRecord(input)) {
    issues.add('must be an object of node ids and addresses');
    return undefined;
  }
  const entries = Object.entries(input);
  if (entries.length > MAX_ADDRESSES)
    issues.add(`must have at most ${MAX_ADDRESSES} nodes, has ${entries.length}`);
  for (const [node, address] of entries) {
    const at = issues.at(node);
    if (!NODE_ID.test(node)) at.add('must be a node id of 1 to 253 printable characters, or *');
    readText(address ?? null, ORIGIN, at);
  }
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Record<string, string>);
}

function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  return ['http:', 'https:'].includes(protocol) && (text === origin || text === `${origin}/`);
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
