import { isDeepStrictEqual } from 'node:util';
import type { Resource, Snapshot } from '../../snapshot/snapshot.ts';
import type { Finding, ReadBack } from '../data-plane.ts';
import { type Json, dig, object, objects, string } from '../schema/json.ts';
import type { IstioSchema } from './schema.ts';
import { OWN_LABELS } from './types.ts';
import { theFirst } from './words.ts';

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

  function isAs(type: string, resource: Resource, found: readonly Json[]): boolean {
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
    const differences = { absent: [], different: [], left: [] } as Record<Difference, string[]>;
    for (const { typeUrl, resources } of expected.types.values()) {
      for (const resource of resources.values()) {
        const place = `${typeUrl}/${resource.name}`;
        wanted.add(place);
        const there = found.get(place);
        if (there === undefined) differences.absent.push(place);
        else if (!isAs(typeUrl, resource, there)) differences.different.push(place);
      }
    }
    // What we made earlier and do not any more is to be gone.
    for (const [place, list] of found)
      if (!wanted.has(place) && list.some(isOurs)) differences.left.push(place);
    const message = inWords(differences);
    return message === '' ? { state: 'applied' } : { state: 'other', message };
  }

  return { paths: [CONFIGZ], judge };
}

const WORDS = {
  absent: 'istiod does not have',
  different: 'istiod has in another form, such as an earlier one,',
  left: 'istiod still has',
} as const;
type Difference = keyof typeof WORDS;

/** `istiod does not have VirtualService/default/httpbin`; empty where there is no difference. */
function inWords(differences: Readonly<Record<Difference, readonly string[]>>): string {
  const parts = (Object.keys(WORDS) as Difference[]).flatMap((key) => {
    const places = differences[key];
    if (places.length === 0) return [];
    const names = places.map((place) => place.split('/').slice(2).join('/'));
    return [`${WORDS[key]} ${theFirst(names)}`];
  });
  return parts.join('; ');
}

function placeOf(one: Json): string {
  const metadata = object(one['metadata']);
  const name = `${string(metadata?.['namespace']) ?? ''}/${string(metadata?.['name']) ?? ''}`;
  return `${string(one['apiVersion']) ?? ''}/${string(one['kind']) ?? ''}/${name}`;
}

function isOurs(one: Json): boolean {
  const labels = object(dig(one, 'metadata', 'labels'));
  return Object.entries(OWN_LABELS).every(([key, value]) => labels?.[key] === value);
}
