/** A proto-JSON object. Never changed in place. */
export type Json = Readonly<Record<string, unknown>>;

export function object(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

export function objects(value: unknown): readonly Json[] {
  return Array.isArray(value)
    ? ((value as unknown[]).filter((item) => object(item) !== undefined) as Json[])
    : [];
}

export function string(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Follows field names down; undefined where one is missing. */
export function dig(value: unknown, ...keys: readonly string[]): unknown {
  let here = value;
  for (const key of keys) here = object(here)?.[key];
  return here;
}

export function without(json: Json, ...keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(json).filter(([key]) => !keys.includes(key)));
}

/** The same JSON with `change` applied to every element of a list; the very same object when nothing changed. */
export function mapList(json: Json, key: string, change: (item: Json, index: number) => Json): Json {
  const list = objects(json[key]);
  let changed = false;
  const next = list.map((item, index) => {
    const replaced = change(item, index);
    if (replaced !== item) changed = true;
    return replaced;
  });
  return changed ? { ...json, [key]: next } : json;
}

/** Visits every object below `value`, itself included, with its path. */
export function walk(value: unknown, path: string, visit: (json: Json, path: string) => void): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => walk(item, `${path}[${index}]`, visit));
    return;
  }
  const json = object(value);
  if (json === undefined) return;
  visit(json, path);
  for (const [key, child] of Object.entries(json)) {
    if (typeof child === 'object' && child !== null) walk(child, path === '' ? key : `${path}.${key}`, visit);
  }
}
