import test from 'ava';
import { ControlPlane } from '../support/control-plane.ts';
import { startLoad } from '../support/load.ts';
import { settled, startRig, updates } from '../support/rig.ts';
import { until } from '../support/until.ts';

test('the control plane is killed and comes back: mirroring goes on, nothing is sent again, nothing is forgotten', async (t) => {
  const { plane, data, wallarm, envoy: join } = await startRig(t, { mirror: { percent: 25 } });
  const envoy = await join();
  // History, so that there is something to forget.
  await plane.done('PUT', '/v1/targets/spare', { endpoints: [{ host: 'spare.example', port: 80 }] });
  await plane.done(
    'PATCH',
    '/v1/mirrors/edge-wallarm?wait=acked',
    { percent: 100 },
    { 'x-reason': 'all of it' },
  );
  const stateOf = async (from: ControlPlane): Promise<unknown> => {
    const paths = [
      '/v1/fleets',
      '/v1/fleets/edge/config',
      '/v1/fleets/edge/resources',
      '/v1/targets',
      '/v1/revisions',
    ];
    const answers = await Promise.all(paths.map((path) => from.done('GET', path)));
    const { status: _, ...mirror } = await from.done('GET', '/v1/mirrors/edge-wallarm');
    return [...answers, mirror];
  };
  const state = await stateOf(plane);
  const before = await updates(envoy);
  for (const kind of [
    'cluster_manager.cds',
    'cluster.mirrorplane_edge-wallarm',
    'http.edge.rds.edge-routes',
  ]) {
    t.true((before[`${kind}.update_success`] ?? 0) > 0, kind);
  }

  const load = startLoad({ port: await envoy.port(), connections: 4 });
  t.teardown(() => load.stop());
  await load.more(200);
  await plane.kill();
  await until('Envoy knows', async () => (await envoy.stat('control_plane.connected_state')) === 0);
  const [requests, copies] = [load.finished(), wallarm.count];
  await load.more(1_000);
  t.true(
    wallarm.count - copies >= 1_000 - 8,
    `${wallarm.count - copies} copies of ${load.finished() - requests}`,
  );

  const again = await ControlPlane.start({ data, http: plane.http, xds: plane.xds });
  t.teardown(() => again.stop());
  await until('Envoy is back and has what it should have', async () => {
    const { status, body } = await again.call('GET', '/v1/nodes/edge-1');
    return status === 200 && body.connected && body.state === 'acked';
  });
  t.deepEqual(await stateOf(again), state);
  t.is((await again.done('GET', '/v1/mirrors/edge-wallarm')).status.effectivePercent, 100);
  t.deepEqual(await updates(envoy), before);

  // The stream keeps its order: what had been sent before this would have arrived before this.
  const answer = await again.done('PATCH', '/v1/mirrors/edge-wallarm?wait=acked&timeout=20s', { percent: 0 });
  t.deepEqual(answer.delivery, { nodes: 1, acked: 1, rejected: 0, pending: 0 });
  const runtime = 'runtime.update_success';
  t.deepEqual(await updates(envoy), { ...before, [runtime]: (before[runtime] ?? 0) + 1 });

  await load.more(8);
  await settled(envoy);
  const copied = wallarm.count;
  await load.more(200);
  const result = await load.stop();
  await settled(envoy);
  t.is(wallarm.count, copied, 'at 0 nothing is copied');
  t.is(result.failed, 0, result.failures.join('; '));
});
