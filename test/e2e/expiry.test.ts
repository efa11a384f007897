import test from 'ava';
import { ControlPlane } from '../support/control-plane.ts';
import type { Envoy } from '../support/envoy.ts';
import { startLoad } from '../support/load.ts';
import { settled, startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const KEY = 'mirrorplane.edge-wallarm';

/** What Envoy's runtime has for the mirror; undefined when the layer has ended. */
async function runtimeOf(envoy: Envoy): Promise<string | undefined> {
  const { entries } = JSON.parse(await envoy.get('/runtime?format=json')) as {
    entries: Record<string, { final_value: string } | undefined>;
  };
  return entries[KEY]?.final_value;
}

test('without its control plane for longer than expiresAfter a fleet stops mirroring; with it, it goes on', async (t) => {
  const {
    wallarm,
    plane,
    data,
    envoy: join,
  } = await startRig(t, {
    mirror: { percent: 100, expiresAfter: '5s' },
  });
  const delta = await join('edge-1');
  const sotw = await join('edge-2', (bootstrap) => {
    bootstrap.dynamic_resources.ads_config['api_type'] = 'GRPC';
  });
  // With another layer by RTDS an Envoy 1.40 would crash when ours ends: it copies nothing, and says so.
  const old = await join('edge-3', (bootstrap) => {
    const [ours = {}, ...rest] = bootstrap.layered_runtime?.layers ?? [];
    const other = structuredClone(ours) as { name: string; rtds_layer: { name: string } };
    other.name = other.rtds_layer.name = 'owners';
    bootstrap.layered_runtime = { layers: [ours, { ...other }, ...rest] };
  });
  t.regex((await plane.done('GET', '/v1/nodes/edge-3')).limitations.join(), /expiresAfter/);
  const { status } = await plane.done('GET', '/v1/mirrors/edge-wallarm');
  t.deepEqual(
    [...status.effective].sort((a, b) => a.percent - b.percent),
    [
      { percent: 0, nodes: 1 },
      { percent: 100, nodes: 2 },
    ],
  );
  const loads = await Promise.all(
    [delta, sotw, old].map(async (envoy) => startLoad({ port: await envoy.port(), connections: 1 })),
  );
  t.teardown(() => Promise.all(loads.map((load) => load.stop())));
  const more = (n: number): Promise<unknown> => Promise.all(loads.map((load) => load.more(n)));

  // Longer than its time, it is kept alive: of the heartbeats the node sees a full resource each.
  const updates = async (envoy: Envoy): Promise<number> => envoy.stat('runtime.load_success');
  const before = await updates(delta);
  await until('four heartbeats', async () => (await updates(delta)) >= before + 4);
  t.truthy(await runtimeOf(delta));
  t.truthy(await runtimeOf(sotw));
  const { types } = await plane.done('GET', '/v1/nodes/edge-1');
  t.true(types.length > 0);

  await plane.kill();
  for (const envoy of [delta, sotw]) {
    await until('the layer has ended', async () => (await runtimeOf(envoy)) === undefined);
  }
  await more(4);
  for (const envoy of [delta, sotw]) await settled(envoy);
  const copied = wallarm.count;
  await more(200);
  t.is(wallarm.count, copied, 'nothing is copied any more');

  const again = await ControlPlane.start({ data, http: plane.http, xds: plane.xds });
  t.teardown(() => again.stop());
  for (const envoy of [delta, sotw]) {
    await until('the layer is back', async () => (await runtimeOf(envoy)) !== undefined);
  }
  await more(200);
  t.true(wallarm.count > copied + 300);
  const results = await Promise.all(loads.map((load) => load.stop()));
  for (const { failures } of results) t.deepEqual(failures, []);
});

test('at expiresAt the percent becomes 0, and a stop for all holds until it is released', async (t) => {
  const { plane, envoy: join } = await startRig(t, { mirror: { percent: 100 } });
  await join();
  const past = await plane.call('PATCH', '/v1/mirrors/edge-wallarm', { expiresAt: '2020-01-01T00:00:00Z' });
  t.is(past.status, 400);
  t.like(past.body.errors[0], { path: 'expiresAt' });
  const expiresAt = new Date(Date.now() + 1_000).toISOString();
  await plane.done('PATCH', '/v1/mirrors/edge-wallarm', { expiresAt });
  const effective = async (): Promise<number | null> =>
    (await plane.done('GET', '/v1/mirrors/edge-wallarm')).status.effectivePercent;
  await until('it has ended', async () => (await effective()) === 0);
  const mirror = await plane.done('GET', '/v1/mirrors/edge-wallarm');
  t.like(mirror, { percent: 0, expiresAt: undefined });

  await plane.done('PATCH', '/v1/mirrors/edge-wallarm?wait=acked', { percent: 40 });
  const stopped = await plane.done('PUT', '/v1/stop?wait=acked', undefined, { 'X-Reason': 'incident 42' });
  t.deepEqual(stopped.delivery, { nodes: 1, acked: 1, rejected: 0, pending: 0 });
  t.is(await effective(), 0);
  const { warnings } = await plane.done('PATCH', '/v1/mirrors/edge-wallarm?wait=acked', { percent: 60 });
  t.regex(warnings[0].message, /stop by .* holds the fleet/);
  t.is(await effective(), 0);
  t.is((await plane.done('GET', '/v1/mirrors/edge-wallarm')).status.stop.reason, 'incident 42');
  await plane.done('PUT', '/v1/rollouts/canary', { mirror: 'edge-wallarm', steps: [{ percent: 100 }] });
  t.is((await plane.call('POST', '/v1/rollouts/canary/start')).status, 409);
  await plane.done('DELETE', '/v1/stop?wait=acked');
  t.is(await effective(), 60);
});
