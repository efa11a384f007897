/**
 * Asks Istio's own validation, as istiod does of what comes from a config source, for its verdict on every case of
 * test/golden/istio/verdicts, and keeps them there. With Go:
 *
 *     node test/support/istio-verdicts.ts
 *
 * The version is that of protos/istio-manifest.json; the program is built with Istio's own go.mod and go.sum.
 */
import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SAID, readCases } from './istio-cases.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const PROGRAM = join(import.meta.dirname, 'istio-verdicts', 'main.go');
const MODULE = 'istio.io/istio';
const run = promisify(execFile);

/** Path of the program, built once for a version; it is in .cache. */
async function program(version: string): Promise<string> {
  const cache = join(ROOT, '.cache');
  const path = join(cache, `istio-verdicts-${version}`);
  if (existsSync(path)) return path;
  await mkdir(cache, { recursive: true });
  const work = await mkdtemp(join(cache, 'istio-verdicts-'));
  try {
    const found = await run('go', ['mod', 'download', '-json', `${MODULE}@${version}`], { cwd: work });
    const { Dir: source } = JSON.parse(found.stdout) as { Dir: string };
    for (const name of ['go.mod', 'go.sum']) {
      await copyFile(join(source, name), join(work, name));
      await chmod(join(work, name), 0o600);
    }
    await copyFile(PROGRAM, join(work, 'main.go'));
    const edit = ['mod', 'edit', '-module=verdicts', `-require=${MODULE}@${version}`];
    await run('go', edit, { cwd: work });
    await run('go', ['build', '-mod=mod', '-ldflags=-s -w', '-o', 'verdicts', '.'], { cwd: work });
    await rename(join(work, 'verdicts'), path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return path;
}

/** A verdict for each resource, in their order. */
async function ask(binary: string, resources: readonly string[]): Promise<readonly string[]> {
  const asked = run(binary, [], { maxBuffer: 1 << 26 });
  asked.child.stdin?.end(resources.map((resource) => `${resource}\n`).join(''));
  const { stdout } = await asked;
  const verdicts = stdout.split('\n').slice(0, -1);
  if (verdicts.length !== resources.length)
    throw new Error(`${verdicts.length} answers to ${resources.length} questions`);
  return verdicts;
}

if (import.meta.main) {
  const manifest = await readFile(join(ROOT, 'protos', 'istio-manifest.json'), 'utf8');
  const { istiod: version } = JSON.parse(manifest) as { istiod: string };
  const resources = [...new Set([...readCases().values()].flat().map(({ resource }) => resource))];
  const verdicts = await ask(await program(version), resources);
  const lines = resources.map((resource, index) => `${resource}\t${verdicts[index]}`);
  await writeFile(
    SAID,
    `${[`# ${MODULE} ${version}: node test/support/istio-verdicts.ts`, ...lines].join('\n')}\n`,
  );
  process.stdout.write(
    `${verdicts.length} resources, ${verdicts.filter((one) => one !== '').length} refused\n`,
  );
}
