import { isIP, isIPv6 } from 'node:net';
import type { Target } from '../../../model/target.ts';
import type { Json } from '../../schema/json.ts';
import { OWN_PORT, slugOf } from '../compile/target-resources.ts';
import { serviceOf } from '../config/hosts.ts';
import { OWN_LABELS, OWN_PREFIX } from '../types.ts';

/**
 * What HTTPRoutes refer to. A service of the cluster as it is; anything else needs a Service without a selector, and
 * its addresses in EndpointSlices, in the namespace of the route: elsewhere it would need to be allowed in.
 */
export class BackendRefs {
  readonly #targets: ReadonlyMap<string, Target>;

  /** By mirror. */
  constructor(targets: ReadonlyMap<string, Target>) {
    this.#targets = targets;
  }

  ref(mirror: string, namespace: string): Json {
    const target = this.#targets.get(mirror);
    const service = target && serviceIn(target);
    if (service === undefined) return { name: nameOf(target?.name ?? mirror), port: OWN_PORT };
    const { name, namespace: home, port } = service;
    return { name, ...(home !== namespace && { namespace: home }), port };
  }

  /** The Services and EndpointSlices that these mirrors need, each in that namespace. */
  made(
    pairs: readonly (readonly [mirror: string, namespace: string])[],
  ): readonly (readonly [string, readonly Json[]])[] {
    const services = new Map<string, Json>();
    const slices = new Map<string, Json>();
    for (const [mirror, namespace] of pairs) {
      const target = this.#targets.get(mirror);
      if (target === undefined || serviceIn(target) !== undefined) continue;
      services.set(`${namespace}/${target.name}`, serviceFor(target, namespace));
      for (const slice of slicesFor(target, namespace)) slices.set(JSON.stringify(slice), slice);
    }
    return [
      ['Service', [...services.values()]],
      ['EndpointSlice', [...slices.values()]],
    ];
  }
}

function serviceIn({ endpoints }: Target): { name: string; namespace: string; port: number } | undefined {
  const [first, ...more] = endpoints;
  const service = first && serviceOf(first.host);
  return service === undefined || first === undefined || more.length > 0
    ? undefined
    : { ...service, port: first.port };
}

function nameOf(target: string): string {
  return OWN_PREFIX + slugOf(target);
}

function serviceFor(target: Target, namespace: string): Json {
  const appProtocol = target.protocol === 'http2' ? 'kubernetes.io/h2c' : 'http';
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: nameOf(target.name), namespace, labels: OWN_LABELS },
    spec: { ports: [{ name: 'http', port: OWN_PORT, protocol: 'TCP', appProtocol }] },
  };
}

/** A slice has one kind of address and one port. */
function slicesFor(target: Target, namespace: string): readonly Json[] {
  const kindOf = (host: string): string => (isIP(host) === 0 ? 'FQDN' : isIPv6(host) ? 'IPv6' : 'IPv4');
  const groups = Map.groupBy(target.endpoints, ({ host, port }) => `${kindOf(host)} ${port}`);
  return [...groups.values()].map((endpoints, index) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: `${nameOf(target.name)}-${index + 1}`,
      namespace,
      labels: { ...OWN_LABELS, 'kubernetes.io/service-name': nameOf(target.name) },
    },
    addressType: kindOf(endpoints[0]?.host ?? ''),
    ports: [{ name: 'http', port: endpoints[0]?.port, protocol: 'TCP' }],
    endpoints: endpoints.map(({ host }) => ({ addresses: [host] })),
  }));
}
