/**
 * Finds the istiod that the tests run, and builds it when there is none. In this order: `ISTIOD_BIN`, `pilot-discovery`
 * on PATH, the cached one, and `go install` of the version that the schema is of. Without Go there is none, and what
 * needs it is skipped.
 */
import { execFile } from 'node:child_process';
import { access, constants, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '..');
const NAME = 'pilot-discovery';
const run = promisify(execFile);

let found: Promise<string | undefined> | undefined;

/** Path of an istiod binary; undefined where there is none to be had. */
export function istiodBinary(): Promise<string | undefined> {
  return (found ??= findIstiod());
}

async function findIstiod(): Promise<string | undefined> {
  const named = process.env['ISTIOD_BIN'];
  if (named !== undefined && named !== '') {
    if (await isExecutable(named)) return named;
    throw new Error(`ISTIOD_BIN is ${named}, which is no executable file`);
  }
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  for (const directory of directories)
    if (await isExecutable(join(directory, NAME))) return join(directory, NAME);
  const manifest = await readFile(join(ROOT, 'protos', 'istio-manifest.json'), 'utf8');
  const { istiod: version } = JSON.parse(manifest) as { istiod: string };
  const cached = join(ROOT, '.cache', `istiod-${version}`, NAME);
  if (await isExecutable(cached)) return cached;
  if (!(await hasGo())) return undefined;
  process.stderr.write(`building istiod ${version} with go install: this takes minutes, once\n`);
  await build(cached, version);
  return cached;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function hasGo(): Promise<boolean> {
  return run('go', ['version']).then(
    () => true,
    () => false,
  );
}

/** In a directory of its own, and renamed at the end: a half built istiod is never found. */
async function build(path: string, version: string): Promise<void> {
  const cache = join(ROOT, '.cache');
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'istiod-'));
  try {
    const source = `istio.io/istio/pilot/cmd/${NAME}@${version}`;
    await run('go', ['install', '-ldflags=-s -w', source], { env: { ...process.env, GOBIN: work } });
    await mkdir(join(path, '..'), { recursive: true });
    await rename(join(work, NAME), path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  // That there is none must not stop the other tests: it is said, and those that need it are skipped.
  const binary = await istiodBinary().catch((error: unknown) => {
    process.stderr.write(`no istiod: ${error instanceof Error ? error.message : String(error)}\n`);
    return undefined;
  });
  if (binary !== undefined) process.stdout.write(`${binary}\n`);
  else process.stderr.write('no istiod: its tests are skipped. Set ISTIOD_BIN, or put Go on PATH\n');
}
