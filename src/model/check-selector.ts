import { RE2JS } from 're2js';
import { DOMAIN } from './host.ts';
import { HEADER_NAME, METHOD, PATH } from './http-rules.ts';
import type { IssueList } from './issue.ts';
import { isWithinDepth } from './merge-patch.ts';
import type { HeaderMatch, RouteSelector } from './mirror.ts';
import { isRecord, optional, plainText, readFields, readList, readText, requireField } from './read.ts';

const KEYS = ['routeConfig', 'virtualHost', 'domain', 'route', 'match', 'pathPrefix', 'methods', 'headers'];
const HEADER_KEYS = ['name', 'exact', 'prefix', 'regex', 'present'];
const CONDITIONS = ['exact', 'prefix', 'regex', 'present'];
const NATIVE_NAME = plainText(1024);
const VALUE = plainText(4096);
const METHODS = { min: 1, max: 32, key: (method: string) => method };
const MAX_MATCH_DEPTH = 32;

export function checkSelector(input: unknown, issues: IssueList): RouteSelector | undefined {
  const fields = readFields(input, KEYS, issues);
  if (fields === undefined) return undefined;
  if (!KEYS.some((key) => fields.get(key) !== undefined)) {
    issues.add(`must have at least one of ${KEYS.join(', ')}`);
  }
  const name = (key: 'routeConfig' | 'virtualHost' | 'route') =>
    optional(key, readText(fields.get(key), NATIVE_NAME, issues.at(key)));
  const methods = readList(fields.get('methods'), METHODS, issues.at('methods'), (method, at) =>
    readText(method, METHOD, at),
  );
  return {
    ...name('routeConfig'),
    ...name('virtualHost'),
    ...optional('domain', readText(fields.get('domain'), DOMAIN, issues.at('domain'))),
    ...name('route'),
    ...optional('match', checkMatch(fields.get('match'), issues.at('match'))),
    ...optional('pathPrefix', readText(fields.get('pathPrefix'), PATH, issues.at('pathPrefix'))),
    ...optional('methods', methods),
    ...optional(
      'headers',
      readList(fields.get('headers'), { min: 1, max: 32 }, issues.at('headers'), checkHeaderMatch),
    ),
  };
}

/** The route's own match, in the data plane's words: only its shape is known here. */
function checkMatch(input: unknown, issues: IssueList): Readonly<Record<string, unknown>> | undefined {
  if (input === undefined) return undefined;
  if (!isRecord(input) || Object.keys(input).length === 0) {
    issues.add('must be the match of a route, as in the config');
  } else if (!isWithinDepth(input, MAX_MATCH_DEPTH)) {
    issues.add(`must not be nested deeper than ${MAX_MATCH_DEPTH} levels`);
  } else return structuredClone(input);
  return undefined;
}

function checkHeaderMatch(input: unknown, issues: IssueList): HeaderMatch | undefined {
  const fields = readFields(input, HEADER_KEYS, issues);
  if (fields === undefined) return undefined;
  requireField(fields, 'name', issues);
  if (CONDITIONS.filter((key) => fields.get(key) !== undefined).length !== 1) {
    issues.add(`must have exactly one of ${CONDITIONS.join(', ')}`);
  }
  const text = (key: 'exact' | 'prefix') => optional(key, readText(fields.get(key), VALUE, issues.at(key)));
  const present = fields.get('present');
  if (present !== undefined && typeof present !== 'boolean')
    issues.at('present').add('must be true or false');
  return {
    name: readText(fields.get('name'), HEADER_NAME, issues.at('name')) ?? '',
    ...text('exact'),
    ...text('prefix'),
    ...optional('regex', checkRegex(fields.get('regex'), issues.at('regex'))),
    ...optional('present', typeof present === 'boolean' ? present : undefined),
  };
}

function checkRegex(input: unknown, issues: IssueList): string | undefined {
  const regex = readText(input, VALUE, issues);
  if (regex === undefined) return undefined;
  try {
    RE2JS.compile(regex);
    return regex;
  } catch (error) {
    issues.add(
      `must be a regular expression in RE2 syntax: ${error instanceof Error ? error.message : String(error)}`,
    );
    return undefined;
  }
}
