import { YAMLException, load } from 'js-yaml';
import { type Result, fail, ok } from '../../../model/issue.ts';
import { type Json, object } from '../json.ts';
import { duplicateKeys } from '../../schema/duplicate-keys.ts';
import { MAX_DEPTH, oversize } from '../../schema/oversize.ts';
import { ENVOY_YAML, settle } from './envoy-yaml.ts';

const MAX_ALIASES = 10_000;

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
  const tooLarge = oversize(value);
  if (tooLarge !== undefined) return refuse(tooLarge);
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
