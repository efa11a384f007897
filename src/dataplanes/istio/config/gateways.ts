import { canonicalHost, coversHost } from '../../../model/place.ts';
import type { Listener } from '../../data-plane.ts';
import { type Json, dig, object, objects, string } from '../../schema/json.ts';
import { isHttp, protocolOf } from '../checks/names.ts';
import { type RoutePlace, isCopiedBy, placesOf } from '../routes.ts';
import { GATEWAY, type Resource, VIRTUAL_SERVICE, keyOf } from '../types.ts';
import { texts, wholeHost } from './hosts.ts';

/** Where gateways take HTTP. What they pass on as it is, or answer with a redirect, is copied by nobody. */
export function listenersOf(resources: readonly Resource[]): readonly Listener[] {
  return resources
    .filter(({ kind }) => kind === GATEWAY)
    .flatMap((gateway) =>
      objects(gateway.spec['servers']).flatMap((server) => {
        const host = string(server['bind']) ?? '0.0.0.0';
        const port = Number(dig(server, 'port', 'number') ?? 0);
        if (host.startsWith('unix:') || port === 0 || !routesHttp(server)) return [];
        const places = routesAt(gateway, server, resources);
        return [{ host, port, copiedBy: (mirror) => places.some((place) => isCopiedBy(mirror, place)) }];
      }),
    );
}

function routesHttp(server: Json): boolean {
  const protocol = protocolOf(object(server['port']));
  if (dig(server, 'tls', 'httpsRedirect') === true) return false;
  if (isHttp(protocol)) return true;
  const mode = string(dig(server, 'tls', 'mode')) ?? 'PASSTHROUGH';
  return protocol === 'HTTPS' && mode !== 'PASSTHROUGH' && mode !== 'AUTO_PASSTHROUGH';
}

/** The routes of the VirtualServices that name the gateway and a host of the server, and of their delegates. */
function routesAt(gateway: Resource, server: Json, resources: readonly Resource[]): readonly RoutePlace[] {
  const name = keyOf(gateway);
  const number = dig(server, 'port', 'number');
  const served = texts(server['hosts']).map((host) => canonicalHost(host.replace(/^.*\//, '')));
  const services = resources.filter(({ kind }) => kind === VIRTUAL_SERVICE);
  const roots = services.filter(
    ({ spec, metadata: { namespace } }) =>
      texts(spec['gateways']).some((one) => gatewayKey(one, namespace) === name) &&
      texts(spec['hosts']).some((host) => served.some((other) => meet(wholeHost(host, namespace), other))),
  );
  const delegates = new Set(roots.flatMap(delegatesOf));
  const bound = services.filter((one) => roots.includes(one) || delegates.has(keyOf(one)));
  return bound.flatMap(placesOf).filter(({ route, resource }) => {
    const matches = objects(route['match']);
    const here = ({ port, gateways }: Json): boolean =>
      (port === undefined || port === 0 || port === number) &&
      (texts(gateways).length === 0 ||
        texts(gateways).some((one) => gatewayKey(one, resource.metadata.namespace) === name));
    return matches.length === 0 || matches.some(here);
  });
}

/** `NAMESPACE/NAME`, from how a VirtualService names it: alone, so, or `NAME.NAMESPACE.svc...`. */
function gatewayKey(gateway: string, namespace: string): string {
  if (gateway.includes('/')) return gateway;
  const [name = '', other] = gateway.split('.');
  return `${other ?? namespace}/${name}`;
}

function delegatesOf({ spec, metadata }: Resource): readonly string[] {
  return objects(spec['http']).flatMap((route) => {
    const name = string(dig(route, 'delegate', 'name'));
    const namespace = string(dig(route, 'delegate', 'namespace')) ?? metadata.namespace;
    return name === undefined ? [] : [`${namespace}/${name}`];
  });
}

/** Whether some host is of both patterns. */
function meet(a: string, b: string): boolean {
  const plain = canonicalHost(a);
  return coversHost(plain, b) || coversHost(b, plain);
}
