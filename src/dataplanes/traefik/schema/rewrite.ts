import { type Json, fieldsOf } from '../json.ts';
import { OBJECTS } from './objects.ts';

/** By type of object, as in fields.ts: the object that takes its place. Its parts have been rewritten before. */
export type Rewrites = Readonly<Record<string, (object: Json) => Json>>;

/** The value with its objects rewritten, wherever they are in it. */
export function rewritten(value: unknown, type: string, rewrites: Rewrites): unknown {
  if (type.startsWith('['))
    return Array.isArray(value) ? value.map((item) => rewritten(item, type.slice(1, -1), rewrites)) : value;
  if (type.startsWith('{'))
    return Object.fromEntries(
      Object.entries(fieldsOf(value)).map(([key, item]) => [
        key,
        rewritten(item, type.slice(1, -1), rewrites),
      ]),
    );
  const fields = OBJECTS.get(type);
  if (fields === undefined) return value;
  const object = Object.fromEntries(
    Object.entries(fieldsOf(value)).flatMap(([key, inner]): [string, unknown][] => {
      const field = fields.get(key.toLowerCase());
      if (field === undefined) return [[key, inner]];
      const made = rewritten(inner, field.type, rewrites);
      // Traefik takes no object without fields where it wants some.
      return isEmpty(made) && !field.mayBeEmpty ? [] : [[key, made]];
    }),
  );
  return rewrites[type]?.(object) ?? object;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(fieldsOf(value)).length === 0;
}
