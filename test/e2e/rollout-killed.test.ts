/**
 * The control plane is killed at random moments of a rollout. KILLS=50 is the full test; SEED repeats a run.
 */
import test from 'ava';
import { ControlPlane } from '../support/control-plane.ts';
import type { Envoy } from '../support/envoy.ts';
import { startLoad } from '../support/load.ts';
import { startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const KILLS = Number(process.env['KILLS'] ?? 8);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);
const STEPS = [
  { percent: 5, fleetPercent: 50, hold: '200ms' },
  { percent: 20, fleetPercent: 50, hold: '200ms' },
  { percent: 40, hold: '200ms' },
  { percent: 80 },
];
const BASELINE = 1;

/** https://en.wikipedia.org/wiki/Linear_congruential_generator */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

async function percentOf(envoy: Envoy): Promise<number | undefined> {
  const { entries } = JSON.parse(await envoy.get('/runtime?format=json')) as {
    entries: Record<string, { final_value: string } | undefined>;
  };
  const value = entries['mirrorplane.edge-wallarm']?.final_value;
  const numerator = value === undefined ? undefined : /numerator\D+(\d+)/.exec(value)?.[1];
  return numerator === undefined ? undefined : Number(numerator) / 10_000;
}

test(`killed ${KILLS} times in the middle, a rollout goes on, and no Envoy has a percent that is not in the plan`, async (t) => {
  t.log(`SEED=${SEED}`);
  const random = randomOf(SEED);
  const rig = await startRig(t, { mirror: { percent: BASELINE } });
  const envoys = [await rig.envoy('edge-1'), await rig.envoy('edge-2')];
  let { plane } = rig;
  const loads = await Promise.all(
    envoys.map(async (envoy) => startLoad({ port: await envoy.port(), connections: 1 })),
  );
  t.teardown(() => Promise.all(loads.map((load) => load.stop())));

  const seen = new Set<number>();
  let watching = true;
  t.teardown(() => {
    watching = false;
  });
  const watch = Promise.all(
    envoys.map(async (envoy) => {
      while (watching) {
        const percent = await percentOf(envoy).catch(() => undefined);
        if (percent !== undefined) seen.add(percent);
      }
    }),
  );
  await plane.done('PUT', '/v1/rollouts/canary', {
    mirror: 'edge-wallarm',
    steps: STEPS,
    gates: [{ metric: 'rejections', max: 0 }],
    interval: '500ms',
    ackTimeout: '30s',
  });
  const statusOf = async (): Promise<{ state: string; reason: string }> =>
    (await plane.done('GET', '/v1/rollouts/canary')).status;
  const begin = async (verb: string): Promise<void> => {
    await plane.done('PATCH', '/v1/mirrors/edge-wallarm?wait=acked', { percent: BASELINE });
    await plane.done('POST', `/v1/rollouts/canary/${verb}`);
  };
  await begin('start');
  let ended = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    // A moment that no clock names: after so many requests of the load.
    await loads[0]?.more(1 + random(1_500));
    await plane.kill();
    plane = await ControlPlane.start({ data: rig.data, http: plane.http, xds: plane.xds });
    const current = plane;
    t.teardown(() => current.stop());
    const { state, reason } = await statusOf();
    t.false(['aborted', 'paused'].includes(state), `after kill ${kill} it is ${state}: ${reason}`);
    if (state === 'done') {
      ended += 1;
      t.is((await plane.done('GET', '/v1/mirrors/edge-wallarm')).percent, 80);
      await begin('retry');
    }
  }
  await until('it ends', async () => (await statusOf()).state === 'done', { timeoutMs: 60_000 });
  await until('every Envoy has the last step', async () => {
    const percents = await Promise.all(envoys.map(percentOf));
    return percents.every((percent) => percent === 80);
  });
  watching = false;
  await watch;
  const allowed = new Set([BASELINE, ...STEPS.map(({ percent }) => percent)]);
  t.deepEqual(
    [...seen].filter((percent) => !allowed.has(percent)),
    [],
  );
  t.log(`${ended + 1} rollouts ended; percents seen: ${[...seen].sort((a, b) => a - b).join(', ')}`);
  const results = await Promise.all(loads.map((load) => load.stop()));
  for (const { failures } of results) t.deepEqual(failures, []);

  // Never twice: each step was set once in each run.
  const { items } = await plane.done('GET', '/v1/revisions?limit=500');
  const set = items.filter(({ reason = '' }: { reason?: string }) => /: step \d of 4: /.test(reason));
  t.is(set.length, (ended + 1) * STEPS.length);
});
