import type { Issue, IssueList } from '../../../model/issue.ts';
import { type Json, object } from '../json.ts';
import type { EnvoySchema } from '../schema/index.ts';
import { BOOTSTRAP, RESOURCES, RESOURCE_LISTS, type ResourceList, messageOf } from '../types.ts';

/** A configuration's resources by type, in canonical spelling, and where each list stands in the owner's text. */
export interface ResourceLists {
  readonly lists: Readonly<Record<ResourceList, readonly Json[]>>;
  /** Path prefix of every list: `static_resources.` or empty. */
  readonly prefix: string;
  readonly warnings: readonly Issue[];
}

/** Sections of a bootstrap that describe one process, not the fleet. */
const PROCESS_SECTIONS = ['node', 'admin', 'dynamic_resources', 'static_resources'];

/**
 * Takes the resources out of a config in any form that people have: a bootstrap, `{static_resources: ...}`, or
 * lists by type. Everything is checked against the schema; problems go to `issues`, and what could be read is answered
 * all the same.
 */
export function readResources(json: Json, schema: EnvoySchema, issues: IssueList): ResourceLists | undefined {
  return isLists(json) ? fromLists(json, schema, issues) : fromBootstrap(json, schema, issues);
}

function isLists(json: Json): boolean {
  const keys = Object.keys(json);
  return keys.length > 0 && keys.some((key) => Object.hasOwn(RESOURCES, key));
}

function fromLists(json: Json, schema: EnvoySchema, issues: IssueList): ResourceLists {
  const lists = emptyLists();
  for (const [key, value] of Object.entries(json)) {
    if (!Object.hasOwn(RESOURCES, key)) {
      issues.at(key).add(`unknown list; the lists are ${RESOURCE_LISTS.join(', ')}`);
      continue;
    }
    if (value === null) continue;
    if (!Array.isArray(value)) {
      issues.at(key).add('must be a list');
      continue;
    }
    const list = key as ResourceList;
    const checked = value.map((item: unknown, index) =>
      checkItem(list, item, schema, issues.at(key).at(index)),
    );
    lists[list] = inPlace(checked);
  }
  return { lists, prefix: '', warnings: [] };
}

/** Lists from a config dump or a file of resources carry `@type`. */
function checkItem(
  list: ResourceList,
  item: unknown,
  schema: EnvoySchema,
  issues: IssueList,
): Json | undefined {
  const json = object(item);
  if (json === undefined || json['@type'] === undefined) return schema.read(RESOURCES[list], item, issues);
  const { '@type': type, ...body } = json;
  if (messageOf(type) === RESOURCES[list]) return schema.read(RESOURCES[list], body, issues);
  issues.at('@type').add(`must be ${RESOURCES[list]} in this list`);
  return undefined;
}

function fromBootstrap(json: Json, schema: EnvoySchema, issues: IssueList): ResourceLists | undefined {
  const bootstrap = schema.read(BOOTSTRAP, json, issues);
  if (bootstrap === undefined) return undefined;
  const resources = object(bootstrap['static_resources']) ?? {};
  const lists = emptyLists();
  for (const list of ['listeners', 'clusters', 'secrets'] as const) {
    const items = resources[list];
    lists[list] = Array.isArray(items) ? inPlace(items.map(object)) : [];
  }
  const left = Object.keys(bootstrap).filter((key) => !PROCESS_SECTIONS.includes(key));
  const warnings = left.map((key) => ({
    path: key,
    message: 'is not pushed: it belongs in the bootstrap of each Envoy, which cannot be changed at run time',
  }));
  if (bootstrap['dynamic_resources'] !== undefined) {
    warnings.push({
      path: 'dynamic_resources',
      message: 'is not used: resources that Envoy got from there must be in this config',
    });
  }
  return { lists, prefix: 'static_resources.', warnings };
}

/** What could not be read at all keeps its place: paths are by index. */
function inPlace(items: readonly (Json | undefined)[]): readonly Json[] {
  return items.map((item) => item ?? {});
}

function emptyLists(): Record<ResourceList, readonly Json[]> {
  return { runtimes: [], secrets: [], clusters: [], endpoints: [], listeners: [], routes: [] };
}
