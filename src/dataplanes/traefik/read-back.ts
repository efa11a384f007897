import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { Finding, ReadBack } from '../data-plane.ts';
import { type Json, fieldsOf, listOf } from './json.ts';
import { PROVIDER, RESOURCE, TYPE_URL, VERSION, VERSION_HEADER } from './names.ts';
import { type Loop, ownEntryPoints } from './own-entry-points.ts';

/** Everything at once; the lists by kind come in pages. */
const RAW_DATA = '/api/rawdata';
/** More than any has, as they come in pages too. */
const ENTRY_POINTS = '/api/entrypoints?per_page=1000';
const MAX_WORDS = 5;

/**
 * Which document is in force is told by the version in it. Traefik takes a document whole, and then goes without the routers
 * and services that it cannot have: these it calls disabled, with the reason.
 */
export const READ_BACK: ReadBack = {
  paths: [RAW_DATA, ENTRY_POINTS],
  judge(expected, answers, address) {
    const document = fieldsOf(documentOf(expected)['http']);
    const raw = fieldsOf(answers.get(RAW_DATA));
    if (!isInForce(document, raw)) return { state: 'other' };
    return judgeParts(document, raw, ownEntryPoints(document, raw, answers.get(ENTRY_POINTS), address));
  },
};

/** Whether this is what Traefik has. `http`: that part of a document with its version. */
export function isInForce(http: Json, raw: Json): boolean {
  const version = versionOf(fieldsOf(http['middlewares'])[VERSION]);
  const inForce = versionOf(fieldsOf(raw['middlewares'])[`${VERSION}@${PROVIDER}`]);
  return version !== undefined && version === inForce;
}

function judgeParts(document: Json, raw: Json, loops: readonly Loop[]): Finding {
  const words = loops.map(({ message }) => message);
  for (const [kind, what] of [
    ['routers', 'router'],
    ['services', 'service'],
  ] as const) {
    const all = fieldsOf(raw[kind]);
    for (const name of Object.keys(fieldsOf(document[kind]))) {
      const found = entriesOf(all, name, kind);
      if (found.length === 0) return { state: 'other' };
      for (const entry of found) {
        if (entry['status'] === 'disabled') words.push(`${what} "${name}": ${reasonOf(entry)}`);
      }
    }
  }
  if (words.length === 0) return { state: 'applied' };
  const more = words.length > MAX_WORDS ? ` (and ${words.length - MAX_WORDS} more)` : '';
  const harmful = [...new Set(loops.map(({ mirror }) => mirror))];
  return {
    ...{ state: 'refused', message: words.slice(0, MAX_WORDS).join('; ') + more },
    ...(harmful.length > 0 && { harmful }),
  };
}

/** A router of several entry points can be one for each of them: `ENTRYPOINT-NAME@http`. */
function entriesOf(all: Json, name: string, kind: string): readonly Json[] {
  const full = `${name}@${PROVIDER}`;
  if (Object.hasOwn(all, full) || kind !== 'routers')
    return Object.hasOwn(all, full) ? [fieldsOf(all[full])] : [];
  return Object.keys(all)
    .filter((key) => key.endsWith(`-${full}`))
    .map((key) => fieldsOf(all[key]));
}

export function reasonOf(entry: Json): string {
  return listOf(entry['error']).map(String).join(', ') || 'disabled';
}

function versionOf(middleware: unknown): unknown {
  return fieldsOf(fieldsOf(fieldsOf(middleware)['headers'])['customRequestHeaders'])[VERSION_HEADER];
}

const documents = new WeakMap<Snapshot, Json>();

function documentOf(snapshot: Snapshot): Json {
  const known = documents.get(snapshot);
  if (known !== undefined) return known;
  const body = snapshot.types.get(TYPE_URL)?.resources.get(RESOURCE)?.body;
  const made = body === undefined ? {} : fieldsOf(JSON.parse(body.toString('utf8')) as unknown);
  documents.set(snapshot, made);
  return made;
}
