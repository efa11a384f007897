/** One command of the command line. */
export interface Command {
  /** In a few words, for the list of commands. */
  readonly summary: string;
  readonly usage: string;
  /** Resolves with the exit code. Throws {@link UsageError} on words it does not understand. */
  run(args: readonly string[], context: CommandContext): Promise<number>;
}

export interface CommandContext {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly print: (text: string) => void;
  /** One line, or several, on standard error. */
  readonly complain: (message: string) => void;
}

/** Exit code 2, with the command's usage. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
