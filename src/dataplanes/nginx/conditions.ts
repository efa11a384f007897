import type { HeaderMatch, RouteSelector } from '../../model/mirror.ts';
import { pcreOf } from './pattern.ts';
import type { PlannedMirror } from './plan.ts';
import { escapePattern, indent, quoted, symbolOf } from './syntax.ts';

/** NGINX evaluates variables that name variables to a depth of 100. */
export const MAX_CONDITIONS = 64;

/** For what is refused elsewhere: rather no copies than too many. */
const NEVER = '~(?!)';

/** `variable` matches one of the patterns (`not`: none). */
interface Condition {
  readonly variable: string;
  readonly patterns: readonly string[];
  readonly not?: boolean;
}

/** The maps that decide whether a request is one of a mirror's, and the variable that says so: `1` or empty. */
export interface Decision {
  readonly maps: readonly string[];
  /** Undefined: every request is. */
  readonly variable: string | undefined;
}

type Selecting = Pick<PlannedMirror, 'routes' | 'exclude'>;

/** Names of locations that the mirrors' selectors mention. Sorted. */
export function routesOf(mirrors: readonly Selecting[]): readonly string[] {
  const all = mirrors.flatMap(({ routes, exclude }) => [...routes, ...exclude]);
  return [...new Set(all.flatMap(({ route }) => route ?? []))].sort();
}

export function mentions({ routes, exclude }: PlannedMirror, route: string): boolean {
  return [...routes, ...exclude].some((selector) => selector.route === route);
}

/** Whether a request in a location called `route` (undefined: one without a name) can be one of the mirror's. */
export function isPossible({ routes, exclude }: Selecting, route: string | undefined): boolean {
  const here = (selector: RouteSelector) => selector.route === undefined || selector.route === route;
  if (routes.length > 0 && !routes.some(here)) return false;
  return !exclude.some((selector) => selector.route !== undefined && here(selector) && isBare(selector));
}

/** How many variables name each other, to decide on one request. */
export function countConditions(mirror: PlannedMirror, route: string | undefined): number {
  return stepsOf(mirror, route).reduce((sum, { conditions }) => sum + conditions.length, 0);
}

/**
 * A chain of maps: where a condition holds, the next one of its selector decides, else the next selector. Exclusions
 * come first.
 */
export function decide(mirror: PlannedMirror, route: string | undefined): Decision {
  const prefix = `$${symbolOf(mirror.name)}${route === undefined ? '' : `_${symbolOf(route).slice(-6)}`}_`;
  const steps = stepsOf(mirror, route);
  const otherwise = mirror.routes.length === 0 ? '1' : '""';
  const names = new Map<Condition, string>();
  for (const { conditions } of steps) {
    for (const condition of conditions) names.set(condition, `${prefix}${names.size + 1}`);
  }
  const maps: string[] = [];
  for (const [index, { conditions, outcome }] of steps.entries()) {
    const next = steps[index + 1];
    const onward = next === undefined ? otherwise : startOf(next, names);
    for (const [place, condition] of conditions.entries()) {
      const following = conditions[place + 1];
      const matched = following === undefined ? outcome : (names.get(following) ?? outcome);
      const [yes, no] = condition.not === true ? [onward, matched] : [matched, onward];
      maps.push(
        `map ${condition.variable} ${names.get(condition) ?? ''} {`,
        ...indent([...condition.patterns.map((pattern) => `${quoted(pattern)} ${yes};`), `default ${no};`]),
        '}',
      );
    }
  }
  const [first] = steps;
  return { maps, variable: first && startOf(first, names) };
}

/** One selector, or several that ask about one and the same variable. */
interface Step {
  readonly conditions: readonly Condition[];
  /** Where all conditions hold. */
  readonly outcome: '1' | '""';
}

/** Of a step without conditions (every request of the route) nothing has to be asked. */
function startOf({ conditions, outcome }: Step, names: ReadonlyMap<Condition, string>): string {
  const [first] = conditions;
  return first === undefined ? outcome : (names.get(first) ?? outcome);
}

function stepsOf({ routes, exclude }: PlannedMirror, route: string | undefined): readonly Step[] {
  const here = (selector: RouteSelector) => selector.route === undefined || selector.route === route;
  const excluding = merge(exclude.filter(here).map(conditionsOf)).map(
    (conditions) => ({ conditions, outcome: '""' }) as const,
  );
  const including = merge(routes.filter(here).map(conditionsOf)).map(
    (conditions) => ({ conditions, outcome: '1' }) as const,
  );
  const everything = including.find(({ conditions }) => conditions.length === 0);
  const taken = everything === undefined ? including : [everything];
  return excluding.length === 0 && everything !== undefined ? [] : [...excluding, ...taken];
}

/** Hundreds of path prefixes are one map, not hundreds that name each other. */
function merge(selectors: readonly (readonly Condition[])[]): readonly (readonly Condition[])[] {
  const merged = new Map<string, Condition>();
  const others: (readonly Condition[])[] = [];
  for (const conditions of selectors) {
    const [only, ...more] = conditions;
    if (only === undefined || more.length > 0 || only.not === true) {
      others.push(conditions);
      continue;
    }
    const { patterns = [] } = merged.get(only.variable) ?? {};
    merged.set(only.variable, { ...only, patterns: [...new Set([...patterns, ...only.patterns])] });
  }
  return [...[...merged.values()].map((condition) => [condition]), ...others];
}

function isBare(selector: RouteSelector): boolean {
  return conditionsOf(selector).length === 0;
}

function conditionsOf({ domain, pathPrefix, methods, headers }: RouteSelector): readonly Condition[] {
  return [
    ...(domain === undefined ? [] : [domainCondition(domain)]),
    ...(pathPrefix === undefined
      ? []
      : [{ variable: '$request_uri', patterns: [`~^${escapePattern(pathPrefix)}`] }]),
    ...(methods === undefined
      ? []
      : [
          {
            variable: '$request_method',
            patterns: methods.map((method) => `~^${escapePattern(method)}$`),
          },
        ]),
    ...(headers ?? []).map(headerCondition),
  ];
}

/** `$host` is lower case and has no port. */
function domainCondition(domain: string): Condition {
  const [, wildcard, host = '', port] = /^(\*\.)?(.*?)\.?(:\d+)?$/.exec(domain) ?? [];
  const below = wildcard === undefined ? '' : '.+\\.';
  const pattern = `~*^${below}${escapePattern(`${host}${port ?? ''}`)}$`;
  return { variable: port === undefined ? '$host' : '$http_host', patterns: [pattern] };
}

/** Of a header that is there but empty NGINX says what it says of one that is not there. */
function headerCondition({ name, exact, prefix, regex, present }: HeaderMatch): Condition {
  const variable = `$http_${name.toLowerCase().replaceAll('-', '_')}`;
  if (exact !== undefined) return { variable, patterns: [`~^${escapePattern(exact)}$`] };
  if (prefix !== undefined && prefix !== '') return { variable, patterns: [`~^${escapePattern(prefix)}`] };
  const pcre = regex === undefined ? undefined : pcreOf(regex);
  if (pcre !== undefined) return { variable, patterns: [typeof pcre === 'string' ? `~${pcre}` : NEVER] };
  return { variable, patterns: ['~.'], ...(present === false && { not: true }) };
}
