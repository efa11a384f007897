import { FULL, type Ppm } from '../../../model/percent.ts';
import { type Json, object, objects, string, without } from '../../schema/json.ts';
import { ppmOf } from '../percent.ts';
import type { RoutePlace } from '../routes.ts';
import { HTTP_ROUTE } from '../types.ts';

/** A mirror policy as its owner wrote it. */
export interface Policy {
  /** The object in the route that says it. */
  readonly source: Json;
  readonly host: string;
  /** 0: not given. */
  readonly port: number;
  readonly subset: string | undefined;
  readonly percent: Ppm;
  readonly path: string;
}

export function policiesOf({ resource, route, path }: RoutePlace): readonly Policy[] {
  if (resource.kind === HTTP_ROUTE) return filterPolicies(route, resource.metadata.namespace, path);
  const single = object(route['mirror']);
  const list = objects(route['mirrors']);
  return [
    ...(single === undefined ? [] : [policy(single, single, singlePercent(route), `${path}.mirror`)]),
    ...list.map((item, index) =>
      policy(
        item,
        object(item['destination']) ?? {},
        percentOf(item['percentage']),
        `${path}.mirrors[${index}]`,
      ),
    ),
  ];
}

function policy(source: Json, destination: Json, percent: Ppm, path: string): Policy {
  return {
    source,
    host: string(destination['host']) ?? '',
    port: Number(object(destination['port'])?.['number'] ?? 0),
    subset: string(destination['subset']),
    percent,
    path,
  };
}

/** Given without a value it is none; not given at all it is everything. */
function percentOf(value: unknown): Ppm {
  const percent = object(value);
  return percent === undefined ? FULL : ppmOf(Number(percent['value'] ?? 0));
}

function singlePercent(route: Json): Ppm {
  if (route['mirrorPercentage'] !== undefined) return percentOf(route['mirrorPercentage']);
  const old = route['mirrorPercent'];
  return typeof old === 'number' ? ppmOf(old) : FULL;
}

/** https://gateway-api.sigs.k8s.io/reference/spec/#httprequestmirrorfilter */
function filterPolicies(rule: Json, namespace: string, path: string): readonly Policy[] {
  return objects(rule['filters']).flatMap((filter, index) => {
    const mirror = object(filter['requestMirror']);
    const ref = object(mirror?.['backendRef']);
    if (filter['type'] !== 'RequestMirror' || mirror === undefined || ref === undefined) return [];
    const isService = (string(ref['kind']) ?? 'Service') === 'Service' && string(ref['group']) === undefined;
    const home = string(ref['namespace']) ?? namespace;
    return [
      {
        source: filter,
        host: isService ? `${string(ref['name']) ?? ''}.${home}.svc.cluster.local` : '',
        port: Number(ref['port'] ?? 0),
        subset: undefined,
        percent: shareOf(mirror),
        path: `${path}.filters[${index}]`,
      },
    ];
  });
}

function shareOf({ percent, fraction }: Json): Ppm {
  if (typeof percent === 'number') return ppmOf(percent);
  const share = object(fraction);
  if (share === undefined) return FULL;
  return ppmOf((Number(share['numerator'] ?? 0) / Number(share['denominator'] ?? 100)) * 100);
}

/** The route without these policies. */
export function withoutPolicies(route: Json, sources: ReadonlySet<unknown>): Json {
  let rest = route;
  if (sources.has(route['mirror'])) rest = without(rest, 'mirror', 'mirrorPercent', 'mirrorPercentage');
  for (const key of ['mirrors', 'filters']) {
    const items = objects(rest[key]);
    const kept = items.filter((item) => !sources.has(item));
    if (kept.length === items.length) continue;
    rest = kept.length === 0 ? without(rest, key) : { ...rest, [key]: kept };
  }
  return rest;
}
