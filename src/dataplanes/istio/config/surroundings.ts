import type { NamedHost, Origin, Surroundings } from '../../data-plane.ts';
import { type Json, dig, object, objects, string } from '../../schema/json.ts';
import { placesOf } from '../routes.ts';
import { GATEWAY, HTTP_ROUTE, type Resource, SERVICE_ENTRY, VIRTUAL_SERVICE, pathOf } from '../types.ts';
import { listenersOf } from './gateways.ts';
import { texts, wholeHost } from './hosts.ts';

type Place = Omit<Origin, 'path'>;

export function surroundingsOf(resources: readonly Resource[]): Surroundings {
  const entries = entriesOf(resources);
  return Object.freeze({
    listeners: listenersOf(resources),
    hosts: resources.flatMap(hostsOf),
    origins: resources.flatMap(destinationsOf).flatMap(({ host, port, path }) => {
      const entry = entries.get(host);
      const behind = entry === undefined ? [] : endpointsOf(entry, port);
      return [{ host, ...(port !== undefined && { port }) }, ...behind].map((place) => ({ ...place, path }));
    }),
  });
}

function hostsOf(resource: Resource): readonly NamedHost[] {
  const { kind, spec, metadata } = resource;
  const named = (hosts: unknown, at: string): readonly NamedHost[] =>
    texts(hosts).map((name) => ({ name, path: `${pathOf(resource)}.spec.${at}` }));
  switch (kind) {
    case VIRTUAL_SERVICE:
      return named(
        texts(spec['hosts']).map((host) => wholeHost(host, metadata.namespace)),
        'hosts',
      );
    case HTTP_ROUTE:
      return named(spec['hostnames'], 'hostnames');
    case GATEWAY:
      // `NAMESPACE/HOST`: of the VirtualServices there.
      return objects(spec['servers']).flatMap((server, index) =>
        named(
          texts(server['hosts']).map((host) => host.replace(/^.*\//, '')),
          `servers[${index}].hosts`,
        ),
      );
    default:
      return [];
  }
}

/** Where routes send requests, and not their copies. */
function destinationsOf(resource: Resource): readonly Origin[] {
  const { namespace } = resource.metadata;
  return placesOf(resource).flatMap(({ route, path }) => {
    const list = resource.kind === HTTP_ROUTE ? 'backendRefs' : 'route';
    return objects(route[list]).flatMap((item, index) => {
      const place = list === 'route' ? destinationOf(item, namespace) : backendOf(item, namespace);
      return place === undefined ? [] : [{ ...place, path: `${path}.${list}[${index}]` }];
    });
  });
}

function destinationOf(item: Json, namespace: string): Place | undefined {
  const host = string(dig(item, 'destination', 'host'));
  const port = dig(item, 'destination', 'port', 'number');
  return host === undefined
    ? undefined
    : { host: wholeHost(host, namespace), ...(typeof port === 'number' && { port }) };
}

function backendOf(
  { name, namespace: other, port, kind, group }: Json,
  namespace: string,
): Place | undefined {
  const host = string(name);
  if (host === undefined || (string(kind) ?? 'Service') !== 'Service' || string(group) !== undefined)
    return undefined;
  const home = string(other) ?? namespace;
  return { host: wholeHost(host, home), ...(typeof port === 'number' && { port }) };
}

/** By host. */
function entriesOf(resources: readonly Resource[]): ReadonlyMap<string, Json> {
  return new Map(
    resources
      .filter(({ kind }) => kind === SERVICE_ENTRY)
      .flatMap(({ spec }) => texts(spec['hosts']).map((host) => [host, spec] as const)),
  );
}

/** Of a host's port, where it is known which. */
function endpointsOf(entry: Json, number: number | undefined): readonly Place[] {
  const ports = objects(entry['ports']);
  const port =
    number === undefined && ports.length === 1 ? ports[0] : ports.find((one) => one['number'] === number);
  const own = Number(port?.['targetPort'] ?? 0) || Number(port?.['number'] ?? 0);
  return objects(entry['endpoints']).flatMap((endpoint) => {
    const host = string(endpoint['address']);
    const behind = Number(object(endpoint['ports'])?.[String(port?.['name'])] ?? own);
    return host === undefined || host.startsWith('unix:')
      ? []
      : [{ host, ...(behind > 0 && { port: behind }) }];
  });
}
