import test from 'ava';
import { createIstioDataPlane, loadIstioSchema } from '../../../src/dataplanes/istio/index.ts';
import type { Issue } from '../../../src/model/issue.ts';
import { readCases, readSaid } from '../../support/istio-cases.ts';

const istio = createIstioDataPlane(loadIstioSchema());
const said = readSaid();
const OPTIONS = { fleet: 'mesh', adopt: false };

for (const [file, cases] of readCases()) {
  test(`${file}: what istiod refuses is refused before it has it, and what it takes is taken`, (t) => {
    for (const { title, resource, why } of cases) {
      const istiods = said.get(resource);
      if (istiods === undefined) {
        t.fail(`${title}: not asked yet: node test/support/istio-verdicts.ts`);
        continue;
      }
      const read = istio.readConfig(resource, 'json', OPTIONS);
      if (why !== undefined) {
        t.is(istiods, '', `${title}: istiod refuses it, too`);
        t.false(read.ok, `${title}: is taken, although ${why}`);
      } else if (istiods === '') {
        t.true(read.ok, `${title}: istiod takes it: ${JSON.stringify(read.ok || read.issues)}`);
      } else {
        t.false(read.ok, `${title}: istiod: ${istiods}`);
      }
      if (read.ok) continue;
      for (const { path, message } of read.issues) {
        t.true(path.includes('metadata') || path.startsWith(JSON.parse(resource).kind), `${title}: ${path}`);
        t.not(message, '');
      }
    }
  });
}

test('every verdict belongs to a case', (t) => {
  const asked = new Set([...readCases().values()].flat().map(({ resource }) => resource));
  for (const resource of said.keys()) t.true(asked.has(resource), resource);
});

/** Milliseconds that a resource takes to be read, after another that is a tenth of it: ten times as long, or a hundred. */
function growth(
  make: (size: number) => object,
  size: number,
): { readonly times: number; readonly issues: readonly Issue[] } {
  const timeOf = (resource: object): { ms: number; issues: readonly Issue[] } => {
    const started = performance.now();
    const read = istio.readConfig(JSON.stringify(resource), 'json', OPTIONS);
    return { ms: performance.now() - started, issues: read.ok ? [] : read.issues };
  };
  timeOf(make(size / 10));
  const { ms: small } = timeOf(make(size / 10));
  const { ms: large, issues } = timeOf(make(size));
  return { times: large / small, issues };
}

const PROPORTIONATE = 50;

test('hosts without end are looked at in a time that grows with them', (t) => {
  const virtualService = (hosts: readonly unknown[]): object => ({
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'v' },
    spec: { hosts, http: [{ route: [{ destination: { host: 'b' } }] }] },
  });
  const hosts = (size: number): readonly string[] => Array.from({ length: size }, (_, n) => `*.h${n}.local`);
  const found = growth((size) => virtualService([...hosts(size), 'a.h1.local']), 20_000);
  t.deepEqual(found.issues, [
    {
      path: 'VirtualService/default/v.spec.hosts[20000]',
      message: 'is given twice: *.h1.local is for it, too',
    },
  ]);
  t.true(found.times < PROPORTIONATE, `${found.times}`);
  const nothing = growth((size) => virtualService(hosts(size).map(() => null)), 20_000);
  t.true(nothing.issues.length > 0);
  t.true(nothing.times < PROPORTIONATE, `${nothing.times}`);
});

test('localities without end are looked at in a time that grows with them', (t) => {
  const destinationRule = (size: number): object => {
    const distribute = Array.from({ length: size }, (_, n) => ({ from: `r${n}/z`, to: { x: 100 } }));
    const localityLbSetting = { distribute: [...distribute, { from: 'r7/z/s', to: { x: 100 } }] };
    return {
      apiVersion: 'networking.istio.io/v1',
      kind: 'DestinationRule',
      metadata: { name: 'd' },
      spec: {
        host: 'b.example',
        trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN', localityLbSetting } },
      },
    };
  };
  const { times, issues } = growth(destinationRule, 10_000);
  const path =
    'DestinationRule/default/d.spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[10000].from';
  t.deepEqual(issues, [{ path, message: 'overlaps r7/z' }]);
  t.true(times < PROPORTIONATE, `${times}`);
});
