import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

/** A file's text, or for `-` that of standard input. Throws, in a sentence, when it cannot be read. */
export async function readInput(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : undefined;
    throw new Error(`${file} cannot be read: ${why ?? String(error)}`, { cause: error });
  }
}
