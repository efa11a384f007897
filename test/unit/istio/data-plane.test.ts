import { readFileSync } from 'node:fs';
import test from 'ava';
import { load } from 'js-yaml';
import { createIstioDataPlane, loadIstioSchema } from '../../../src/dataplanes/istio/index.ts';
import { readGoDuration } from '../../../src/dataplanes/istio/duration.ts';
import { percentValue, ppmOf } from '../../../src/dataplanes/istio/percent.ts';
import { slugOf } from '../../../src/dataplanes/istio/compile/target-resources.ts';
import type { Compiled } from '../../../src/dataplanes/data-plane.ts';
import { IssueList } from '../../../src/model/issue.ts';
import type { Mirror } from '../../../src/model/mirror.ts';

const schema = loadIstioSchema();
const istio = createIstioDataPlane(schema);
const VIRTUAL_SERVICES = 'networking.istio.io/v1/VirtualService';
const seed = (
  load(readFileSync(new URL('../../golden/istio/in/seed.yaml', import.meta.url), 'utf8')) as {
    config: string;
  }
).config;
const read = istio.readConfig(seed, 'yaml', { fleet: 'mesh', adopt: true });
if (!read.ok) throw new Error(JSON.stringify(read.issues));
const config = read.value;

function compile(change: Partial<Mirror> = {}): Compiled {
  const [mirror] = config.adopted.mirrors;
  const [target] = config.adopted.targets;
  if (mirror === undefined || target === undefined) throw new Error('nothing was adopted');
  const fleet = { name: 'mesh', dataPlane: 'istio', nodeCluster: 'istio-system' };
  const mirrors = [{ mirror: { ...mirror, ...change }, target }];
  const compiled = istio.compile({ fleet, config, mirrors });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.value;
}

const MIRROR = 'mesh-wallarm-external-svc';

test('istiod makes of every percent just the share that is meant', (t) => {
  let wrong = 0;
  for (let ppm = 0; ppm <= 1_000_000; ppm += 1) {
    const value = percentValue(ppm);
    // What istiod does with it: multiply, and cut the fraction off.
    if (Math.trunc(value * 10_000) !== ppm || ppmOf(value) !== ppm || value > 100) wrong += 1;
  }
  t.is(wrong, 0);
});

test('every type that istiod asks for is in the snapshot, what is named before what names it', (t) => {
  const types = [...compile().snapshot('istiod').types.keys()];
  t.deepEqual(types.slice(0, 5), [
    'networking.istio.io/v1/ServiceEntry',
    'networking.istio.io/v1/DestinationRule',
    'networking.istio.io/v1alpha3/EnvoyFilter',
    'networking.istio.io/v1/Gateway',
    VIRTUAL_SERVICES,
  ]);
  for (const { group, version, kind } of schema.collections)
    t.true(types.includes(`${group}/${version}/${kind}`), kind);
  t.true(types.includes('core/v1alpha1/MeshConfig'));
});

test('a percent is no structure, moves VirtualServices alone, and is known from what was acknowledged', (t) => {
  const full = compile();
  const half = full.withPercents(new Map([[MIRROR, 500_000]]));
  t.is(half.structure, full.structure);
  t.is(compile({ percent: 1 }).structure, full.structure);
  t.not(compile({ exclude: [{ virtualHost: 'default/httpbin' }] }).structure, full.structure);
  for (const [typeUrl, type] of half.snapshot('istiod').types) {
    const before = full.snapshot('istiod').types.get(typeUrl);
    if (typeUrl === VIRTUAL_SERVICES) t.not(type.version, before?.version);
    else t.is(type, before as typeof type);
  }
  t.is(istio.effectivePercent(MIRROR, half.snapshot('istiod').types), 500_000);
  t.is(istio.effectivePercent(MIRROR, new Map()), undefined);
  const none = full.withPercents(new Map());
  t.false(JSON.stringify(none.resources()).includes('"mirrors"'));
  t.is(istio.effectivePercent(MIRROR, none.snapshot('istiod').types), 0);
  t.deepEqual([...full.destinations.keys()], [MIRROR]);
});

test('the fleet of an istiod is its namespace', (t) => {
  t.is(
    istio.clusterOf?.('sidecar~10.0.0.7~istiod-5f-x2.istio-system~istio-system.svc.cluster.local'),
    'istio-system',
  );
  t.is(istio.clusterOf?.('sidecar~~istiod-0.mesh~mesh.svc.cluster.local'), 'mesh');
  t.is(istio.clusterOf?.('edge-1'), undefined);
});

/** As istiod shows what it has. */
function configz(compiled: Compiled): Record<string, any>[] {
  return [...compiled.snapshot('istiod').types.values()].flatMap(({ typeUrl, resources }) =>
    [...resources.values()].map(({ body, name }) => {
      const { body: spec, metadata } = schema.decodeAny(body) as { body: any; metadata: any };
      const [namespace, id] = name.split('/');
      const { '@type': _, ...rest } = spec;
      const [group, version, kind] = typeUrl.split('/');
      return {
        apiVersion: `${group}/${version}`,
        kind,
        metadata: { namespace, name: id, labels: metadata.labels },
        spec: rest,
      };
    }),
  );
}

