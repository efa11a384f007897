/**
 * `test/golden/istio/in/<case>.yaml` is a fleet's config with targets and mirrors as REST takes them;
 * `test/golden/istio/out/<case>.<part>.yaml` is what becomes of it. `UPDATE_GOLDEN=1` writes the outputs anew and removes
 * those of cases that are gone.
 */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { dump, load } from 'js-yaml';
import { createIstioDataPlane, loadIstioSchema } from '../../../src/dataplanes/istio/index.ts';
import { checkMirror } from '../../../src/model/check-mirror.ts';
import { checkTarget } from '../../../src/model/check-target.ts';
import type { Result } from '../../../src/model/issue.ts';
import { presentMirror, presentTarget } from '../../../src/model/present.ts';

interface Case {
  readonly config: string;
  readonly targets?: Readonly<Record<string, unknown>>;
  readonly mirrors?: Readonly<Record<string, unknown>>;
}

const root = new URL('../../golden/istio/', import.meta.url);
const update = process.env['UPDATE_GOLDEN'] === '1';
const schema = loadIstioSchema();
const written = new Set<string>();

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.issues, null, 2));
  return result.value;
}

function build(input: Case): Record<string, unknown> {
  const istio = createIstioDataPlane(schema);
  const read = istio.readConfig(input.config, 'yaml', { fleet: 'mesh', adopt: true });
  if (!read.ok) return { issues: read.issues };
  const { targets: adoptedTargets, mirrors: adoptedMirrors } = read.value.adopted;
  const targets = [
    ...adoptedTargets,
    ...Object.entries(input.targets ?? {}).map(([name, body]) => value(checkTarget(name, body))),
  ];
  const mirrors = [
    ...adoptedMirrors,
    ...Object.entries(input.mirrors ?? {}).map(([name, body]) => value(checkMirror(name, body))),
  ].map((mirror) => {
    const target = targets.find(({ name }) => name === mirror.target);
    if (target === undefined) throw new Error(`no target ${mirror.target}`);
    return { mirror, target };
  });
  const fleet = { name: 'mesh', dataPlane: 'istio', nodeCluster: 'istio-system' };
  const compiled = istio.compile({ fleet, config: read.value, mirrors });
  if (!compiled.ok) return { issues: compiled.issues };
  // What is pushed, decoded again from its bytes, and not the JSON it was made from.
  const served = [...compiled.value.snapshot('istiod').types.values()].flatMap(({ typeUrl, resources }) =>
    resources.size === 0
      ? []
      : [[typeUrl, [...resources.values()].map(({ body }) => schema.decodeAny(body))] as const],
  );
  return {
    adopted: { targets: adoptedTargets.map(presentTarget), mirrors: adoptedMirrors.map(presentMirror) },
    warnings: [...read.warnings, ...compiled.warnings],
    served: Object.fromEntries(served),
    rendered: Object.fromEntries(
      Object.entries(istio.renderings).map(([format, render]) => [format, render(compiled.value)]),
    ),
  };
}

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
