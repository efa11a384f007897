import { joinPath } from '../../../model/issue.ts';

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/g;

interface Level {
  /** Of an object: keys so far. */
  readonly keys: Set<string> | undefined;
  readonly path: string;
  index: number;
  key: string;
}

/**
 * Paths of keys that stand twice in one object. `text` is valid JSON: its parser takes the last of them and says nothing,
 * and a second `clusters` would take the place of the first.
 */
export function duplicateKeys(text: string): readonly string[] {
  const found: string[] = [];
  const levels: Level[] = [];
  let last = '';
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === '{' || token === '[') {
      levels.push({ keys: token === '{' ? new Set() : undefined, path: pathIn(level), index: 0, key: '' });
    } else if (token === '}' || token === ']') levels.pop();
    else if (token === ',' && level !== undefined) level.index += 1;
    else if (token === ':' && level?.keys !== undefined) {
      level.key = JSON.parse(last) as string;
      if (level.keys.has(level.key)) found.push(joinPath(level.path, level.key));
      level.keys.add(level.key);
    }
    last = token;
  }
  return found;
}

function pathIn(level: Level | undefined): string {
  if (level === undefined) return '';
  return joinPath(level.path, level.keys === undefined ? level.index : level.key);
}
