import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Directive, parseNginx } from '../dataplanes/nginx/config/tokens.ts';

/** Deeper ones include themselves. */
const MAX_DEPTH = 32;

interface Parsed {
  readonly stamp: string;
  readonly directives: readonly Directive[];
}

/**
 * An NGINX's configuration as it is on disk, with what it includes. Read here and not asked of `nginx -T`, which says
 * nothing at all where a name does not resolve just now, and has no marks between files that a file could not have too.
 */
export class Configuration {
  readonly #conf: string;
  /** By path: most files stay as they are. */
  #parsed = new Map<string, Parsed>();

  /** `conf`: absolute path of the main file. */
  constructor(conf: string) {
    this.#conf = conf;
  }

  /**
   * Everything in one, each directive with its file. An `include` stays, with the absolute path, and is followed by what
   * it includes. Throws where a file cannot be read or is none of NGINX's; files that are not there are left out.
   */
  async read(): Promise<readonly Directive[]> {
    const parsed = new Map<string, Parsed>();
    const all = await this.#file(this.#conf, parsed, 0);
    this.#parsed = parsed;
    return all;
  }

  async #file(path: string, parsed: Map<string, Parsed>, depth: number): Promise<readonly Directive[]> {
    const { mtimeMs, size, ino } = await stat(path);
    const stamp = `${mtimeMs} ${size} ${ino}`;
    const known = parsed.get(path) ?? this.#parsed.get(path);
    const now =
      known?.stamp === stamp ? known : { stamp, directives: parseNginx(await readFile(path, 'utf8')) };
    parsed.set(path, now);
    return this.#expand(now.directives, path, parsed, depth);
  }

  async #expand(
    directives: readonly Directive[],
    file: string,
    parsed: Map<string, Parsed>,
    depth: number,
  ): Promise<readonly Directive[]> {
    const all: Directive[] = [];
    for (const directive of directives) {
      const { name, args, block } = directive;
      const [pattern] = args;
      if (name !== 'include' || args.length !== 1 || pattern === undefined || block !== undefined) {
        const inner = block && { block: await this.#expand(block, file, parsed, depth) };
        all.push({ ...directive, file, ...inner });
        continue;
      }
      // From the directory of the main file, wherever the including file is.
      const path = resolve(dirname(this.#conf), pattern);
      all.push({ ...directive, file, args: [path] });
      if (depth >= MAX_DEPTH) throw new Error(`${file} line ${directive.line}: includes itself, it seems`);
      for (const one of await matching(path)) {
        try {
          all.push(...(await this.#file(one, parsed, depth + 1)));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
        }
      }
    }
    return all;
  }
}

const GLOB = /[*?[]/;

/** As glob(3) has it, which NGINX uses: sorted, and no hidden files unless they are named. */
async function matching(path: string): Promise<readonly string[]> {
  if (!GLOB.test(path)) return [path];
  let found = ['/'];
  for (const part of path.split('/').filter((one) => one !== '')) {
    const next: string[] = [];
    for (const directory of found) {
      if (!GLOB.test(part)) next.push(join(directory, part));
      else {
        const names = await readdir(directory).catch(() => []);
        next.push(...names.filter((name) => isMatch(name, part)).map((name) => join(directory, name)));
      }
    }
    found = next;
  }
  return found.sort();
}

function isMatch(name: string, glob: string): boolean {
  if (name.startsWith('.') && !glob.startsWith('.')) return false;
  const pattern = glob.replace(/\[!?\]?[^\]]*\]|[*?]|[\\^$.|+()[\]{}]/g, (piece) => {
    if (piece === '*') return '.*';
    if (piece === '?') return '.';
    if (piece.length === 1) return `\\${piece}`;
    return `[${piece.slice(1, -1).replace(/^!/, '^').replaceAll('\\', '\\\\')}]`;
  });
  return new RegExp(`^${pattern}$`, 's').test(name);
}
