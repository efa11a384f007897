/**
 * `test/golden/in/<case>.yaml` is a fleet's config with targets and mirrors as REST takes them;
 * `test/golden/out/<case>.<list>.yaml` is what an Envoy of the fleet gets. `UPDATE_GOLDEN=1` writes the outputs anew
 * and removes those of cases that are gone.
 */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { dump, load } from 'js-yaml';
import { createEnvoyDataPlane, loadSchema } from '../../../src/dataplanes/envoy/index.ts';
import { checkMirror } from '../../../src/model/check-mirror.ts';
import { checkTarget } from '../../../src/model/check-target.ts';
import type { Result } from '../../../src/model/issue.ts';
import { presentMirror, presentTarget } from '../../../src/model/present.ts';

interface Case {
  readonly adopt?: boolean;
  readonly variant?: string;
  readonly config: string;
  readonly targets?: Readonly<Record<string, unknown>>;
  readonly mirrors?: Readonly<Record<string, unknown>>;
}

const root = new URL('../../golden/', import.meta.url);
const update = process.env['UPDATE_GOLDEN'] === '1';
const schema = loadSchema();
const written = new Set<string>();

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.issues, null, 2));
  return result.value;
}

function build(input: Case): Record<string, unknown> {
  const envoy = createEnvoyDataPlane(schema);
  const options = { fleet: 'edge', adopt: input.adopt ?? true };
  const read = envoy.readConfig(input.config, 'yaml', options);
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
  const fleet = { name: 'edge', dataPlane: 'envoy', nodeCluster: 'edge' };
  const compiled = envoy.compile({ fleet, config: read.value, mirrors });
  if (!compiled.ok) return { issues: compiled.issues };
  const snapshot = compiled.value.snapshot(input.variant ?? 'runtime');
  // What is pushed, decoded again from its bytes, and not the JSON it was made from.
  const pushed = Object.keys(compiled.value.resources()).map((list) => {
    const type = [...snapshot.types.values()].find((one) => one.typeUrl === typeOf(list));
    return [list, [...(type?.resources.values() ?? [])].map(({ body }) => schema.decodeAny(body))];
  });
  return {
    adopted: { targets: adoptedTargets.map(presentTarget), mirrors: adoptedMirrors.map(presentMirror) },
    warnings: [...read.warnings, ...compiled.warnings],
    ...Object.fromEntries(pushed),
  };
}

const TYPES: Readonly<Record<string, string>> = {
  runtimes: 'envoy.service.runtime.v3.Runtime',
  secrets: 'envoy.extensions.transport_sockets.tls.v3.Secret',
  clusters: 'envoy.config.cluster.v3.Cluster',
  endpoints: 'envoy.config.endpoint.v3.ClusterLoadAssignment',
  listeners: 'envoy.config.listener.v3.Listener',
  routes: 'envoy.config.route.v3.RouteConfiguration',
};

function typeOf(list: string): string {
  return `type.googleapis.com/${TYPES[list] ?? ''}`;
}

for (const file of readdirSync(new URL('in/', root)).sort()) {
  const name = file.replace(/\.yaml$/, '');
  const input = load(readFileSync(new URL(`in/${file}`, root), 'utf8')) as Case;
  const output = build(input);
  for (const [part, content] of Object.entries(output)) {
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
