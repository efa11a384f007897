import { isIP } from 'node:net';
import { RE2JS } from 're2js';

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

const TOKEN =
  /\s*(?:([A-Za-z]\w*)|(`[^`]*`|"(?:[^"\\\n]|\\(?:[abfnrtv\\"]|x[\da-f]{2}|u[\da-f]{4}|[0-7]{3}))*")|(&&|\|\||[!(),]))/iy;

/** What is wrong with a rule: Traefik leaves out a router whose rule it cannot read. Undefined: nothing. */
export function faultOfRule(rule: string, syntax: unknown): string | undefined {
  const tokens = tokensOf(rule);
  if (typeof tokens === 'string') return tokens;
  try {
    new RuleReader(tokens, syntax === 'v2').read();
    return undefined;
  } catch (error) {
    if (error instanceof RuleError) return error.message;
    throw error;
  }
}

class RuleError extends Error {}

function tokensOf(rule: string): readonly string[] | string {
  const text = rule.trimEnd();
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const start = TOKEN.lastIndex;
    const [all = '', word, literal, sign] = TOKEN.exec(text) ?? [];
    const token = word ?? literal ?? sign;
    if (token === undefined) return `cannot be read at "${text.slice(start, start + 20)}"`;
    // As in Go, whose reader it is: an expression ends with its line.
    if (/^[)`"]/.test(tokens.at(-1) ?? '') && all.slice(0, -token.length).includes('\n'))
      return 'ends with a line: put "&&" or "||" at its end, not at the beginning of the next';
    tokens.push(token);
  }
  return tokens;
}

class RuleReader {
  readonly #tokens: readonly string[];
  readonly #isV2: boolean;
  #at = 0;

  constructor(tokens: readonly string[], isV2: boolean) {
    this.#tokens = tokens;
    this.#isV2 = isV2;
  }

  read(): void {
    this.#expression(0);
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new RuleError(`has ${rest} where it should end`);
  }

  #next(): string {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new RuleError('ends too early');
    this.#at += 1;
    return token;
  }

  #expression(depth: number): void {
    if (depth > 100) throw new RuleError('is nested more than 100 deep');
    for (;;) {
      let token = this.#next();
      while (token === '!') token = this.#next();
      if (token === '(') {
        this.#expression(depth + 1);
        this.#expect(')');
      } else this.#matcher(token);
      const operator = this.#tokens[this.#at];
      if (operator !== '&&' && operator !== '||') return;
      this.#at += 1;
    }
  }

  #expect(wanted: string): void {
    const token = this.#next();
    if (token !== wanted) throw new RuleError(`has ${token} in place of ${wanted}`);
  }

  #matcher(token: string): void {
    const known = this.#isV2 ? MATCHERS_V2 : Object.keys(MATCHERS);
    const name = known.find((matcher) => spellings(matcher).includes(token));
    if (name === undefined) throw new RuleError(`has ${token}, and matchers are ${known.join(', ')}`);
    this.#expect('(');
    const texts: string[] = [];
    let next = this.#next();
    while (next !== ')') {
      if (!/^[`"]/.test(next)) throw new RuleError(`has ${next} where ${name} takes a text`);
      texts.push(textOf(next));
      next = this.#next();
      if (next === ',') next = this.#next();
      else if (next !== ')') throw new RuleError(`has ${next} in place of )`);
    }
    const counts = this.#isV2 ? undefined : MATCHERS[name];
    if (counts?.includes(texts.length) === false || texts.length === 0)
      throw new RuleError(
        `has ${name} with ${texts.length} texts, and it takes ${(counts ?? ['some']).join(' or ')}`,
      );
    if (!this.#isV2) checkTexts(name, texts);
  }
}

function spellings(name: string): readonly string[] {
  const small = name.toLowerCase();
  return [name, small, name.toUpperCase(), small.slice(0, 1).toUpperCase() + small.slice(1)];
}

function textOf(literal: string): string {
  return literal.startsWith('`') ? literal.slice(1, -1) : literal.slice(1, -1).replace(/\\(.)/g, '$1');
}

function checkTexts(name: string, texts: readonly string[]): void {
  const last = texts.at(-1) ?? '';
  const refuse = (why: string): never => {
    throw new RuleError(`has ${name}(${last}), which ${why}`);
  };
  // eslint-disable-next-line no-control-regex
  if (name.startsWith('Host') && /[^\u0000-\u007f]/.test(last)) refuse('is not ASCII');
  if ((name === 'Path' || name === 'PathPrefix') && !last.startsWith('/')) refuse('does not begin with "/"');
  if (name === 'ClientIP' && !isRange(last)) refuse('is no IP address or range');
  if (name.endsWith('Regexp') && !(name === 'QueryRegexp' && texts.length === 1) && !isPattern(last))
    refuse('is no regular expression (RE2)');
}

function isRange(text: string): boolean {
  const [address = '', length, ...more] = text.split('/');
  const family = isIP(address);
  if (family === 0 || more.length > 0) return false;
  return length === undefined || (/^\d{1,3}$/.test(length) && Number(length) <= (family === 4 ? 32 : 128));
}

function isPattern(text: string): boolean {
  try {
    RE2JS.compile(text);
    return true;
  } catch {
    return false;
  }
}
