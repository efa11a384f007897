/** A directive of NGINX: its name, its parameters as NGINX takes them, and what is in its braces. */
export interface Directive {
  readonly name: string;
  readonly args: readonly string[];
  /** From 1. */
  readonly line: number;
  /** Undefined where it ends with `;`. Empty for Lua, which is not read. */
  readonly block?: readonly Directive[];
  /** Of a block: where its `}` is. */
  readonly end?: number;
  /** Path of the file it is in, where several were read as one. */
  readonly file?: string;
}

/** What cannot be read, and where. */
export class NginxSyntaxError extends Error {
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/** No word of a configuration has them. To NGINX a NUL is the end of what it is part of. */
// eslint-disable-next-line no-control-regex
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/;

interface Open {
  readonly name: string;
  readonly args: readonly string[];
  readonly line: number;
  readonly block: Directive[];
}

const ESCAPES: Readonly<Record<string, string>> = {
  t: '\t',
  r: '\r',
  n: '\n',
  '"': '"',
  "'": "'",
  '\\': '\\',
};

/**
 * Reads a text in the grammar of NGINX's configuration, whole or in part: a file that its owner includes somewhere is
 * one too. https://nginx.org/en/docs/beginners_guide.html#conf_structure; of what that leaves open, NGINX itself was
 * asked. Throws {@link NginxSyntaxError} at the first thing that NGINX would not read.
 */
export function parseNginx(text: string): readonly Directive[] {
  const nul = text.indexOf('\0');
  if (nul !== -1) throw new NginxSyntaxError(text.slice(0, nul).split('\n').length, unprintable('\0'));
  const reader = new TokenReader(text);
  const top: Directive[] = [];
  const open: Open[] = [];
  for (;;) {
    const { words, line, ending } = reader.statement();
    const into = open.at(-1)?.block ?? top;
    const [name = '', ...args] = words;
    switch (ending) {
      case 'end':
        if (words.length > 0)
          throw new NginxSyntaxError(reader.line, `ends within "${name}": ";" or "{" is missing`);
        if (open.length > 0) {
          const { name: unclosed, line: at } = open.at(-1) ?? { name: '', line: 0 };
          throw new NginxSyntaxError(reader.line, `ends before the "}" of "${unclosed}", line ${at}`);
        }
        return top;
      case ';':
        if (words.length === 0) throw new NginxSyntaxError(reader.line, 'unexpected ";"');
        into.push({ name, args, line });
        break;
      case '{':
        if (words.length === 0) throw new NginxSyntaxError(reader.line, 'unexpected "{"');
        if (/_by_lua_block$/.test(name)) {
          reader.skipLua();
          into.push({ name, args, line, block: [], end: reader.line });
        } else open.push({ name, args, line, block: [] });
        break;
      case '}': {
        if (words.length > 0) throw new NginxSyntaxError(reader.line, `unexpected "}": "${name}" has no ";"`);
        const closed = open.pop();
        if (closed === undefined)
          throw new NginxSyntaxError(reader.line, 'unexpected "}": there is no block to end');
        (open.at(-1)?.block ?? top).push({ ...closed, end: reader.line });
      }
    }
  }
}

interface Statement {
  readonly words: readonly string[];
  readonly line: number;
  readonly ending: ';' | '{' | '}' | 'end';
}

class TokenReader {
  readonly #text: string;
  #at: number;
  line = 1;

  constructor(text: string) {
    this.#text = text;
    this.#at = text.startsWith('\uFEFF') ? 1 : 0;
  }

  /** Words up to what ends them. */
  statement(): Statement {
    const words: string[] = [];
    let line = this.line;
    for (;;) {
      this.#skipBlanks();
      if (words.length === 0) line = this.line;
      const character = this.#text.charAt(this.#at);
      if (character === '') return { words, line, ending: 'end' };
      if (character === ';' || character === '{' || character === '}') {
        this.#at++;
        return { words, line, ending: character };
      }
      words.push(character === '"' || character === "'" ? this.#quoted(character) : this.#word());
    }
  }

  #skipBlanks(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charAt(this.#at);
      if (character === '#') {
        const end = this.#text.indexOf('\n', this.#at);
        this.#at = end === -1 ? this.#text.length : end;
        if (end === -1) return;
        this.line++;
      } else if (character === '\n') this.line++;
      else if (character !== ' ' && character !== '\t' && character !== '\r') return;
    }
  }

  /** After its end a blank or the end of the directive must follow; `)` too, as in `if ($a = "b")`. */
  #quoted(quote: string): string {
    const started = this.line;
    let word = '';
    for (this.#at++; ; this.#at++) {
      const character = this.#text.charAt(this.#at);
      if (character === '') throw new NginxSyntaxError(started, `${quote} has no end`);
      if (character === quote) break;
      word += this.#character(character);
    }
    this.#at++;
    const next = this.#text.charAt(this.#at);
    if (next !== '' && !' \t\r\n;{)'.includes(next))
      throw new NginxSyntaxError(this.line, `unexpected "${next}" after ${quote}`);
    return word;
  }

  /** `{` ends it, but for the one of `${name}`. */
  #word(): string {
    let word = '';
    let dollar = false;
    for (; this.#at < this.#text.length; this.#at++) {
      const character = this.#text.charAt(this.#at);
      if (character === '{' ? !dollar : ' \t\r\n;'.includes(character)) break;
      dollar = character === '$';
      word += this.#character(character);
    }
    return word;
  }

  #character(character: string): string {
    if (character === '\n') this.line++;
    if (CONTROL.test(character)) throw new NginxSyntaxError(this.line, unprintable(character));
    if (character !== '\\') return character;
    const next = this.#text.charAt(this.#at + 1);
    if (next === '') return character;
    this.#at++;
    if (next === '\n') this.line++;
    return ESCAPES[next] ?? `\\${next}`;
  }

  /** To the brace that ends it: those in its strings and comments do not count. */
  skipLua(): void {
    const started = this.line;
    const piece =
      /--\[(=*)\[[^]*?\]\1\]|--[^\n]*|\[(=*)\[[^]*?\]\2\]|"(?:\\[^]|[^"\\\n])*"|'(?:\\[^]|[^'\\\n])*'|[{}]|\n/g;
    piece.lastIndex = this.#at;
    let depth = 1;
    for (let found = piece.exec(this.#text); found !== null; found = piece.exec(this.#text)) {
      const [text] = found;
      this.line += text.split('\n').length - 1;
      if (text === '{') depth++;
      if (text === '}' && --depth === 0) {
        this.#at = piece.lastIndex;
        return;
      }
    }
    throw new NginxSyntaxError(started, 'a block of Lua has no end');
  }
}

function unprintable(character: string): string {
  return `has a control character (${character.charCodeAt(0)}): take it out`;
}
