import { isIP } from 'node:net';
import { string } from '../../schema/json.ts';

const CLUSTER_DOMAIN = 'svc.cluster.local';

/** A host as routes of this namespace mean it: a short name is a service beside them. */
export function wholeHost(host: string, namespace: string): string {
  const isWhole = host === '' || host === '*' || host.includes('.') || isIP(host) !== 0;
  return isWhole ? host : `${host}.${namespace}.${CLUSTER_DOMAIN}`;
}

/** `NAME.NAMESPACE.svc`, with the cluster's domain behind it or not. */
const SERVICE = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.([a-z0-9.-]+))?$/;

/** The service of the mesh that a host is; the mesh knows where it is and how to speak to it. */
export function serviceOf(
  host: string,
): { readonly name: string; readonly namespace: string; readonly host: string } | undefined {
  const [, name, namespace, domain] = SERVICE.exec(host) ?? [];
  if (name === undefined || namespace === undefined) return undefined;
  return { name, namespace, host: domain === undefined ? `${name}.${namespace}.${CLUSTER_DOMAIN}` : host };
}

/** What a list names, hosts or else. */
export function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.flatMap((item) => string(item) ?? []) : [];
}
