import { FIELDS } from './fields.ts';

/**
 * A field of an object. A type is a scalar's name, an object's name, `[list]` or `{map by name}`; `?` behind it: may be given
 * without a value.
 */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly mayBeEmpty: boolean;
}

/** The fields of each object: its type by its name in small letters, as Traefik takes names in any case. */
export const OBJECTS: ReadonlyMap<string, ReadonlyMap<string, Field>> = new Map(
  Object.entries(FIELDS).map(([name, fields]) => [name, new Map(fields.split(' ').flatMap(readField))]),
);

function readField(text: string): readonly (readonly [string, Field])[] {
  const colon = text.indexOf(':');
  if (colon === -1) return [];
  const name = text.slice(0, colon);
  const mayBeEmpty = text.endsWith('?');
  const type = text.slice(colon + 1, mayBeEmpty ? -1 : undefined);
  return [[name.toLowerCase(), { name, type, mayBeEmpty }]];
}