test('read back: applied is when all is there just so', (t) => {
  const compiled = compile();
  const judge = (answer: unknown) =>
    istio.readBack?.judge(compiled.snapshot('istiod'), new Map([['/debug/configz', answer]])).state;
  const there = configz(compiled);
  const other = { ...there[0], metadata: { namespace: 'else', name: 'where' } };
  t.is(judge(there), 'applied');
  t.is(
    judge([...there, { ...other, metadata: { ...other.metadata, labels: {} } }]),
    'applied',
    'of another source',
  );
  t.is(judge([]), 'other');
  const told = (answer: unknown) =>
    istio.readBack?.judge(compiled.snapshot('istiod'), new Map([['/debug/configz', answer]]));
  t.deepEqual(told(there.filter(({ kind }) => kind !== 'VirtualService')), {
    state: 'other',
    message: 'istiod does not have VirtualService/default/httpbin',
  });
  t.deepEqual(told(configz(compiled.withPercents(new Map([[MIRROR, 1]])))), {
    state: 'other',
    message: 'istiod has in another form, such as an earlier one, VirtualService/default/httpbin',
  });
  t.regex(JSON.stringify(told([])), /istiod does not have (\w+\/[a-z-]+\/[a-z-]+, ){2}.* and \d more"/);
  t.is(judge(undefined), 'other');
  t.is(judge(there.slice(1)), 'other');
  t.is(judge(configz(compiled.withPercents(new Map([[MIRROR, 1]])))), 'other');
  const left = { 'app.kubernetes.io/managed-by': 'mirrorplane' };
  t.is(
    judge([...there, { ...other, metadata: { ...other.metadata, labels: left } }]),
    'other',
    'left behind',
  );
  t.regex(
    JSON.stringify(told([...there, { ...other, metadata: { ...other.metadata, labels: left } }])),
    /still has/,
  );
  // Other ways to write the same, and what a later API adds.
  const written = structuredClone(there);
  const rule = written.find(({ kind }) => kind === 'DestinationRule');
  if (rule !== undefined) rule['spec'].trafficPolicy.connectionPool.tcp.connectTimeout = '1.000s';
  if (rule !== undefined) rule['spec'].later = true;
  t.is(judge(written), 'applied');
});

test('the same from JSON, a list, and documents that hold nothing', (t) => {
  const spec = { egress: [{ hosts: ['*/*'] }] };
  const one = { apiVersion: 'networking.istio.io/v1', kind: 'Sidecar', metadata: { name: 'a' }, spec };
  const counts = (text: string, format: 'yaml' | 'json'): unknown => {
    const result = istio.readConfig(text, format, { fleet: 'mesh', adopt: true });
    return result.ok ? result.value.counts : result.issues;
  };
  const list = { apiVersion: 'v1', kind: 'List', items: [one, { ...one, metadata: { name: 'b' } }] };
  t.deepEqual(counts(JSON.stringify(one), 'json'), { Sidecar: 1 });
  t.deepEqual(counts(JSON.stringify([one]), 'json'), { Sidecar: 1 });
  t.deepEqual(counts(JSON.stringify(list), 'yaml'), { Sidecar: 2 });
  t.deepEqual(counts(`---\n# none\n---\n${JSON.stringify(one)}\n---\n`, 'yaml'), { Sidecar: 1 });
  for (const nothing of ['', '---\n', '[]', '{"kind":"List","items":[]}'])
    t.regex(JSON.stringify(counts(nothing, 'yaml')), /holds no resources/);
  t.regex(JSON.stringify(counts('{"kind":1,"kind":2}', 'json')), /is given twice/);
  t.regex(JSON.stringify(counts('a: [', 'yaml')), /not valid YAML/);
});

test("durations are Go's", (t) => {
  const cases = {
    '5s': '5s',
    '100ms': '0.1s',
    '1m30s': '90s',
    '1.5h': '5400s',
    '250us': '0.00025s',
    '0': '0s',
  };
  for (const [text, seconds] of Object.entries(cases))
    t.is(readGoDuration(text, new IssueList(), 0), seconds);
  for (const bad of ['5', 's', '5 s', '1d', 5, null]) {
    const issues = new IssueList();
    readGoDuration(bad, issues, 0);
    t.is(issues.items.length, 1, String(bad));
  }
});

test('names of targets are labels of DNS, unlike for unlike names', (t) => {
  t.is(slugOf('wallarm'), 'wallarm');
  const names = ['Wallarm', 'wallarm.', 'wall_arm', '_', 'x'.repeat(63)];
  const slugs = names.map(slugOf);
  t.is(new Set(slugs).size, names.length);
  for (const slug of slugs) t.regex(`mirrorplane-${slug}`, /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
});

test('what Istio has no way for is an issue of the target', (t) => {
  const [mirror] = config.adopted.mirrors;
  const [target] = config.adopted.targets;
  if (mirror === undefined || target === undefined) return t.fail();
  const bad = { ...target, tls: { ca: 'PEM' }, endpoints: [{ host: 'wall_arm', port: 1 }] };
  const fleet = { name: 'mesh', dataPlane: 'istio', nodeCluster: 'istio-system' };
  const compiled = istio.compile({ fleet, config, mirrors: [{ mirror, target: bad }] });
  t.deepEqual(compiled.ok ? [] : compiled.issues.map(({ path }) => path), [
    'targets.wallarm-external-svc.tls.ca',
    'targets.wallarm-external-svc.endpoints[0].host',
  ]);
});
