import type { IssueList } from '../../../model/issue.ts';
import { type Json, object } from '../../schema/json.ts';
import { isLabel, isName } from '../checks/names.ts';
import { type Collection, GATEWAY_API_GROUP, HTTP_ROUTE, type Metadata, OWN_PREFIX } from '../types.ts';

/** What a resource is, before its spec is looked at. */
export interface Identity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  /** Not given for an HTTPRoute. */
  readonly collection: Collection | undefined;
  readonly spec: unknown;
}

const TOP = new Set(['apiVersion', 'kind', 'metadata', 'spec', 'status']);
/** What Kubernetes adds to what it stores: people take it along in what they read from it. */
const METADATA = new Set([
  ...['name', 'namespace', 'labels', 'annotations', 'creationTimestamp', 'generateName', 'generation'],
  ...['resourceVersion', 'uid', 'managedFields', 'ownerReferences', 'finalizers', 'selfLink'],
  ...['deletionTimestamp', 'deletionGracePeriodSeconds'],
]);
const HTTP_ROUTE_VERSIONS = ['v1', 'v1beta1'];
const DEFAULT_NAMESPACE = 'default';
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/;

export function readIdentity(
  value: unknown,
  collections: readonly Collection[],
  issues: IssueList,
): Identity | undefined {
  const json = object(value);
  if (json === undefined) return void issues.add('must be a resource: apiVersion, kind, metadata and spec');
  const { apiVersion, kind, spec } = json;
  if (typeof apiVersion !== 'string')
    issues.at('apiVersion').add('is required, such as networking.istio.io/v1');
  if (typeof kind !== 'string') issues.at('kind').add('is required, such as VirtualService');
  if (typeof apiVersion !== 'string' || typeof kind !== 'string') return undefined;
  const [group = '', version = ''] = apiVersion.split('/');
  const collection = collections.find((one) => one.group === group && one.kind === kind);
  const isRoute = group === GATEWAY_API_GROUP && kind === HTTP_ROUTE;
  const versions = isRoute
    ? HTTP_ROUTE_VERSIONS
    : collection && [collection.version, ...(collection.aliases ?? [])];
  if (versions === undefined) {
    const known = collections.map((one) => one.kind).join(', ');
    return void issues.add(
      `${kind} of ${apiVersion} is nothing that istiod takes from a config source: it takes ${known}; ` +
        `${HTTP_ROUTE} of ${GATEWAY_API_GROUP} can be rendered`,
    );
  }
  if (!versions.includes(version))
    return void issues.at('apiVersion').add(`${kind} has the versions ${versions.join(', ')}`);
  for (const key of Object.keys(json)) if (!TOP.has(key)) issues.at(key).add(`unknown field of a ${kind}`);
  const metadata = readMetadata(json['metadata'], issues.at('metadata'));
  return metadata && { apiVersion, kind, metadata, collection: isRoute ? undefined : collection, spec };
}

function readMetadata(value: unknown, issues: IssueList): Metadata | undefined {
  const json = object(value);
  if (json === undefined) return void issues.add('is required: an object with a name');
  for (const key of Object.keys(json))
    if (!METADATA.has(key)) issues.at(key).add('unknown field of metadata');
  const { name, namespace = DEFAULT_NAMESPACE, creationTimestamp } = json;
  const before = issues.items.length;
  if (!isName(name)) issues.at('name').add('is required: lower case letters, digits, "-" and "."');
  else if (name.startsWith(OWN_PREFIX))
    issues.at('name').add(`names that begin with ${OWN_PREFIX} are taken`);
  if (!isLabel(namespace)) issues.at('namespace').add('must be lower case letters, digits and "-"');
  const labels = readTexts(json['labels'], issues.at('labels'));
  const annotations = readTexts(json['annotations'], issues.at('annotations'));
  if (issues.items.length > before) return undefined;
  return Object.freeze({
    name: name as string,
    namespace: namespace as string,
    ...(labels && { labels }),
    ...(annotations && { annotations }),
    ...(typeof creationTimestamp === 'string' && TIME.test(creationTimestamp) && { creationTimestamp }),
  });
}

function readTexts(value: unknown, issues: IssueList): Readonly<Record<string, string>> | undefined {
  if (value === undefined || value === null) return undefined;
  const json: Json | undefined = object(value);
  if (json === undefined) return void issues.add('must be an object of texts');
  for (const [key, text] of Object.entries(json))
    if (typeof text !== 'string') issues.at(key).add('must be a text; write it in quotes');
  return json as Readonly<Record<string, string>>;
}
