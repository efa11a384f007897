/** Lines that are shown anew each time: in place on a terminal, one after the other elsewhere. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  #shown = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  get isTerminal(): boolean {
    return this.#out.isTTY === true;
  }

  print(text: string): void {
    this.#out.write(text);
  }

  /** `summary` is printed where lines cannot be rewritten. */
  show(lines: readonly string[], summary: string): void {
    if (!this.isTerminal) {
      this.#out.write(`${summary}\n`);
      return;
    }
    const up = this.#shown === 0 ? '' : `\u001b[${this.#shown}A`;
    const width = (this.#out.columns || 80) - 1;
    this.#out.write(up + lines.map((line) => `\u001b[2K${line.slice(0, width)}\n`).join(''));
    this.#shown = lines.length;
  }
}
