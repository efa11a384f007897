import test from 'ava';
import { ControlPlane } from '../support/control-plane.ts';
import { edgeConfig } from '../support/edge-config.ts';
import { FleetOfClients } from '../support/fleet-of-clients.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { until } from '../support/until.ts';

const COUNT = 1_000;
const KEY = 'mirrorplane.edge-wallarm';

test('a thousand simulated nodes over real gRPC: 10 %, half, all of them, and back', async (t) => {
  const plane = await ControlPlane.start({ data: temporaryDirectory(t) });
  t.teardown(() => plane.stop());
  await plane.done('PUT', '/v1/fleets/edge/config', edgeConfig({ origin: 9 }));
  await plane.done('PUT', '/v1/targets/wallarm', { endpoints: [{ host: '127.0.0.1', port: 9 }] });
  await plane.done('PUT', '/v1/mirrors/edge-wallarm', { fleet: 'edge', target: 'wallarm', percent: 0.5 });
  const fleet = new FleetOfClients(Number(plane.xds.split(':')[1]), COUNT, ['edge-routes']);
  t.teardown(() => fleet.close());
  const having = (percent: number): ReadonlySet<string> =>
    new Set(fleet.nodes.filter(({ percents }) => percents[KEY] === percent).map(({ id }) => id));
  await until('all have joined', async () => {
    const { status } = await plane.done('GET', '/v1/mirrors/edge-wallarm');
    return status.nodes.acked === COUNT && having(0.5).size === COUNT;
  });
  await plane.done('PUT', '/v1/rollouts/canary', {
    mirror: 'edge-wallarm',
    steps: [
      { percent: 1, fleetPercent: 10, approval: 'manual' },
      { percent: 25, fleetPercent: 50, approval: 'manual' },
      { percent: 100, approval: 'manual' },
    ],
    gates: [
      { metric: 'rejections', max: 0 },
      { metric: 'missingAcks', max: 0 },
    ],
    interval: '500ms',
  });
  const reaches = (state: string, step: number): Promise<unknown> =>
    until(`${state} at step ${step}`, async () => {
      const { status } = await plane.done('GET', '/v1/rollouts/canary');
      return status.state === state && status.step === step;
    });
  await plane.done('POST', '/v1/rollouts/canary/start');
  let before: ReadonlySet<string> = new Set();
  for (const [step, [percent, nodes]] of [
    [1, 100],
    [25, 500],
    [100, 1_000],
  ].entries() as Iterable<[number, [number, number]]>) {
    await reaches('holding', step);
    const now = having(percent);
    t.is(now.size, nodes);
    t.is(having(0.5).size, COUNT - nodes, 'the others have what they had');
    for (const id of before) t.true(now.has(id), 'a larger share only adds nodes');
    before = now;
    if (step < 2) await plane.done('POST', '/v1/rollouts/canary/advance');
  }
  await plane.done('POST', '/v1/rollouts/canary/abort');
  await reaches('aborted', 2);
  t.is(having(0.5).size, COUNT);
});
