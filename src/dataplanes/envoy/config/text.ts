import { YAMLException, load } from 'js-yaml';
import { type Result, fail, ok } from '../../../model/issue.ts';
import { type Json, object } from '../json.ts';
import { duplicateKeys } from './duplicate-keys.ts';
import { ENVOY_YAML, settle } from './envoy-yaml.ts';

/** An Envoy bootstrap nests some 40 deep; protobuf itself stops at 100. */
const MAX_DEPTH = 150;
const MAX_ALIASES = 10_000;
/** Values after aliases are followed: 32 MiB of honest YAML has fewer. */
const MAX_VALUES = 8_000_000;

/** Reads YAML or JSON into plain values. Refuses what is no mapping, nests too deep, or grows by aliases. */
export function readText(text: string, format: 'yaml' | 'json'): Result<Json> {
  let value: unknown;
  try {
    value =
      format === 'json'
        ? JSON.parse(text.replace(/^\ufeff/, ''))
        : settle(load(text, { schema: ENVOY_YAML, maxDepth: MAX_DEPTH, maxAliases: MAX_ALIASES }));
  } catch (error) {
    return refuse(`not valid ${format.toUpperCase()}: ${reasonOf(error)}`);
  }
  const oversize = measure(value);
  if (oversize !== undefined) return refuse(oversize);
  const json = object(value);
  if (format === 'json' && json !== undefined) {
    const twice = duplicateKeys(text);
    if (twice.length > 0)
      return fail(twice.map((path) => ({ path, message: 'is given twice; give it once' })));
  }
  if (json === undefined)
    return refuse('must be a mapping: an Envoy bootstrap, or lists of resources by type');
  return ok(json);
}

function refuse(message: string): Result<Json> {
  return fail([{ path: '', message }]);
}

function reasonOf(error: unknown): string {
  if (error instanceof YAMLException) return error.message.split('\n')[0] ?? 'syntax error';
  return error instanceof Error ? error.message : String(error);
}

/** Walks without recursion: JSON.parse bounds no depth. */
function measure(root: unknown): string | undefined {
  const stack: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }];
  let values = 0;
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    values += 1;
    if (values > MAX_VALUES) return `too large: more than ${MAX_VALUES} values once aliases are followed`;
    if (typeof top.value !== 'object' || top.value === null) continue;
    if (top.depth >= MAX_DEPTH) return `nested more than ${MAX_DEPTH} deep`;
    for (const child of Object.values(top.value)) stack.push({ value: child, depth: top.depth + 1 });
  }
  return undefined;
}
