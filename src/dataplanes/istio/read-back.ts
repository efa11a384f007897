import { isDeepStrictEqual } from 'node:util';
import type { Resource, Snapshot } from '../../snapshot/snapshot.ts';
import type { Finding, ReadBack } from '../data-plane.ts';
import { type Json, dig, object, objects, string } from '../schema/json.ts';
import type { IstioSchema } from './schema.ts';
import { OWN_LABELS } from './types.ts';

/** What istiod works with, of all of its config sources. */
const CONFIGZ = '/debug/configz';

/**
 * istiod acknowledges everything, and then does without what it cannot use: what counts is what it says that it has. While
 * that is something else it may still be on its way, so nothing is ever taken for refused; delivery waits as long as it may.
 */
export function createReadBack(schema: IstioSchema): ReadBack {
  const decoded = new WeakMap<Resource, Json>();
  const specOf = (resource: Resource): Json => {
    const known = decoded.get(resource);
    if (known !== undefined) return known;
    const body = object(dig(schema.decodeAny(resource.body), 'body')) ?? {};
    const { '@type': _, ...spec } = body;
    decoded.set(resource, spec);
    return spec;
  };
  const messages = new Map(
    schema.collections.map(({ group, version, kind, message }) => [`${group}/${version}/${kind}`, message]),
  );

  function isThere(type: string, resource: Resource, found: readonly Json[] | undefined): boolean {
    if (found === undefined) return false;
    const wanted = specOf(resource);
    const message = messages.get(type) ?? '';
    return found.every((one) => {
      const spec = object(one['spec']) ?? {};
      return isDeepStrictEqual(spec, wanted) || isDeepStrictEqual(schema.canonical(message, spec), wanted);
    });
  }

  function judge(expected: Snapshot, answers: ReadonlyMap<string, unknown>): Finding {
    const found = Map.groupBy(objects(answers.get(CONFIGZ)), placeOf);
    const wanted = new Set<string>();
    for (const { typeUrl, resources } of expected.types.values()) {
      for (const resource of resources.values()) {
        const place = `${typeUrl} ${resource.name}`;
        wanted.add(place);
        if (!isThere(typeUrl, resource, found.get(place))) return { state: 'other' };
      }
    }
    // What we made earlier and do not any more is to be gone.
    const left = [...found].some(([place, list]) => !wanted.has(place) && list.some(isOurs));
    return { state: left ? 'other' : 'applied' };
  }

  return { paths: [CONFIGZ], judge };
}

function placeOf(one: Json): string {
  const metadata = object(one['metadata']);
  const name = `${string(metadata?.['namespace']) ?? ''}/${string(metadata?.['name']) ?? ''}`;
  return `${string(one['apiVersion']) ?? ''}/${string(one['kind']) ?? ''} ${name}`;
}

function isOurs(one: Json): boolean {
  const labels = object(dig(one, 'metadata', 'labels'));
  return Object.entries(OWN_LABELS).every(([key, value]) => labels?.[key] === value);
}
