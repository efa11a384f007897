/** Where lines are shown: a terminal, or anything else that takes text. */
export interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
  write(text: string): unknown;
}

/**
 * On a terminal: a few lines that are shown anew in place, below lines that stay. Elsewhere only the latter. What
 * others wrote (reasons, words of an Envoy) cannot move the cursor.
 */
export class Screen {
  readonly #out: Output;
  #shown: readonly string[] = [];

  constructor(out: Output) {
    this.#out = out;
  }

  get isTerminal(): boolean {
    return this.#out.isTTY === true;
  }

  /** A line that stays. */
  line(text: string): void {
    this.#out.write(`${this.#back()}${plain(text)}\n${this.#drawn()}`);
  }

  /** Shown in place of the lines of the last time; nowhere but on a terminal. */
  show(lines: readonly string[]): void {
    if (!this.isTerminal) return;
    const back = this.#back();
    // A line that wraps, or one above the top, could not be gone back to.
    const width = Math.max(1, (this.#out.columns || 80) - 1);
    const height = Math.max(1, (this.#out.rows || 24) - 1);
    this.#shown = lines.slice(0, height).map((line) => cut(plain(line), width));
    this.#out.write(`${back}${this.#drawn()}`);
  }

  /** What is shown stays, and nothing replaces it. */
  leave(): void {
    this.#shown = [];
  }

  #back(): string {
    return this.#shown.length === 0 ? '' : `\u001b[${this.#shown.length}A\u001b[J`;
  }

  #drawn(): string {
    return this.#shown.map((line) => `${line}\n`).join('');
  }
}

/** On one line, without what a terminal takes for commands. */
export function plain(text: string): string {
  // eslint-disable-next-line no-control-regex
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, ' ');
}

function cut(line: string, width: number): string {
  const characters = [...line];
  return characters.length <= width ? line : `${characters.slice(0, width - 1).join('')}…`;
}
