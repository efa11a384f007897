/** Names of the mesh's own services; the mesh knows where they are and how to speak to them. */
const CLUSTER_DOMAIN = 'svc.cluster.local';

/** As istiod takes a host that routes of this namespace name. */
export function wholeHost(host: string, namespace: string): string {
  if (!host.includes('.')) return `${host}.${namespace}.${CLUSTER_DOMAIN}`;
  return host.endsWith('.svc') ? `${host}.cluster.local` : host;
}

/** `NAME.NAMESPACE.svc`, with the cluster's domain behind it or not. */
const SERVICE = /^([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.[a-z0-9.-]+)?$/;

/** The service of the mesh that a host is. */
export function serviceOf(host: string): { readonly name: string; readonly namespace: string } | undefined {
  const [, name, namespace] = SERVICE.exec(host) ?? [];
  return name === undefined || namespace === undefined ? undefined : { name, namespace };
}
