import { CORE_SCHEMA, YAMLException, loadAll, mergeTag } from 'js-yaml';
import { type Result, fail, ok } from '../../../model/issue.ts';
import { duplicateKeys } from '../../schema/duplicate-keys.ts';
import { object } from '../../schema/json.ts';
import { MAX_DEPTH, oversize } from '../../schema/oversize.ts';

/** One resource, and where in the text it stands while its name is not known. */
export interface Document {
  readonly value: unknown;
  readonly path: string;
}

const MAX_ALIASES = 10_000;
const SCHEMA = CORE_SCHEMA.withTags(mergeTag);

/** Resources as kubectl takes them: YAML documents, a list, or a single one; `kind: List` is what it holds. */
export function readDocuments(text: string, format: 'yaml' | 'json'): Result<readonly Document[]> {
  const plain = text.replace(/^\ufeff/, '');
  let values: unknown[];
  try {
    values = format === 'json' ? [JSON.parse(plain)] : loadAll(plain, yamlOptions);
  } catch (error) {
    return refuse(`not valid ${format.toUpperCase()}: ${reasonOf(error)}`);
  }
  const tooLarge = oversize(values);
  if (tooLarge !== undefined) return refuse(tooLarge);
  if (format === 'json') {
    const twice = duplicateKeys(plain);
    if (twice.length > 0)
      return fail(twice.map((path) => ({ path, message: 'is given twice; give it once' })));
  }
  const several = values.length > 1;
  return ok(values.flatMap((value, index) => unfold(value, several ? `documents[${index}]` : '')));
}

const yamlOptions = { schema: SCHEMA, maxDepth: MAX_DEPTH, maxAliases: MAX_ALIASES };

function unfold(value: unknown, path: string): readonly Document[] {
  // A document between two separators that holds comments only.
  if (value === null || value === undefined) return [];
  const items = Array.isArray(value) ? (value as unknown[]) : undefined;
  if (items !== undefined) return items.map((item, index) => ({ value: item, path: `${path}[${index}]` }));
  const list = object(value);
  if (list?.['kind'] !== 'List' || !Array.isArray(list['items'])) return [{ value, path }];
  const at = path === '' ? 'items' : `${path}.items`;
  return (list['items'] as unknown[]).map((item, index) => ({ value: item, path: `${at}[${index}]` }));
}

function refuse(message: string): Result<never> {
  return fail([{ path: '', message }]);
}

function reasonOf(error: unknown): string {
  if (error instanceof YAMLException) return error.message.split('\n')[0] ?? 'syntax error';
  return error instanceof Error ? error.message : String(error);
}
