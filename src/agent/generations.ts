import {
  mkdir,
  readFile,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { LOCATION_FILE } from '../dataplanes/nginx/options.ts';
import { syncDirectory, writeDurably } from './disk.ts';
import { relativeToConf } from './nginx.ts';

export type Files = ReadonlyMap<string, string>;

/** Files written, and not yet in force. */
export interface Staged {
  readonly files: Files;
  readonly directory: string;
  /** A main configuration that has everything as the owner's, but these files, and a pid path of its own. */
  readonly conf: string;
  readonly pid: string;
}

const FILE_NAME = /^[A-Za-z0-9][\w.-]*\.(?:conf|pem)$/;
/** Where it stands alone. A test whose pid path cannot be another's is one with the owner's: see {@link Nginx.test}. */
const PID_LINE = /^[ \t]*pid\s+"?([^\s;"]+)"?\s*;/m;
const ROUTE_FILE = /^location-.*\.conf$/;

/**
 * The agent's files beside NGINX. What the owner includes never changes: `http.conf` there is one line that includes
 * `live/http.conf`, and `live` is a link to one generation of files, so that all of them change in one rename.
 *
 * NGINX reads a relative path in an `include` from the directory of its main file, wherever the including file is. So a
 * main file in another directory, where every name is a link to the owner's but `live`, is the owner's configuration with
 * other files of ours: it can be tested before anything that NGINX would read has changed.
 */
export class Generations {
  readonly #conf: string;
  readonly #directory: string;
  /** As includes in the main file's directory name it. */
  readonly #relative: string;

  private constructor(conf: string, directory: string, relativePath: string) {
    this.#conf = conf;
    this.#directory = directory;
    this.#relative = relativePath;
  }

  /** `directory` is made where it is not there. */
  static async open(conf: string, directory: string): Promise<Generations> {
    await mkdir(join(directory, 'generations'), { recursive: true });
    // Both as they are: a link on the way would make the one look outside of the other.
    const [realDirectory, realConf] = await Promise.all([
      realpath(directory),
      realpath(dirname(conf)).then((parent) => join(parent, basename(conf))),
    ]);
    const relativePath = relativeToConf(realConf, realDirectory);
    if (relativePath === undefined || !/^[\w./-]+$/.test(relativePath)) {
      throw new Error(
        `${directory} must be below the directory of ${conf}, and of letters, digits, ".", "_" and "-": ` +
          'NGINX reads relative paths of includes from there',
      );
    }
    return new Generations(realConf, realDirectory, relativePath);
  }

