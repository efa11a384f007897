import { type Issue, IssueList, type Result, fail, ok } from '../../../model/issue.ts';
import type { Adoption, NativeConfig } from '../../data-plane.ts';
import { type Json, fieldsOf, inOrder } from '../json.ts';
import { OURS } from '../names.ts';
import { readShape } from '../schema/types.ts';
import { adopt } from './adopt.ts';
import { idlePaths } from './reached.ts';
import { checkReferences } from './references.ts';
import { surroundingsOf } from './surroundings.ts';
import { readText } from './text.ts';
import { checkValues } from './values/check.ts';

/** A dynamic configuration, checked, in canonical spelling and order, ready to be joined with mirrors. */
export interface TraefikConfig extends NativeConfig {
  readonly document: Json;
}

const NO_ADOPTION: Adoption = Object.freeze({ targets: [], mirrors: [] });
const COUNTED = ['routers', 'services', 'middlewares', 'serversTransports'];

/** Text to configuration: syntax, then every field, then references; all problems at once. */
export function readTraefikConfig(
  text: string,
  format: 'yaml' | 'json',
  options: { readonly fleet: string; readonly adopt: boolean },
): Result<TraefikConfig> {
  const parsed = readText(text, format);
  if (!parsed.ok) return parsed;
  const issues = new IssueList();
  const warnings: Issue[] = [];
  const read = readShape(parsed.value, warnings, issues);
  const http = fieldsOf(read['http']);
  const isEmpty = [http['routers'], http['services']].every(
    (part) => Object.keys(fieldsOf(part)).length === 0,
  );
  if (isEmpty && issues.items.length === 0) {
    const message = 'has neither http.routers nor http.services: all traffic of the fleet would end in 404';
    return fail([{ path: '', message }]);
  }
  checkNames(http, issues);
  const more = new IssueList();
  checkReferences(read, more, warnings);
  checkValues(read, more, warnings);
  // What is wrong in itself may be why something seems to be missing, or why no router seems to lead there.
  const rest = more.items.filter(
    ({ path }) => !issues.items.some((said) => isWithin(path, said.path) || isWithin(said.path, path)),
  );
  const isIdle = idlePaths(read);
  if (issues.items.length > 0 || rest.some(({ path }) => !isIdle(path)))
    return fail([...issues.items, ...rest]);
  warnings.push(...rest.map(asIdle));
  warnings.push(...templates(text));
  const counts = Object.fromEntries(
    COUNTED.map((kind) => [kind, Object.keys(fieldsOf(http[kind])).length] as const),
  );
  const result = options.adopt
    ? adopt(options.fleet, read)
    : { document: read, adoption: NO_ADOPTION, warnings: [] };
  return ok(
    Object.freeze({
      document: inOrder(result.document) as Json,
      counts: Object.freeze(counts),
      adopted: result.adoption,
      surroundings: surroundingsOf(result.document),
    }),
    [...warnings, ...result.warnings],
  );
}

function checkNames(http: Json, issues: IssueList): void {
  for (const kind of COUNTED) {
    for (const name of Object.keys(fieldsOf(http[kind])))
      if (OURS.test(name))
        issues
          .at('http')
          .at(kind)
          .at(name)
          .add('must not begin with "mirrorplane", which is for what is added');
  }
}

function asIdle({ path, message }: Issue): Issue {
  return { path, message: `${message}; no router leads there, so that Traefik serves the rest` };
}

function isWithin(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`) || path.startsWith(`${outer}[`);
}

function templates(text: string): readonly Issue[] {
  if (!/\{\{.*\}\}/.test(text)) return [];
  const message = 'has "{{ }}" in it: Traefik fills templates in files only, here it is taken as it stands';
  return [{ path: '', message }];
}
