import { RE2JS } from 're2js';

/** A regular expression of Go. */
export function isPattern(text: string): boolean {
  return compiles(text) || compiles(inOlderWords(text));
}

function compiles(pattern: string): boolean {
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    return false;
  }
}

const CLASS_OR_GROUP = /\\[pP]\{(\^?)([^}]*)\}|\\.|\(\?P?<(\w+)>/gs;

/**
 * What Go takes since 1.25, and other readers of RE2 do not: classes by their long names, in any case, and a name for two
 * groups.
 */
function inOlderWords(pattern: string): string {
  let groups = 0;
  return pattern.replace(CLASS_OR_GROUP, (found: string, _, name?: string, group?: string) => {
    if (group !== undefined) return `(?P<${group}_${(groups += 1)}>`;
    return name !== undefined && isClass(name) ? '\\pL' : found;
  });
}

const OTHER_CLASSES = ['Any', 'Ascii', 'Assigned', 'Lc'];

function isClass(name: string): boolean {
  const words = name.split(/[ _-]+/).filter((word) => word !== '');
  const titled = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase()).join('_');
  if (OTHER_CLASSES.includes(titled)) return true;
  return [`gc=${titled}`, `sc=${titled}`].some((property) => {
    try {
      return new RegExp(`\\p{${property}}`, 'u').unicode;
    } catch {
      return false;
    }
  });
}