  /** Where the files of the generation in force are, as includes name it. */
  get livePath(): string {
    return join(this.#relative, 'live');
  }

  /** The name of a file in force, by its path as NGINX makes it from an include; undefined for all others. */
  nameOf(path: string, conf: string): string | undefined {
    const directory = `${join(dirname(conf), this.livePath)}/`;
    return path.startsWith(directory) ? path.slice(directory.length) : undefined;
  }

  /** What is in force, or will be when NGINX reads it; undefined before the first. */
  async live(): Promise<Files | undefined> {
    const current = await readlink(join(this.#directory, 'live')).catch(() => undefined);
    if (current === undefined) return undefined;
    const path = join(this.#directory, current);
    const names = await readdir(path).catch(() => undefined);
    if (names === undefined) return undefined;
    const entries = names.map(async (name) => [name, await readFile(join(path, name), 'utf8')] as const);
    return new Map(await Promise.all(entries));
  }

  /**
   * `files` and those of locations that had something of their own once, with what all locations have: NGINX does not
   * start without a file that is included.
   */
  async complete(files: Files): Promise<Files> {
    for (const name of files.keys()) if (!FILE_NAME.test(name)) throw new Error(`not a file name: ${name}`);
    const before = (await readdir(this.#directory)).filter((name) => ROUTE_FILE.test(name));
    const others = before.filter((name) => !files.has(name));
    return new Map([...files, ...others.map((name) => [name, files.get(LOCATION_FILE) ?? ''] as const)]);
  }

  /** Writes `files`, which are complete, next to those in force. */
  async stage(files: Files): Promise<Staged> {
    const number = Math.max(0, ...(await this.#numbers())) + 1;
    const directory = join(this.#directory, 'generations', String(number));
    await mkdir(directory);
    for (const [name, text] of files) await writeDurably(join(directory, name), text);
    await syncDirectory(dirname(directory));
    for (const name of files.keys()) if (name.endsWith('.conf')) await this.#writeStub(name);
    const shadow = await this.#makeShadow(directory);
    return { files, directory, conf: join(shadow, basename(this.#conf)), pid: join(shadow, 'pid') };
  }

  /** In a shadow alone, makes a file that no NGINX takes of what is to be included: a test that still passes did not see it. */
  async spoil(): Promise<void> {
    const live = join(this.#directory, 'shadow', this.livePath);
    await rm(live, { force: true });
    await mkdir(live);
    await writeFile(join(live, 'http.conf'), 'mirrorplane_is_included;\n');
  }

  /** The file that the owner includes. */
  stub(name: string): string {
    return join(this.#directory, name);
  }

  /** From now on NGINX reads these when it reads its configuration. The generation before is kept. */
  async promote({ directory }: Pick<Staged, 'directory'>): Promise<void> {
    const live = join(this.#directory, 'live');
    const before = await readlink(live).catch(() => undefined);
    await this.#link('live', relative(this.#directory, directory));
    if (before !== undefined) await this.#link('previous', before);
    await this.#tidy();
  }

  /** Back to the generation before; false when there is none. */
  async revert(): Promise<boolean> {
    const before = await readlink(join(this.#directory, 'previous')).catch(() => undefined);
    if (before === undefined) return false;
    await this.#link('live', before);
    await this.#tidy();
    return true;
  }

  /** Files that were staged and are not wanted. */
  async discard(staged: Staged): Promise<void> {
    await rm(staged.directory, { recursive: true, force: true });
  }

  async #link(name: string, to: string): Promise<void> {
    const temporary = join(this.#directory, `.${name}.new`);
    await rm(temporary, { force: true });
    await symlink(to, temporary);
    await rename(temporary, join(this.#directory, name));
    await syncDirectory(this.#directory);
  }

  async #writeStub(name: string): Promise<void> {
    const path = join(this.#directory, name);
    const text = `# Of the mirrorplane agent; to be included once. What is in force is in live/.\ninclude ${this.livePath}/${name};\n`;
    const there = await readFile(path, 'utf8').catch(() => undefined);
    if (there !== text) await writeDurably(path, text);
  }

  async #numbers(): Promise<readonly number[]> {
    return (await readdir(join(this.#directory, 'generations'))).map(Number).filter(Number.isSafeInteger);
  }

  /** Removes what is neither in force nor the one before. */
  async #tidy(): Promise<void> {
    const kept = await Promise.all(
      ['live', 'previous'].map((name) => readlink(join(this.#directory, name)).catch(() => '')),
    );
    const numbers = (await this.#numbers()).map(String);
    const old = numbers.filter((number) => !kept.includes(join('generations', number)));
    for (const number of old) {
      await rm(join(this.#directory, 'generations', number), { recursive: true, force: true });
    }
  }

  /** The directory of the main file once more, in links, with `generation` where `live` is. */
  async #makeShadow(generation: string): Promise<string> {
    const shadow = join(this.#directory, 'shadow');
    await rm(shadow, { recursive: true, force: true });
    let [real, copy] = [dirname(this.#conf), shadow];
    for (const part of this.#relative.split(sep)) {
      await linkAll(real, copy, [part, basename(this.#conf)]);
      [real, copy] = [join(real, part), join(copy, part)];
    }
    await linkAll(real, copy, ['live', 'shadow']);
    await symlink(generation, join(copy, 'live'));
    const text = await readFile(this.#conf, 'utf8');
    await writeFile(join(shadow, basename(this.#conf)), text.replace(PID_LINE, ''));
    return shadow;
  }
}

async function linkAll(from: string, to: string, except: readonly string[]): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const name of await readdir(from)) {
    if (!except.includes(name)) await symlink(join(from, name), join(to, name));
  }
}
