import { isPattern } from './values/pattern.ts';

const PLACEHOLDER = { path: '[^/]+', host: '[^.]+', query: '.*' } as const;

/** What is wrong with a path, host or query of the older rule syntax: `/users/{id:[0-9]+}`. Undefined: nothing. */
export function faultOfTemplate(template: string, kind: keyof typeof PLACEHOLDER): string | undefined {
  if (kind === 'path' && !template.startsWith('/')) return 'does not begin with "/"';
  const parts = placeholders(template);
  if (parts === undefined) return 'has braces that do not match';
  for (const part of parts) {
    const colon = part.indexOf(':');
    const name = colon === -1 ? part : part.slice(0, colon);
    const pattern = colon === -1 ? PLACEHOLDER[kind] : part.slice(colon + 1);
    if (name === '' || pattern === '') return `has {${part}}, and it must be {name} or {name:pattern}`;
    if (!isPattern(`^${pattern}$`) || !isPattern(`(${pattern})`))
      return `has {${part}}, whose pattern is no regular expression (RE2)`;
  }
  return undefined;
}

/** What stands in the outermost braces. Undefined: they do not match. */
export function placeholders(template: string): readonly string[] | undefined {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (const [index, char] of template.split('').entries()) {
    if (char === '{' && depth++ === 0) start = index + 1;
    if (char === '}' && --depth === 0) found.push(template.slice(start, index));
    if (depth < 0) return undefined;
  }
  return depth === 0 ? found : undefined;
}
