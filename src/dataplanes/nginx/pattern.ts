/** Ways to match that NGINX's regular expressions try one after another, at most. */
const MAX_CHOICES = 64;
const MAX_REPEATS = 64;
/** Of a pattern that is tried at every place of a value. */
const MAX_FLOATING_LENGTH = 256;

/** What RE2 and PCRE read differently, or PCRE not at all, is written out. */
const CLASSES: Readonly<Record<string, string>> = {
  d: '0-9',
  w: '0-9A-Za-z_',
  s: '\\t\\n\\f\\r ',
};
const CONTROLS = 'tnrf';

interface Item {
  readonly text: string;
  readonly choices: number;
  /** Number of repetitions without an end in it. */
  readonly unbounded: number;
  /** Whether it is `.*`. */
  readonly anything: boolean;
}

class Refusal extends Error {}

/**
 * A regular expression in RE2 syntax, for whole values, as one of PCRE. PCRE goes back and tries again: `(a+)+` of a
 * hostile header would keep a worker, and with it the primary traffic, busy for long. So only what takes time in
 * proportion to the value is taken; else the answer is why not.
 */
export function pcreOf(regex: string): string | { readonly refused: string } {
  try {
    return new Parser(regex).whole();
  } catch (error) {
    if (error instanceof Refusal) return { refused: error.message };
    throw error;
  }
}

class Parser {
  readonly #regex: string;
  #at = 0;

  constructor(regex: string) {
    this.#regex = regex;
  }

