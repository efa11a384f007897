import test from 'ava';
import { createIstioDataPlane, loadIstioSchema } from '../../../src/dataplanes/istio/index.ts';
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

test('hosts without end are looked at in no time that one could wait for', (t) => {
  const hosts = Array.from({ length: 20_000 }, (_, index) => `*.h${index}.local`);
  const spec = { hosts: [...hosts, 'a.h1.local'], http: [{ route: [{ destination: { host: 'b' } }] }] };
  const resource = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'VirtualService',
    metadata: { name: 'v' },
    spec,
  };
  const read = istio.readConfig(JSON.stringify(resource), 'json', OPTIONS);
  t.deepEqual(read.ok ? [] : read.issues, [
    {
      path: 'VirtualService/default/v.spec.hosts[20000]',
      message: 'is given twice: *.h1.local is for it, too',
    },
  ]);
  const nothing = { ...resource, spec: { ...spec, hosts: hosts.map(() => null) } };
  const started = performance.now();
  t.false(istio.readConfig(JSON.stringify(nothing), 'json', OPTIONS).ok);
  t.true(performance.now() - started < 5000);
});

test('localities without end are looked at in no time that one could wait for', (t) => {
  const distribute = Array.from({ length: 10_000 }, (_, index) => ({ from: `r${index}/z`, to: { x: 100 } }));
  const localityLbSetting = { distribute: [...distribute, { from: 'r7/z/s', to: { x: 100 } }] };
  const resource = {
    apiVersion: 'networking.istio.io/v1',
    kind: 'DestinationRule',
    metadata: { name: 'd' },
    spec: {
      host: 'b.example',
      trafficPolicy: { loadBalancer: { simple: 'ROUND_ROBIN', localityLbSetting } },
    },
  };
  const started = performance.now();
  const read = istio.readConfig(JSON.stringify(resource), 'json', OPTIONS);
  t.true(performance.now() - started < 20_000);
  const path =
    'DestinationRule/default/d.spec.trafficPolicy.loadBalancer.localityLbSetting.distribute[10000].from';
  t.deepEqual(read.ok ? [] : read.issues, [{ path, message: 'overlaps r7/z' }]);
});
