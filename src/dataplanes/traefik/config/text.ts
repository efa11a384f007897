import {
  CORE_SCHEMA,
  NOT_RESOLVED,
  YAMLException,
  defineScalarTag,
  intCoreTag,
  load,
  mergeTag,
} from 'js-yaml';
import { type Result, fail, ok } from '../../../model/issue.ts';

/** Deeper than any dynamic configuration goes. */
const MAX_DEPTH = 100;
const MAX_ALIASES = 10_000;
/** Values after aliases are followed: no honest configuration has as many. */
const MAX_VALUES = 1_000_000;

/** Whole numbers as Traefik's reader has them: `1_000`, `0b11`; `010` is 8. */
const INT = defineScalarTag<number>(intCoreTag.tagName, {
  ...intCoreTag,
  resolve: (source) => {
    const [, sign, radix = '', digits = ''] =
      /^([-+]?)(0[xX](?=[\da-fA-F]+$)|0[bB](?=[01]+$)|0[oO]?(?=[0-7]+$))?([\da-fA-F]+)$/.exec(
        source.replaceAll('_', ''),
      ) ?? [];
    if (digits === '' || !/^[-+\d]/.test(source) || (radix === '' && !/^\d+$/.test(digits)))
      return NOT_RESOLVED;
    const base = { x: 16, b: 2, o: 8, '0': 8 }[radix.slice(-1).toLowerCase()] ?? 10;
    return Number.parseInt(digits, base) * (sign === '-' ? -1 : 1);
  },
});
const SCHEMA = CORE_SCHEMA.withTags(mergeTag, INT);

const TOML = /^\s*(\[\[?(http|tcp|udp|tls)(\.[^\]]+)?\]\]?\s*(#.*)?$|[\w.]+\s*=\s*["'[{\d])/m;
const NO_TOML = 'looks like TOML, which is not taken here: convert it to YAML';

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
    if (TOML.test(plain)) return refuse(NO_TOML);
    if (isOfSeveral(error))
      return refuse(
        'has more than one YAML document, of which Traefik reads the first: leave out the others',
      );
    return refuse(`not valid ${format.toUpperCase()}: ${reasonOf(error)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse(
      TOML.test(plain)
        ? NO_TOML
        : 'must be a mapping: the dynamic configuration of a Traefik, with http in it',
    );
  if (!isBounded(value)) return refuse(`too large: more than ${MAX_VALUES} values, or a cycle of aliases`);
  return ok(value as Record<string, unknown>);
}

function refuse(message: string): Result<never> {
  return fail([{ path: '', message }]);
}

function isOfSeveral(error: unknown): boolean {
  return error instanceof YAMLException && error.message.startsWith('expected a single document');
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
