/**
 * Golden files: `in/<case>.yaml` is an input, `out/<case>.<part>.yaml` what is made of it. `UPDATE_GOLDEN=1` writes the outputs
 * anew and removes those of cases that are gone.
 */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { dump, load } from 'js-yaml';
import type { Compiled, DataPlane, NativeConfig } from '../../src/dataplanes/data-plane.ts';
import { checkMirror } from '../../src/model/check-mirror.ts';
import { checkTarget } from '../../src/model/check-target.ts';
import type { Issue, Result } from '../../src/model/issue.ts';
import { presentMirror, presentTarget } from '../../src/model/present.ts';

/** A fleet's config with targets and mirrors as REST takes them. */
export interface GoldenCase {
  readonly adopt?: boolean;
  readonly format?: 'json';
  readonly config: string;
  readonly targets?: Readonly<Record<string, unknown>>;
  readonly mirrors?: Readonly<Record<string, unknown>>;
}

export type Built =
  | { readonly issues: readonly Issue[] }
  | {
      readonly compiled: Compiled;
      /** What of it is the same for every data plane: what was adopted, as REST shows it, and warnings. */
      readonly said: { readonly adopted: object; readonly warnings: readonly Issue[] };
    };

const update = process.env['UPDATE_GOLDEN'] === '1';

export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.issues, null, 2));
  return result.value;
}

/** `adopted: false`: what the config's own policies would become is left out. */
export function buildCase<Native extends NativeConfig>(
  plane: DataPlane<Native>,
  fleet: string,
  input: GoldenCase,
  { adopted: takes = true } = {},
): Built {
  const options = { fleet, adopt: input.adopt ?? true };
  const read = plane.readConfig(input.config, input.format ?? 'yaml', options);
  if (!read.ok) return { issues: read.issues };
  const { adopted } = read.value;
  const targets = [
    ...(takes ? adopted.targets : []),
    ...Object.entries(input.targets ?? {}).map(([name, body]) => valueOf(checkTarget(name, body))),
  ];
  const mirrors = [
    ...(takes ? adopted.mirrors : []),
    ...Object.entries(input.mirrors ?? {}).map(([name, body]) => valueOf(checkMirror(name, body))),
  ].map((mirror) => {
    const target = targets.find(({ name }) => name === mirror.target);
    if (target === undefined) throw new Error(`no target ${mirror.target}`);
    return { mirror, target };
  });
  const compiled = plane.compile({
    fleet: {
      name: fleet,
      dataPlane: plane.kind,
      nodeCluster: plane.kind === 'istio' ? 'istio-system' : fleet,
    },
    config: read.value,
    mirrors,
  });
  if (!compiled.ok) return { issues: compiled.issues };
  return {
    compiled: compiled.value,
    said: {
      adopted: {
        targets: adopted.targets.map(presentTarget),
        mirrors: adopted.mirrors.map(presentMirror),
      },
      warnings: [...read.warnings, ...compiled.warnings],
    },
  };
}

/** A test for each part of what `build` makes of each case in this folder of test/golden. */
export function goldenTests<Case>(folder: string, build: (input: Case) => object): void {
  const root = new URL(`../golden/${folder}`, import.meta.url);
  const written = new Set<string>();
  for (const file of readdirSync(new URL('in/', root)).sort()) {
    const name = file.replace(/\.yaml$/, '');
    const input = load(readFileSync(new URL(`in/${file}`, root), 'utf8')) as Case;
    for (const [part, content] of Object.entries(build(input))) {
      if (Array.isArray(content) && content.length === 0) continue;
      const path = `${name}.${part}.yaml`;
      written.add(path);
      test(`${name}: ${part} are as in ${path}`, (t) => {
        const text = dump(content, { noRefs: true, lineWidth: 120 });
        if (update) writeFileSync(new URL(`out/${path}`, root), text);
        t.is(text, readFileSync(new URL(`out/${path}`, root), 'utf8'));
      });
    }
  }
  test('every golden output belongs to a case', (t) => {
    for (const file of readdirSync(new URL('out/', root))) {
      if (update && !written.has(file)) rmSync(new URL(`out/${file}`, root));
      else t.true(written.has(file), file);
    }
  });
}
