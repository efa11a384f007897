import { joinPath } from '../../model/issue.ts';

/** What follows a string, and what opens, closes and parts. */
const TOKEN = /["{}[\],:]/g;

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
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const [token] = match;
    const level = levels.at(-1);
    if (token === '"') {
      TOKEN.lastIndex = endOfString(text, match.index);
      last = text.slice(match.index, TOKEN.lastIndex);
    } else if (token === '{' || token === '[') {
      levels.push({ keys: token === '{' ? new Set() : undefined, path: pathIn(level), index: 0, key: '' });
    } else if (token === '}' || token === ']') levels.pop();
    else if (token === ',' && level !== undefined) level.index += 1;
    else if (token === ':' && level?.keys !== undefined) {
      level.key = JSON.parse(last) as string;
      if (level.keys.has(level.key)) found.push(joinPath(level.path, level.key));
      level.keys.add(level.key);
    }
  }
  return found;
}

/** Index after the closing quote. A pattern for the whole string would overflow the stack on a long one. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let slashes = 0;
    while (text[quote - slashes - 1] === '\\') slashes += 1;
    if (slashes % 2 === 0) return quote + 1;
  }
  return text.length;
}

function pathIn(level: Level | undefined): string {
  if (level === undefined) return '';
  return joinPath(level.path, level.keys === undefined ? level.index : level.key);
}
