import test from 'ava';
import { HttpConnection, get } from '../support/http-client.ts';
import { startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

test('one PATCH reaches three Envoys', async (t) => {
  const { plane, wallarm, envoy: join } = await startRig(t, { mirror: { percent: 0 } });
  const envoys = await Promise.all(['edge-1', 'edge-2', 'edge-3'].map((id) => join(id)));
  for (const percent of [100, 0, 12.5, 0, 100]) {
    const start = performance.now();
    const { delivery } = await plane.done('PATCH', '/v1/mirrors/edge-wallarm?wait=acked&timeout=20s', {
      percent,
    });
    const ms = performance.now() - start;
    t.deepEqual(delivery, { nodes: 3, acked: 3, rejected: 0, pending: 0 });
    t.log(`${percent} %: from PATCH to all three acked ${ms.toFixed(1)} ms`);
    const { status } = await plane.done('GET', '/v1/mirrors/edge-wallarm');
    t.is(status.effectivePercent, percent);
    t.deepEqual(status.effective, [{ percent, nodes: 3 }]);
  }
  for (const [index, envoy] of envoys.entries()) {
    const client = await HttpConnection.open(await envoy.port());
    await client.send(get('/', { 'X-Envoy-Number': `${index}` }));
    client.close();
    await until(`the copy by Envoy ${index}`, () => wallarm.completed === index + 1);
  }
  const { items } = await plane.done('GET', '/v1/nodes');
  t.deepEqual(
    items.map(({ id, fleet, state, version }: Record<string, unknown>) => [id, fleet, state, version]),
    ['edge-1', 'edge-2', 'edge-3'].map((id) => [id, 'edge', 'acked', '1.40.0']),
  );
});

test("the control plane's own count of copies is the node's", async (t) => {
  const { plane, wallarm, envoy: join } = await startRig(t);
  const envoy = await join();
  const client = await HttpConnection.open(await envoy.port());
  for (let n = 0; n < 20; n++) await client.send(get('/'));
  client.close();
  await until('20 copies are reported', async () => {
    const { status } = await plane.done('GET', '/v1/mirrors/edge-wallarm');
    return status.observed?.copies === 20;
  });
  t.is(wallarm.completed, 20);
});
