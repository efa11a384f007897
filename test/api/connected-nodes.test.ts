/** What REST says while nodes are connected: the whole control plane, and nodes over real gRPC. */
import test, { type ExecutionContext } from 'ava';
import { type RunningApp, startApp } from '../support/app.ts';
import { edgeConfig } from '../support/edge-config.ts';
import { FleetOfClients } from '../support/fleet-of-clients.ts';
import { until } from '../support/until.ts';

const NODES = 2;
const TARGET = { endpoints: [{ host: '127.0.0.1', port: 8445 }] };
const MIRROR = { fleet: 'edge', target: 'wallarm', percent: 5 };
const KEY = 'mirrorplane.edge-wallarm';

/** A fleet `edge` of two nodes that acknowledged a mirror of 5 %. */
async function joined(t: ExecutionContext): Promise<{ app: RunningApp; fleet: FleetOfClients }> {
  const app = await startApp(t);
  await app.call('PUT', '/v1/fleets/edge/config', edgeConfig({ origin: 9 }));
  await app.call('PUT', '/v1/targets/wallarm', TARGET);
  await app.call('PUT', '/v1/mirrors/edge-wallarm', MIRROR);
  const fleet = new FleetOfClients(Number(app.xds.split(':').at(-1)), NODES, ['edge-routes']);
  t.teardown(() => fleet.close());
  await until('all have acknowledged', async () => {
    const { json } = await app.call('GET', '/v1/mirrors/edge-wallarm');
    return json.status.nodes.acked === NODES;
  });
  return { app, fleet };
}

test('a write that changes nothing and waits answers how the fleet stands', async (t) => {
  const { app } = await joined(t);
  const { revision } = (await app.call('GET', '/v1/mirrors/edge-wallarm')).json;
  await app.call('PUT', '/v1/fleets/edge/stop');
  await app.call('DELETE', '/v1/fleets/edge/stop?wait=acked');
  const latest = (await app.call('GET', '/v1/revisions?limit=1')).json.items[0].revision;
  for (const [method, path, body] of [
    ['PATCH', '/v1/mirrors/edge-wallarm', { percent: 5 }],
    ['PUT', '/v1/mirrors/edge-wallarm', MIRROR],
    ['PUT', '/v1/targets/wallarm', TARGET],
    ['PUT', '/v1/fleets/edge', {}],
    ['PUT', '/v1/fleets/edge/config', edgeConfig({ origin: 9 })],
    ['DELETE', '/v1/fleets/edge/stop', undefined],
    ['DELETE', '/v1/stop', undefined],
    ['POST', `/v1/revisions/${revision}/restore`, undefined],
  ] as const) {
    const { status, json } = await app.call(method, `${path}?wait=acked`, body);
    t.is(status, 200, path);
    t.deepEqual(json.diff, [], path);
    t.deepEqual(json.delivery, { nodes: NODES, acked: NODES, rejected: 0, pending: 0 }, `${method} ${path}`);
  }
  t.is((await app.call('GET', '/v1/revisions?limit=1')).json.items[0].revision, latest);
});

test('nodes that lose their fleet to another nodeCluster are warned of, and copy nothing', async (t) => {
  const { app, fleet } = await joined(t);
  t.deepEqual(
    fleet.nodes.map(({ percents }) => percents[KEY]),
    [5, 5],
  );
  const put = await app.call('PUT', '/v1/fleets/edge', { nodeCluster: 'front' });
  t.is(put.status, 200);
  t.deepEqual(put.json.warnings, [
    {
      path: 'nodeCluster',
      message:
        'connected nodes of cluster "edge" leave the fleet: they keep what they have, and copy nothing',
    },
  ]);
  await until('they copy nothing', () => fleet.nodes.every(({ percents }) => percents[KEY] === 0));
  const nodes = (await app.call('GET', '/v1/nodes')).json.items;
  t.is(nodes.length, NODES);
  for (const node of nodes) {
    t.like(node, { cluster: 'edge', connected: true });
    t.is(node.fleet, undefined);
  }
  const { status } = (await app.call('GET', '/v1/mirrors/edge-wallarm')).json;
  t.like(status, { percent: 5, effectivePercent: null, effective: [], nodes: { total: 0 } });
  const again = await app.call('PUT', '/v1/fleets/edge', { nodeCluster: 'front' });
  t.deepEqual(again.json.warnings, []);
});