  whole(): string {
    const flag = this.#take('(?i)') ? '(?i)' : '';
    this.#take('^');
    const branches = this.#branches();
    if (this.#at < this.#regex.length) throw new Refusal(`"${this.#peek()}" is not understood here`);
    const only = branches.length === 1 ? (branches[0] ?? []) : [];
    const opens = only[0]?.anything === true;
    const closes = only.length > 1 && only.at(-1)?.anything === true;
    const kept = opens || closes ? [only.slice(opens ? 1 : 0, closes ? -1 : undefined)] : branches;
    const { text, choices, unbounded } = alternatives(kept);
    if (choices > MAX_CHOICES) throw new Refusal('has too many alternatives in one another');
    if (unbounded > (opens ? 0 : 1)) {
      throw new Refusal('has more than one repetition without an end; .* at start and end is not counted');
    }
    if (opens && text.length > MAX_FLOATING_LENGTH) {
      throw new Refusal(`is longer than ${MAX_FLOATING_LENGTH} characters after .*`);
    }
    return `${flag}${opens ? '' : '^'}(?:${text})${closes ? '' : '$'}`;
  }

  #branches(): Item[][] {
    const branches: Item[][] = [];
    do branches.push(this.#sequence());
    while (this.#take('|'));
    return branches;
  }

  #sequence(): Item[] {
    const items: Item[] = [];
    while (this.#at < this.#regex.length && this.#peek() !== '|' && this.#peek() !== ')') {
      if (this.#peek() === '$' && this.#at === this.#regex.length - 1) {
        this.#at++;
        break;
      }
      items.push(this.#quantified());
    }
    return items;
  }

  #quantified(): Item {
    const isGroup = this.#peek() === '(';
    const atom = this.#atom();
    const [quantifier = ''] = /^(?:[*+?]|\{\d+(?:,\d*)?\})/.exec(this.#regex.slice(this.#at)) ?? [];
    if (quantifier === '') return { ...atom, anything: false };
    this.#at += quantifier.length;
    if (this.#take('?')) throw new Refusal('has a repetition that takes as little as it can');
    if (/^[*+?]/.test(this.#peek())) throw new Refusal('repeats a repetition');
    if (isGroup && quantifier !== '?') throw new Refusal('repeats a group');
    const text = `${atom.text}${quantifier}`;
    const { least, most } = bounds(quantifier);
    if (most === undefined)
      return { text, choices: 1, unbounded: 1, anything: atom.anything && quantifier === '*' };
    if (Math.max(least, most) > MAX_REPEATS) throw new Refusal(`repeats more than ${MAX_REPEATS} times`);
    return {
      text,
      choices: atom.choices * (most - least + 1),
      unbounded: atom.unbounded,
      anything: false,
    };
  }

  #atom(): Item {
    const character = this.#next();
    if (character === '(') return this.#group();
    if (character === '.') return { text: '.', choices: 1, unbounded: 0, anything: true };
    if (character === '[') return plain(this.#class());
    if (character === '\\') return plain(this.#escape());
    if ('*+?^$)'.includes(character)) throw new Refusal(`"${character}" is not understood here`);
    return plain(escaped(character));
  }

  #group(): Item {
    if (this.#peek() === '?' && !this.#take('?:')) throw new Refusal('has a group with flags or a name');
    const group = alternatives(this.#branches());
    if (!this.#take(')')) throw new Refusal('has a group without an end');
    return { ...group, text: `(?:${group.text})`, anything: false };
  }

  #escape(): string {
    const character = this.#next();
    const inner = CLASSES[character.toLowerCase()];
    if (inner !== undefined) return character === character.toLowerCase() ? `[${inner}]` : `[^${inner}]`;
    if (CONTROLS.includes(character)) return `\\${character}`;
    if (/[0-9A-Za-z]/.test(character)) throw new Refusal(`"\\${character}" is not understood`);
    return escaped(character);
  }

  #class(): string {
    let text = this.#take('^') ? '[^' : '[';
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      const character = this.#next();
      if (character === '[' && /[:.=]/.test(this.#peek())) throw new Refusal('has a named class');
      if (character === '-') text += this.#peek() === ']' || first ? '\\-' : '-';
      else if (character === '\\') text += this.#classEscape();
      else text += escaped(character);
    }
    this.#at++;
    return `${text}]`;
  }

  #classEscape(): string {
    const character = this.#next();
    const inner = CLASSES[character];
    if (inner !== undefined) return inner;
    if (CONTROLS.includes(character)) return `\\${character}`;
    if (/[0-9A-Za-z]/.test(character)) throw new Refusal(`"\\${character}" is not understood in a class`);
    return escaped(character);
  }

  #peek(): string {
    return this.#regex.charAt(this.#at);
  }

  #next(): string {
    const character = this.#peek();
    if (character === '') throw new Refusal('ends too early');
    if (!/[\t -~]/.test(character)) throw new Refusal('has characters other than ASCII');
    this.#at++;
    return character;
  }

  #take(text: string): boolean {
    const found = this.#regex.startsWith(text, this.#at);
    if (found) this.#at += text.length;
    return found;
  }
}

function bounds(quantifier: string): { readonly least: number; readonly most: number | undefined } {
  if (quantifier === '?') return { least: 0, most: 1 };
  if (quantifier === '*' || quantifier === '+') return { least: 0, most: undefined };
  const [, least = '', comma, most = ''] = /^\{(\d+)(,?)(\d*)\}$/.exec(quantifier) ?? [];
  if (comma === '') return { least: Number(least), most: Number(least) };
  return { least: Number(least), most: most === '' ? undefined : Number(most) };
}

function alternatives(branches: readonly (readonly Item[])[]): Omit<Item, 'anything'> {
  const sequences = branches.map((items) => ({
    text: items.map(({ text }) => text).join(''),
    choices: items.reduce((product, { choices }) => product * choices, 1),
    unbounded: items.reduce((sum, { unbounded }) => sum + unbounded, 0),
  }));
  return {
    text: sequences.map(({ text }) => text).join('|'),
    choices: sequences.reduce((sum, { choices }) => sum + choices, 0),
    unbounded: sequences.reduce((sum, { unbounded }) => sum + unbounded, 0),
  };
}

function plain(text: string): Item {
  return { text, choices: 1, unbounded: 0, anything: false };
}

function escaped(character: string): string {
  return /[0-9A-Za-z\t ]/.test(character) ? character : `\\${character}`;
}
