/** A real istiod and everything that is taken of the resources that its validation was asked about. */
import anyTest from 'ava';
import { istiodBinary } from '../../scripts/fetch-istiod.ts';
import { ControlPlane } from '../support/control-plane.ts';
import { readCases, readSaid } from '../support/istio-cases.ts';
import { Istiod } from '../support/istio-istiod.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const binary = await istiodBinary();
// Without istiod nothing is shown: it counts as skipped, and never as passed.
const test = binary === undefined ? anyTest.skip : anyTest;

/** What istiod's validation takes, and we do, each under a name of its own. */
function taken(): readonly object[] {
  const said = readSaid();
  const resources = [...readCases().values()]
    .flat()
    .filter(({ resource, why }) => said.get(resource) === '' && why === undefined)
    .map(({ resource }) => JSON.parse(resource));
  return resources.map((one, index) => ({
    ...one,
    metadata: { ...one.metadata, name: `case-${index}` },
  }));
}

test('whatever is taken, istiod has, in the very form in which it was written', async (t) => {
  const plane = await ControlPlane.start({ data: temporaryDirectory(t) });
  t.teardown(() => plane.stop());
  const fleet = { dataPlane: 'istio', nodeCluster: 'istio-system', delivery: { ackTimeout: '20s' } };
  await plane.done('PUT', '/v1/fleets/mesh', fleet);
  const items = taken();
  t.true(items.length > 500);
  const config = '/v1/fleets/mesh/config?adopt=false';
  await plane.done('PUT', config, { kind: 'List', items: items.slice(0, 1) });
  const istiod = await Istiod.start(binary ?? '', plane.xds);
  t.teardown(() => istiod.stop());
  await plane.done('PUT', '/v1/fleets/mesh', { ...fleet, readBack: { '*': istiod.http } });
  const { delivery } = await plane.done('PUT', `${config}&wait=acked&timeout=25s`, { kind: 'List', items });
  t.deepEqual(delivery, { nodes: 1, acked: 1, rejected: 0, pending: 0 });
  t.is((await istiod.configs()).length, items.length);
});
