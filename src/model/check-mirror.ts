import { isNameGiven } from './check-name.ts';
import { checkSelector } from './check-selector.ts';
import { deepFreeze } from './freeze.ts';
import { HEADER_VALUE, REMOVABLE_HEADER, SETTABLE_HEADER } from './http-rules.ts';
import { IssueList, fail, ok } from './issue.ts';
import type { Result } from './issue.ts';
import { DEFAULT_COPY } from './mirror.ts';
import type { Copy, Mirror, RouteSelector } from './mirror.ts';
import { NAME_RULE, isName } from './name.ts';
import { PERCENT_RULE, parsePercent } from './percent.ts';
import { checkSpread, checkSuspension } from './check-overlays.ts';
import {
  isRecord,
  optional,
  readChoice,
  readDuration,
  readFields,
  readList,
  readText,
  readTime,
  requireField,
} from './read.ts';
import type { TextRule } from './read.ts';

const KEYS = [
  ...['name', 'fleet', 'target', 'percent', 'routes', 'exclude', 'copy'],
  ...['onTargetFailure', 'expiresAfter', 'expiresAt', 'spread', 'suspension', 'revision', 'status'],
];
const COPY_KEYS = ['preset', 'clientAddress', 'removeHeaders', 'setHeaders', 'body'];
const REFERENCE: TextRule = { test: isName, message: NAME_RULE };
// As many as adopting a config with a policy on every route may need.
const MAX_SELECTORS = 10_000;
const MAX_HEADERS = 64;
// Shorter, and a control plane that restarts would be taken for gone.
const MIN_EXPIRY_MS = 5000;
const MAX_EXPIRY_MS = 7 * 24 * 3_600_000;
const REMOVED = { max: MAX_HEADERS, key: (header: string) => header.toLowerCase() };

/**
 * Reads a mirror from its REST form: `{fleet, target, percent, routes?, exclude?, copy?, onTargetFailure?,
 * expiresAfter?, expiresAt?}`; percent as a decimal. `spread` and `suspension` are read too; whether a caller may set
 * them, and whether fleet and target exist, is not asked here. All issues at once; defaults applied; the value is frozen.
 */
export function checkMirror(name: string, input: unknown): Result<Mirror> {
  const issues = new IssueList();
  const named = isNameGiven(name, input, issues);
  const fields = readFields(input, KEYS, issues) ?? new Map<string, unknown>();
  if (named) for (const key of ['fleet', 'target', 'percent']) requireField(fields, key, issues);
  const fleet = readText(fields.get('fleet'), REFERENCE, issues.at('fleet'));
  const target = readText(fields.get('target'), REFERENCE, issues.at('target'));
  const percent = parsePercent(fields.get('percent'));
  if (percent === undefined && fields.get('percent') !== undefined) issues.at('percent').add(PERCENT_RULE);
  const routes = checkSelectors(fields.get('routes'), issues.at('routes'));
  const exclude = checkSelectors(fields.get('exclude'), issues.at('exclude'));
  const copy = checkCopy(fields.get('copy'), issues.at('copy'));
  const onTargetFailure = readChoice(
    fields.get('onTargetFailure'),
    ['keep', 'suspend'],
    issues.at('onTargetFailure'),
  );
  const expiresAfterMs = readDuration(
    fields.get('expiresAfter'),
    MIN_EXPIRY_MS,
    MAX_EXPIRY_MS,
    issues.at('expiresAfter'),
  );
  const expiresAt = readTime(fields.get('expiresAt'), issues.at('expiresAt'));
  const spread = checkSpread(fields.get('spread'), issues.at('spread'));
  const suspension = checkSuspension(fields.get('suspension'), issues.at('suspension'));
  if (
    !named ||
    fleet === undefined ||
    target === undefined ||
    percent === undefined ||
    issues.items.length > 0
  ) {
    return fail(issues.items);
  }
  return ok(
    deepFreeze({
      ...{ name, fleet, target, percent, routes, exclude, copy },
      ...(onTargetFailure === 'suspend' && { onTargetFailure }),
      ...optional('expiresAfterMs', expiresAfterMs),
      ...optional('expiresAt', expiresAt),
      ...optional('spread', spread),
      ...optional('suspension', suspension),
    }),
  );
}

function checkSelectors(input: unknown, issues: IssueList): readonly RouteSelector[] {
  return readList(input, { max: MAX_SELECTORS }, issues, checkSelector) ?? [];
}

function checkCopy(input: unknown, issues: IssueList): Copy {
  const fields = readFields(input, COPY_KEYS, issues) ?? new Map<string, unknown>();
  const preset = readChoice(fields.get('preset'), ['wallarm', 'none'], issues.at('preset'));
  const clientAddress = readChoice(
    fields.get('clientAddress'),
    ['auto', 'peer', 'forwarded'],
    issues.at('clientAddress'),
  );
  const removeHeaders =
    readList(fields.get('removeHeaders'), REMOVED, issues.at('removeHeaders'), (header, at) =>
      readText(header, REMOVABLE_HEADER, at),
    ) ?? [];
  const setHeaders = checkSetHeaders(fields.get('setHeaders'), issues.at('setHeaders'));
  const removed = new Set(removeHeaders.map((header) => header.toLowerCase()));
  for (const header of Object.keys(setHeaders)) {
    if (removed.has(header.toLowerCase())) issues.at('setHeaders').at(header).add('is also in removeHeaders');
  }
  const body = fields.get('body');
  if (body !== undefined && typeof body !== 'boolean') issues.at('body').add('must be true or false');
  return {
    preset: preset ?? DEFAULT_COPY.preset,
    clientAddress: clientAddress ?? DEFAULT_COPY.clientAddress,
    removeHeaders,
    setHeaders,
    ...(body === false && { body }),
  };
}

function checkSetHeaders(input: unknown, issues: IssueList): Readonly<Record<string, string>> {
  if (input === undefined) return {};
  if (!isRecord(input)) {
    issues.add('must be an object of header names and values');
    return {};
  }
  const entries = Object.entries(input);
  if (entries.length > MAX_HEADERS)
    issues.add(`must have at most ${MAX_HEADERS} headers, has ${entries.length}`);
  const seen = new Set<string>();
  for (const [header, value] of entries) {
    const at = issues.at(header);
    if (!SETTABLE_HEADER.test(header)) at.add(SETTABLE_HEADER.message);
    else if (seen.has(header.toLowerCase())) at.add('is given twice, in another case');
    seen.add(header.toLowerCase());
    if (typeof value !== 'string' || !HEADER_VALUE.test(value)) at.add(HEADER_VALUE.message);
  }
  return Object.fromEntries(entries) as Record<string, string>;
}
