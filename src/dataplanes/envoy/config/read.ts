import { IssueList, type Result, fail, ok } from '../../../model/issue.ts';
import type { Adoption, NativeConfig } from '../../data-plane.ts';
import type { Json } from '../json.ts';
import type { EnvoySchema } from '../schema/index.ts';
import { RESOURCE_LISTS, type ResourceList } from '../types.ts';
import { adopt } from './adopt.ts';
import type { Edge } from './edge.ts';
import { checkNames } from './names.ts';
import { checkReferences } from './references.ts';
import { fetchSecrets } from './secrets.ts';
import { readResources } from './shape.ts';
import { type PlacedLists, split } from './split.ts';
import { surroundingsOf } from './surroundings.ts';
import { readText } from './text.ts';

/** An Envoy configuration, checked, in canonical spelling, ready to be joined with mirrors. */
export interface EnvoyConfig extends NativeConfig {
  readonly lists: Readonly<Record<ResourceList, readonly Json[]>>;
  /** By name of the route configuration. */
  readonly edges: ReadonlyMap<string, Edge>;
}

const NO_ADOPTION: Adoption = Object.freeze({ targets: [], mirrors: [] });

/** Text to configuration: syntax, then schema and rules, names and references; all problems at once. */
export function readEnvoyConfig(
  schema: EnvoySchema,
  text: string,
  format: 'yaml' | 'json',
  options: { readonly fleet: string; readonly adopt: boolean },
): Result<EnvoyConfig> {
  const parsed = readText(text, format);
  if (!parsed.ok) return parsed;
  const issues = new IssueList();
  const found = readResources(parsed.value, schema, issues);
  if (found === undefined) return fail(issues.items);
  if (issues.items.length === 0 && RESOURCE_LISTS.every((list) => found.lists[list].length === 0)) {
    return fail([
      {
        path: '',
        message: 'holds no resources: an empty configuration would take everything from the fleet',
      },
    ]);
  }
  const { lists, edges } = split(found.lists, found.prefix);
  const more = new IssueList();
  checkNames(lists, more);
  if (!issues.items.some(({ path }) => hidesNames(path, found.prefix))) checkReferences(lists, more);
  const said = issues.items.map(({ path }) => path);
  // What is wrong in itself may be why it has no name, or names nothing.
  const rest = more.items.filter(
    ({ path }) =>
      !said.some((other) => path === other || path.startsWith(`${other}.`) || other.startsWith(`${path}.`)),
  );
  if (issues.items.length > 0 || rest.length > 0) return fail([...issues.items, ...rest]);
  const result = options.adopt ? adopt(options.fleet, lists) : { lists, adoption: NO_ADOPTION, warnings: [] };
  const finished = finish(result.lists);
  return ok(
    Object.freeze({
      lists: finished,
      surroundings: surroundingsOf(finished),
      edges,
      counts: countResources(lists),
      adopted: result.adoption,
    }),
    [...found.warnings, ...result.warnings],
  );
}

/**
 * Whether a problem at this path keeps a resource, or its name, from being read: then it may well be there. So does an
 * unknown list, which may be one that is misspelt. Of a bootstrap, other sections hold nothing that is named.
 */
function hidesNames(path: string, prefix: string): boolean {
  if (path === 'static_resources') return true;
  return path.startsWith(prefix) && /^\w+(\[\d+\](\.(name|cluster_name))?)?$/.test(path.slice(prefix.length));
}

function finish(lists: PlacedLists): EnvoyConfig['lists'] {
  const secrets = new Set(lists.secrets.map(({ json }) => String(json['name'])));
  const plain = (list: ResourceList): readonly Json[] => lists[list].map(({ json }) => json);
  const fetching = (list: ResourceList): readonly Json[] =>
    plain(list).map((json) => fetchSecrets(json, secrets) as Json);
  return Object.freeze({
    runtimes: plain('runtimes'),
    secrets: plain('secrets'),
    clusters: fetching('clusters'),
    endpoints: plain('endpoints'),
    listeners: fetching('listeners'),
    routes: plain('routes'),
  });
}

function countResources(lists: PlacedLists): Readonly<Record<string, number>> {
  return Object.freeze(Object.fromEntries(RESOURCE_LISTS.map((list) => [list, lists[list].length])));
}
