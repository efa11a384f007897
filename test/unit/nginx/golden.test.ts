/**
 * `test/golden/nginx/in/<case>.yaml` is a fleet's config with targets and mirrors as REST takes them, `<case>.conf` a
 * config alone; `test/golden/nginx/out/<case>.<part>` is what is said of them and what an NGINX gets, by driver.
 * `UPDATE_GOLDEN=1` writes the outputs anew and removes those of cases that are gone.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { dump, load } from 'js-yaml';
import { createNginxDataPlane } from '../../../src/dataplanes/nginx/index.ts';
import { DRIVERS, PLAN_TYPE, decodePlan } from '../../../src/dataplanes/nginx/plan.ts';
import { renderNginx } from '../../../src/dataplanes/nginx/render.ts';
import { checkMirror } from '../../../src/model/check-mirror.ts';
import { checkTarget } from '../../../src/model/check-target.ts';
import { presentMirror, presentTarget } from '../../../src/model/present.ts';
import { anyValue, valueOf } from './plans.ts';

interface Case {
  readonly config?: string;
  readonly targets?: Readonly<Record<string, unknown>>;
  readonly mirrors?: Readonly<Record<string, unknown>>;
}

const root = new URL('../../golden/nginx/', import.meta.url);
const update = process.env['UPDATE_GOLDEN'] === '1';
const written = new Set<string>();

const OPTIONS = {
  directory: '/etc/nginx/mirrorplane',
  stateListen: '127.0.0.1:9180',
  logAddress: '127.0.0.1:9181',
};

function build({ config = '', targets = {}, mirrors = {} }: Case): Readonly<Record<string, string>> {
  const nginx = createNginxDataPlane();
  const read = nginx.readConfig(config, 'yaml', { fleet: 'edge', adopt: true });
  if (!read.ok) return { 'said.yaml': yaml({ issues: read.issues }) };
  const { adopted } = read.value;
  const all = [...adopted.targets, ...Object.entries(targets).map((one) => valueOf(checkTarget(...one)))];
  const pairs = [
    ...adopted.mirrors,
    ...Object.entries(mirrors).map((one) => valueOf(checkMirror(...one))),
  ].map((mirror) => {
    const target = all.find(({ name }) => name === mirror.target);
    if (target === undefined) throw new Error(`no target ${mirror.target}`);
    return { mirror, target };
  });
  const fleet = { name: 'edge', dataPlane: 'nginx', nodeCluster: 'edge' };
  const compiled = nginx.compile({ fleet, config: read.value, mirrors: pairs });
  const said = {
    adopted: { targets: adopted.targets.map(presentTarget), mirrors: adopted.mirrors.map(presentMirror) },
    warnings: [...read.warnings, ...(compiled.ok ? compiled.value.warnings : [])],
  };
  if (!compiled.ok) return { 'said.yaml': yaml({ ...said, issues: compiled.issues }) };
  const rendered = DRIVERS.map((driver) => {
    // As an agent has it: from the bytes that are sent.
    const resource = compiled.value.snapshot(driver).types.get(PLAN_TYPE)?.resources.get(driver);
    const plan = decodePlan(anyValue(resource?.body));
    const { files, entries } = renderNginx(plan, { ...OPTIONS, driver });
    const parts = [...files].map(([name, text]) => `# ==> ${name}\n${text}`);
    const dict = [...entries].map(([key, value]) => `# ${key} = ${value}\n`).join('');
    return [
      `${driver}.conf`,
      `${parts.join('\n')}${dict === '' ? '' : `\n# ==> the shared dict\n${dict}`}`,
    ] as const;
  });
  return { 'said.yaml': yaml(said), ...Object.fromEntries(rendered) };
}

function yaml(content: unknown): string {
  return dump(content, { noRefs: true, lineWidth: 120 });
}

mkdirSync(new URL('out/', root), { recursive: true });
for (const file of readdirSync(new URL('in/', root)).sort()) {
  const text = readFileSync(new URL(`in/${file}`, root), 'utf8');
  const output = build(file.endsWith('.conf') ? { config: text } : (load(text) as Case));
  for (const [part, content] of Object.entries(output)) {
    const path = `${file.replace(/\.\w+$/, '')}.${part}`;
    written.add(path);
    test(`${path} is what comes of ${file}`, (t) => {
      const at = new URL(`out/${path}`, root);
      if (update) writeFileSync(at, content);
      t.is(content, existsSync(at) ? readFileSync(at, 'utf8') : '');
    });
  }
}

test('every golden output belongs to a case', (t) => {
  for (const file of readdirSync(new URL('out/', root))) {
    if (update && !written.has(file)) rmSync(new URL(`out/${file}`, root));
    else t.true(written.has(file), file);
  }
});
