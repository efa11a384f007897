import { faultOfTemplate, placeholders } from './template.ts';
import { ExpressionError, TokenReader, tokensOf } from './tokens.ts';
import { isPattern } from './values/pattern.ts';
import { isRange } from './values/texts.ts';

/** How many texts each matcher takes. */
const MATCHERS: Readonly<Record<string, readonly number[]>> = {
  ...{ ClientIP: [1], Method: [1], Host: [1], HostRegexp: [1], Path: [1], PathRegexp: [1], PathPrefix: [1] },
  ...{ Header: [2], HeaderRegexp: [2], Query: [1, 2], QueryRegexp: [1, 2] },
};
/** Any number of texts, but not none. */
const MATCHERS_V2 = [
  ...['Host', 'HostHeader', 'HostRegexp', 'ClientIP', 'Path', 'PathPrefix', 'Method'],
  ...['Headers', 'HeadersRegexp', 'Query'],
];
const MAX_DEPTH = 100;

/** What is wrong with a rule: Traefik leaves out a router whose rule it cannot read. Undefined: nothing. */
export function faultOfRule(rule: string, syntax: unknown): string | undefined {
  try {
    const reader = new TokenReader(tokensOf(rule));
    readRule(reader, syntax === 'v2', 0);
    reader.end();
    return undefined;
  } catch (error) {
    if (error instanceof ExpressionError) return error.message;
    throw error;
  }
}

function readRule(reader: TokenReader, isV2: boolean, depth: number): void {
  if (depth > MAX_DEPTH) throw new ExpressionError(`is nested more than ${MAX_DEPTH} deep`);
  for (;;) {
    while (reader.isAhead('!')) reader.next();
    if (reader.isAhead('(')) {
      reader.next();
      readRule(reader, isV2, depth + 1);
      reader.expect(')');
    } else readMatcher(reader, isV2);
    if (!reader.isAhead('&&', '||')) return;
    reader.next();
  }
}

function readMatcher(reader: TokenReader, isV2: boolean): void {
  const token = reader.next();
  const known = isV2 ? MATCHERS_V2 : Object.keys(MATCHERS);
  const name = known.find((matcher) => spellings(matcher).includes(token.text));
  if (name === undefined)
    throw new ExpressionError(`has ${token.text}, and matchers are ${known.join(', ')}`);
  const texts = reader.literals(name).map((literal) => {
    if (literal.kind !== 'text') throw new ExpressionError(`has ${literal.text} where ${name} takes a text`);
    return literal.value;
  });
  const counts = isV2 ? undefined : MATCHERS[name];
  if (counts?.includes(texts.length) === false || texts.length === 0)
    throw new ExpressionError(
      `has ${name} with ${texts.length} texts, and it takes ${(counts ?? ['some']).join(' or ')}`,
    );
  if (texts.includes('')) throw new ExpressionError(`has ${name} with an empty text`);
  const refuse = (text: string, why: string): never => {
    throw new ExpressionError(`has ${name}(${text}), which ${why}`);
  };
  if (isV2) checkTextsV2(name, texts, refuse);
  else checkTexts(name, texts, refuse);
}

function spellings(name: string): readonly string[] {
  const small = name.toLowerCase();
  return [name, small, name.toUpperCase(), small.slice(0, 1).toUpperCase() + small.slice(1)];
}

type Refuse = (text: string, why: string) => never;

const NOT_ASCII = 'is not ASCII';
const NO_RANGE = 'is no IP address or range';
const NO_PATTERN = 'is no regular expression (RE2)';

function checkTexts(name: string, texts: readonly string[], refuse: Refuse): void {
  const last = texts.at(-1) ?? '';
  if (name.startsWith('Host') && !isAscii(last)) refuse(last, NOT_ASCII);
  if ((name === 'Path' || name === 'PathPrefix') && !last.startsWith('/'))
    refuse(last, 'does not begin with "/"');
  if (name === 'ClientIP' && !isRange(last)) refuse(last, NO_RANGE);
  if (name.endsWith('Regexp') && !(name === 'QueryRegexp' && texts.length === 1) && !isPattern(last))
    refuse(last, NO_PATTERN);
}

function checkTextsV2(name: string, texts: readonly string[], refuse: Refuse): void {
  const checkTemplates = (kind: 'path' | 'host' | 'query', templates: readonly string[]): void => {
    for (const template of templates) {
      const fault = faultOfTemplate(template, kind);
      if (fault !== undefined) refuse(template, fault);
    }
  };
  switch (name) {
    case 'ClientIP':
      for (const text of texts) if (!isRange(text)) refuse(text, NO_RANGE);
      return;
    case 'Path':
    case 'PathPrefix':
      return checkTemplates('path', texts);
    case 'HostRegexp':
      for (const text of texts) if (!isAscii(text)) refuse(text, NOT_ASCII);
      return checkTemplates('host', texts);
    case 'Host':
    case 'HostHeader':
      for (const text of texts) if (!isAscii(text)) refuse(text, NOT_ASCII);
      return;
    case 'Query': {
      const queries = queriesOf(texts, refuse);
      checkTemplates('query', queries);
      const names = queries.map((query) => namesIn(query));
      const twice = names.flatMap((here, index) =>
        here.filter((one) => names.slice(0, index).flat().includes(one)),
      );
      if (twice.length > 0) refuse(texts.join(', '), `has {${twice[0] ?? ''}} in two of its parts`);
      return;
    }
    case 'Headers':
    case 'HeadersRegexp':
      if (texts.length % 2 !== 0) refuse(texts.at(-1) ?? '', 'has no value: names and values go in pairs');
      if (name === 'Headers') return;
      for (const text of texts.filter((_, index) => index % 2 === 1))
        if (!isPattern(text)) refuse(text, NO_PATTERN);
  }
}

/** Each `name=value` is parted at its first "=", and then all go in pairs. */
function queriesOf(texts: readonly string[], refuse: Refuse): readonly string[] {
  const parts = texts.flatMap((text) => {
    const at = text.indexOf('=');
    return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
  });
  if (parts.length % 2 !== 0) refuse(texts.join(', '), 'must be in the form name=value');
  return parts.flatMap((part, index) => (index % 2 === 0 ? [`${part}=${parts[index + 1] ?? ''}`] : []));
}

/** Names of the placeholders of a template. */
function namesIn(template: string): readonly string[] {
  return (placeholders(template) ?? []).map((part) => part.replace(/:.*$/s, ''));
}

function isAscii(text: string): boolean {
  // eslint-disable-next-line no-control-regex
  return /^[\u0000-\u007f]*$/.test(text);
}
