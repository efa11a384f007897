import { IssueList, type Issue, type Result, fail, ok } from '../../../model/issue.ts';
import type { Adoption, NativeConfig } from '../../data-plane.ts';
import { CHECKS } from '../checks/index.ts';
import { readHttpRoute } from '../checks/http-route.ts';
import { checkMetadata } from '../checks/metadata.ts';
import type { IstioSchema } from '../schema.ts';
import { type Resource, pathOf } from '../types.ts';
import { adopt } from './adopt.ts';
import { readDocuments } from './documents.ts';
import { type Identity, readIdentity } from './identity.ts';
import { surroundingsOf } from './surroundings.ts';

/** An Istio configuration, checked, ready to be joined with mirrors. */
export interface IstioConfig extends NativeConfig {
  readonly resources: readonly Resource[];
}

const NO_ADOPTION: Adoption = Object.freeze({ targets: [], mirrors: [] });

/** Text to configuration: syntax, identity, schema, and what istiod would do without; all problems at once. */
export function readIstioConfig(
  schema: IstioSchema,
  text: string,
  format: 'yaml' | 'json',
  options: { readonly fleet: string; readonly adopt: boolean },
): Result<IstioConfig> {
  const documents = readDocuments(text, format);
  if (!documents.ok) return documents;
  if (documents.value.length === 0) {
    const message = 'holds no resources: an empty configuration would take everything from the fleet';
    return fail([{ path: '', message }]);
  }
  const issues: Issue[] = [];
  const resources: Resource[] = [];
  const seen = new Set<string>();
  for (const { value, path } of documents.value) {
    const at = new IssueList(path, issues);
    const identity = readIdentity(value, schema.collections, at);
    if (identity === undefined) continue;
    const place = pathOf(identity);
    if (seen.has(place)) at.add(`${place} is given twice`);
    seen.add(place);
    const resource = readResource(schema, identity, new IssueList(place, issues));
    if (resource !== undefined) resources.push(resource);
  }
  if (issues.length > 0) return fail(issues);
  const result = options.adopt
    ? adopt(options.fleet, resources)
    : { resources, adoption: NO_ADOPTION, warnings: [] };
  return ok(
    Object.freeze({
      resources: result.resources,
      counts: countsOf(resources),
      adopted: result.adoption,
      surroundings: surroundingsOf(result.resources),
    }),
    result.warnings,
  );
}

function readResource(schema: IstioSchema, identity: Identity, issues: IssueList): Resource | undefined {
  const { apiVersion, kind, metadata, collection, spec } = identity;
  const at = issues.at('spec');
  const before = issues.items.length;
  const json =
    collection === undefined ? readHttpRoute(spec, at) : schema.read(collection.message, spec ?? {}, at);
  if (json === undefined) return undefined;
  const said = new Set(issues.items.slice(before).map(({ path }) => path));
  const around = new Set([...said].flatMap(parentsOf));
  const more = new IssueList(at.path);
  CHECKS.get(kind)?.(json, more, metadata);
  if (collection !== undefined) checkMetadata(kind, metadata, json, issues.at('metadata'));
  // What is wrong in itself may be why something else seems to be missing.
  const isNews = ({ path }: Issue): boolean =>
    !around.has(path) && ![path, ...parentsOf(path)].some((one) => said.has(one));
  for (const issue of more.items) if (isNews(issue)) issues.items.push(issue);
  return { apiVersion, kind, metadata, spec: json };
}

/** What a path is below of: `a.b[2]` is below `a.b` and `a`. */
function parentsOf(path: string): readonly string[] {
  return [...path.matchAll(/[.[]/g)].map(({ index }) => path.slice(0, index));
}

function countsOf(resources: readonly Resource[]): Readonly<Record<string, number>> {
  const groups = Map.groupBy(resources, ({ kind }) => kind);
  return Object.freeze(Object.fromEntries([...groups].map(([kind, list]) => [kind, list.length])));
}
