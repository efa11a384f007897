/** The words of an expression in Go, whose reader Traefik uses for its rules and conditions. */
export type Token =
  | { readonly kind: 'name' | 'sign'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string; readonly value: string }
  | { readonly kind: 'int' | 'float'; readonly text: string; readonly value: number };

export type Literal = Exclude<Token, { readonly kind: 'name' | 'sign' }>;

/** What is wrong with an expression, in words. */
export class ExpressionError extends Error {}

const SPACE = '(?:[ \\t\\r\\n]|//[^\\n]*|/\\*(?:(?!\\*/)[^])*\\*/)*';
const NAME = '[A-Za-z_]\\w*';
const ESCAPE = '\\\\(?:[abfnrtv\\\\"]|x[\\da-fA-F]{2}|u[\\da-fA-F]{4}|U[\\da-fA-F]{8}|[0-7]{3})';
const TEXT = `\`[^\`]*\`|"(?:[^"\\\\\\n]|${ESCAPE})*"`;
const FLOAT = '(?:\\d+\\.\\d*|\\.\\d+)(?:[eE][+-]?\\d+)?|\\d+[eE][+-]?\\d+';
// A number that begins with 0 is an octal one to Go's reader, and then read as a decimal one.
const INT = '0[0-7]*(?![\\w.])|[1-9]\\d*(?![\\w.])';
const SIGN = '&&|\\|\\||[=!<>]=|[!<>(),]';
const TOKEN = new RegExp(`${SPACE}(?:(${NAME})|(${TEXT})|(${FLOAT})|(${INT})|(${SIGN}))`, 'y');
const END = new RegExp(`${SPACE}$`, 'y');
const MAX_INT = 2n ** 63n - 1n;

/** Throws an {@link ExpressionError} where it cannot be read. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (!isEnd(text, TOKEN.lastIndex)) {
    const start = TOKEN.lastIndex;
    const [all = '', name, literal, float, int, sign] = TOKEN.exec(text) ?? [];
    const found = name ?? literal ?? float ?? int ?? sign;
    if (found === undefined)
      throw new ExpressionError(`cannot be read at "${text.slice(start, start + 20)}"`);
    const before = tokens.at(-1);
    // As in Go: an expression ends with its line.
    if (before !== undefined && endsExpression(before) && all.slice(0, -found.length).includes('\n'))
      throw new ExpressionError(
        'ends with a line: put "&&" or "||" at its end, not at the beginning of the next',
      );
    if (name !== undefined) tokens.push({ kind: 'name', text: name });
    else if (literal !== undefined) tokens.push({ kind: 'text', text: literal, value: unquoted(literal) });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign });
    else tokens.push(numberOf(found, float === undefined ? 'int' : 'float'));
  }
  return tokens;
}

function isEnd(text: string, at: number): boolean {
  END.lastIndex = at;
  return END.test(text);
}

function endsExpression({ kind, text }: Token): boolean {
  return kind !== 'sign' || text === ')';
}

function numberOf(text: string, kind: 'int' | 'float'): Token {
  const value = Number(text);
  if (!Number.isFinite(value) || (kind === 'int' && BigInt(text) > MAX_INT))
    throw new ExpressionError(`has ${text}, which is too large`);
  return { kind, text, value };
}

const ESCAPED: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
};

function unquoted(literal: string): string {
  const inner = literal.slice(1, -1);
  if (literal.startsWith('`')) return inner.replaceAll('\r', '');
  return inner.replace(/\\(?:[xuU]([\da-fA-F]+)|([0-7]{3})|(.))/g, (_, hex, octal, char) => {
    if (typeof char === 'string') return ESCAPED[char] ?? char;
    const code = typeof hex === 'string' ? Number.parseInt(hex, 16) : Number.parseInt(String(octal), 8);
    return code <= 0x10_ff_ff ? String.fromCodePoint(code) : '\ufffd';
  });
}

/** Reads tokens one after the other. */
export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  /** Undefined at the end. */
  get ahead(): Token | undefined {
    return this.#tokens[this.#at];
  }

  isAhead(...signs: readonly string[]): boolean {
    const { ahead } = this;
    return ahead?.kind === 'sign' && signs.includes(ahead.text);
  }

  next(): Token {
    const token = this.ahead;
    if (token === undefined) throw new ExpressionError('ends too early');
    this.#at += 1;
    return token;
  }

  expect(sign: string): void {
    const { text } = this.next();
    if (text !== sign) throw new ExpressionError(`has ${text} in place of ${sign}`);
  }

  end(): void {
    if (this.ahead !== undefined) throw new ExpressionError(`has ${this.ahead.text} where it should end`);
  }

  /** What stands in the parentheses behind a function's name; Go lets a comma end the list. */
  literals(name: string): readonly Literal[] {
    this.expect('(');
    const found: Literal[] = [];
    while (!this.isAhead(')')) {
      const token = this.next();
      if (!('value' in token)) throw new ExpressionError(`has ${token.text} where ${name} takes a value`);
      found.push(token);
      if (this.isAhead(',')) this.next();
      else if (!this.isAhead(')')) throw new ExpressionError(`has ${this.next().text} in place of )`);
    }
    this.expect(')');
    return found;
  }
}
