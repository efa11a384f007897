/** Nodes that are there before their fleet has a config: an Envoy that was started first, an agent, an istiod. */
import test from 'ava';
import { startApp } from '../support/app.ts';
import { edgeConfig } from '../support/edge-config.ts';
import { FleetOfClients } from '../support/fleet-of-clients.ts';
import { until } from '../support/until.ts';

const NODES = 2;
const KEY = 'mirrorplane.edge-wallarm';
const TARGET = { endpoints: [{ host: '127.0.0.2', port: 9 }] };

test('nodes that connect before their fleet has a config get it when it comes, and a stop waits for them', async (t) => {
  const app = await startApp(t);
  await app.call('PUT', '/v1/fleets/edge', {});
  await app.call('PUT', '/v1/targets/wallarm', TARGET);
  await app.call('PUT', '/v1/mirrors/edge-wallarm', { fleet: 'edge', target: 'wallarm', percent: 5 });
  const fleet = new FleetOfClients(Number(app.xds.split(':').at(-1)), NODES, ['edge-routes']);
  t.teardown(() => fleet.close());
  await until('they are connected', async () => {
    const { items } = (await app.call('GET', '/v1/nodes')).json;
    return items.length === NODES && items.every(({ fleet: name }: { fleet: string }) => name === 'edge');
  });
  const put = await app.call('PUT', '/v1/fleets/edge/config?wait=acked', edgeConfig({ origin: 9 }));
  t.deepEqual(put.json.delivery, { nodes: NODES, acked: NODES, rejected: 0, pending: 0 });
  const percents = (): readonly unknown[] => fleet.nodes.map((node) => node.percents[KEY]);
  t.deepEqual(percents(), [5, 5]);
  const stop = await app.call('PUT', '/v1/stop?wait=acked');
  t.deepEqual(stop.json.delivery, { nodes: NODES, acked: NODES, rejected: 0, pending: 0 });
  t.deepEqual(percents(), [0, 0]);
});
