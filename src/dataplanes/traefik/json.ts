/** A part of Traefik's configuration, its fields in the spelling of Traefik's documents. Never changed in place. */
export type Json = Readonly<Record<string, unknown>>;

/** The object, or an empty one where there is none. */
export function fieldsOf(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

export function namesIn(value: unknown): readonly string[] {
  return listOf(value).filter((item) => typeof item === 'string');
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** The same with its keys in order. */
export function sorted(json: Json): Json {
  return Object.fromEntries(Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The same with the keys of every object in order: equal content is equal bytes. */
export function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (typeof value !== 'object' || value === null) return value;
  return sorted(Object.fromEntries(Object.entries(value).map(([key, child]) => [key, inOrder(child)])));
}

/** What JSON leaves as it is and YAML takes for no character. */

const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

/** JSON that is YAML too, as Traefik reads it. */
export function writeJson(value: unknown): string {
  const escape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `${JSON.stringify(value, undefined, 1).replace(UNPRINTABLE, escape)}\n`;
}
