import type { Json } from '../schema/json.ts';

/** A kind of resource that istiod asks a config source for. */
export interface Collection {
  readonly group: string;
  readonly kind: string;
  readonly version: string;
  /** Other versions in which owners write it; the content is the same. */
  readonly aliases?: readonly string[];
  /** The message of its spec. */
  readonly message: string;
}

export interface Metadata {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Istio lets the older of two that contradict each other win. */
  readonly creationTimestamp?: string;
}

/** A resource as Kubernetes has it, its spec checked and in JSON's own spelling. Never changed in place. */
export interface Resource {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Metadata;
  readonly spec: Json;
}

export const VIRTUAL_SERVICE = 'VirtualService';
export const SERVICE_ENTRY = 'ServiceEntry';
export const DESTINATION_RULE = 'DestinationRule';
export const GATEWAY = 'Gateway';
export const ENVOY_FILTER = 'EnvoyFilter';
/** Of the Gateway API: istiod takes it from Kubernetes only, so it is rendered and never served. */
export const HTTP_ROUTE = 'HTTPRoute';

export const NETWORKING = 'networking.istio.io/v1';
/** Of an EnvoyFilter, which has no other. */
export const PATCHING = 'networking.istio.io/v1alpha3';
export const GATEWAY_API_GROUP = 'gateway.networking.k8s.io';

/** `NAMESPACE/NAME`: how a resource is named over MCP, and how selectors name it. */
export function keyOf({ metadata: { namespace, name } }: Pick<Resource, 'metadata'>): string {
  return `${namespace}/${name}`;
}

/** Where a problem is: `VirtualService/default/httpbin`. */
export function pathOf(resource: Pick<Resource, 'kind' | 'metadata'>): string {
  return `${resource.kind}/${keyOf(resource)}`;
}

/** The type that istiod asks for. */
export function typeUrlOf({ group, version, kind }: Pick<Collection, 'group' | 'version' | 'kind'>): string {
  return `${group}/${version}/${kind}`;
}

/** Hosts, names and labels of what is made for mirrors begin or end so: none of an owner's may. */
export const OWN_PREFIX = 'mirrorplane-';
export const OWN_DOMAIN = 'mirrorplane.internal';
export const OWN_LABELS = Object.freeze({ 'app.kubernetes.io/managed-by': 'mirrorplane' });
