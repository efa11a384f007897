import { CORE_SCHEMA, YAMLException, load, mergeTag } from 'js-yaml';
import { type Result, fail, ok } from '../../../model/issue.ts';

/** Deeper than any dynamic configuration goes. */
const MAX_DEPTH = 100;
const MAX_ALIASES = 10_000;
/** Values after aliases are followed: no honest configuration has as many. */
const MAX_VALUES = 1_000_000;

const SCHEMA = CORE_SCHEMA.withTags(mergeTag);

/** Reads YAML or JSON into plain values. Refuses what is no mapping, nests too deep, or grows by aliases. */
export function readText(text: string, format: 'yaml' | 'json'): Result<Readonly<Record<string, unknown>>> {
  const plain = text.replace(/^\ufeff/, '');
  let value: unknown;
  try {
    if (format === 'json') JSON.parse(plain);
    // YAML takes JSON too, and minds keys that stand twice; not tabs, which JSON has outside of strings only.
    const yaml = format === 'json' ? plain.replaceAll('\t', ' ') : plain;
    value = load(yaml, { schema: SCHEMA, maxDepth: MAX_DEPTH, maxAliases: MAX_ALIASES });
  } catch (error) {
    return refuse(`not valid ${format.toUpperCase()}: ${reasonOf(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('must be a mapping: the dynamic configuration of a Traefik, with http in it');
  if (!isBounded(value)) return refuse(`too large: more than ${MAX_VALUES} values, or a cycle of aliases`);
  return ok(value as Record<string, unknown>);
}

function refuse(message: string): Result<never> {
  return fail([{ path: '', message }]);
}

function reasonOf(error: unknown): string {
  if (error instanceof YAMLException) return error.message.split('\n')[0] ?? 'syntax error';
  return error instanceof Error ? error.message : String(error);
}

/** Aliases can make much of little, and a value part of itself. */
function isBounded(root: object): boolean {
  const stack: { readonly value: object; readonly depth: number }[] = [{ value: root, depth: 0 }];
  let values = 0;
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    if (top.depth > MAX_DEPTH) return false;
    for (const value of Object.values(top.value) as unknown[]) {
      values += 1;
      if (values > MAX_VALUES) return false;
      if (typeof value === 'object' && value !== null) stack.push({ value, depth: top.depth + 1 });
    }
  }
  return true;
}
