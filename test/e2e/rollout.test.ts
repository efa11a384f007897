import test from 'ava';
import type { ControlPlane } from '../support/control-plane.ts';
import { FleetLoad, isShare } from '../support/fleet-load.ts';
import { startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const IDS = ['edge-1', 'edge-2', 'edge-3', 'edge-4', 'edge-5'];
const GATES = [
  { metric: 'rejections', max: 0 },
  { metric: 'mirrorErrorRate', max: 0.05, minSamples: 20 },
  { metric: 'primaryErrorRate', maxIncrease: 0.01 },
  { metric: 'coverage', min: 0.5, minSamples: 20 },
];

interface Status {
  readonly state: string;
  readonly step: number;
  readonly reason: string;
  readonly gates?: readonly { gate: string; verdict: string; note: string }[];
}

async function statusOf(plane: ControlPlane): Promise<Status> {
  return (await plane.done('GET', '/v1/rollouts/canary')).status;
}

/** Resolves with the status when the rollout is in that state; throws when it ended in another. */
async function reaches(plane: ControlPlane, state: string, step?: number): Promise<Status> {
  return until(
    `the rollout is ${state}`,
    async () => {
      const status = await statusOf(plane);
      if (status.state === state && (step === undefined || status.step === step)) return status;
      const ended = ['done', 'aborted', 'paused'].includes(status.state) && status.state !== state;
      if (ended) throw new Error(`it is ${status.state}: ${status.reason} ${JSON.stringify(status.gates)}`);
      return undefined;
    },
    { timeoutMs: 60_000 },
  );
}

test.serial(
  'five Envoys: 1 % on one, 25 % on three, 100 % on all, and no primary request fails',
  async (t) => {
    const load = new FleetLoad();
    const { plane, envoy: join } = await startRig(t, { mirror: { percent: 0 }, onCopy: load.onCopy });
    const envoys = await Promise.all(IDS.map((id) => join(id)));
    t.teardown(() => load.stop());
    await Promise.all(envoys.map((envoy, index) => load.add(IDS[index] ?? '', envoy)));
    await until('there are requests to compare with', async () => {
      const { status } = await plane.done('GET', '/v1/mirrors/edge-wallarm');
      return status.recent.primaryRequests > 1_000;
    });
    const steps = [
      { percent: 1, fleetPercent: 20, approval: 'manual', minRequests: 100 },
      { percent: 25, fleetPercent: 60, approval: 'manual' },
      { percent: 100, fleetPercent: 100 },
    ];
    const plan = { mirror: 'edge-wallarm', steps, gates: GATES, interval: '1s', missingData: 'wait' };
    const { warnings } = await plane.done('PUT', '/v1/rollouts/canary', plan);
    t.deepEqual(warnings, []);
    await plane.done('POST', '/v1/rollouts/canary/start');
    t.is((await plane.call('POST', '/v1/rollouts/canary/start')).status, 200, 'said twice is said once');

    const chosen: Set<string>[] = [];
    for (const [step, { percent }] of steps.slice(0, 2).entries()) {
      await reaches(plane, 'holding', step);
      const { spread, status } = await plane.done('GET', '/v1/mirrors/edge-wallarm');
      t.is(spread.rollout, 'canary');
      const nodes = step === 0 ? 1 : 3;
      t.deepEqual(
        [...status.effective].sort((a, b) => b.percent - a.percent),
        [
          { percent, nodes },
          { percent: 0, nodes: 5 - nodes },
        ],
      );
      const shares = await load.measure(`step ${step}`, 3_000);
      const having = new Set([...shares].filter(([, { copied }]) => copied > 0).map(([id]) => id));
      t.is(having.size, nodes);
      for (const id of having) {
        t.true(isShare(t, `step ${step}, ${id}`, shares.get(id) ?? { sent: 0, copied: 0 }, percent));
      }
      for (const id of chosen.at(-1) ?? []) t.true(having.has(id), 'a larger share only adds nodes');
      chosen.push(having);
      await plane.done('POST', '/v1/rollouts/canary/advance', undefined, { 'X-Reason': 'looks well' });
    }
    const done = await reaches(plane, 'done');
    t.regex(done.reason, /all gates passed/);
    t.true(done.gates?.every(({ verdict }) => verdict === 'pass'));
    for (const [id, share] of await load.measure('done', 1_000))
      t.true(isShare(t, `done, ${id}`, share, 100));
    const mirror = await plane.done('GET', '/v1/mirrors/edge-wallarm');
    t.like(mirror, { percent: 100, spread: undefined });
    t.deepEqual(await load.stop(), []);

    const { items } = await plane.done('GET', '/v1/revisions');
    const reasons = items.map(({ reason }: { reason?: string }) => reason).filter(Boolean);
    t.true(
      reasons.some((reason: string) => /step 2 of 3: 25 % on 60 % of the nodes/.test(reason)),
      reasons.join('\n'),
    );
    t.true(reasons.some((reason: string) => /looks well/.test(reason)));
  },
);

for (const mode of ['503', 'hang', 'refuse'] as const) {
  test.serial(
    `the node begins to ${mode}: the rollout takes the percent back on every Envoy, and says why`,
    async (t) => {
      const load = new FleetLoad();
      const {
        plane,
        wallarm,
        envoy: join,
      } = await startRig(t, {
        mirror: { percent: 2 },
        limits: { maxStreamDuration: '300ms' },
        onCopy: load.onCopy,
      });
      const ids = IDS.slice(0, 3);
      const envoys = await Promise.all(ids.map((id) => join(id)));
      t.teardown(() => load.stop());
      await Promise.all(envoys.map((envoy, index) => load.add(ids[index] ?? '', envoy)));
      await plane.done('PUT', '/v1/rollouts/canary', {
        mirror: 'edge-wallarm',
        steps: [
          { percent: 50, fleetPercent: 60, hold: '10m' },
          { percent: 100, hold: '10m' },
        ],
        gates: [{ metric: 'mirrorErrorRate', max: 0.05, minSamples: 20 }],
        interval: '1s',
      });
      await plane.done('POST', '/v1/rollouts/canary/start');
      await reaches(plane, 'holding', 0);
      await until('a gate has passed', async () => {
        const { gates } = await statusOf(plane);
        return gates?.some(({ verdict }) => verdict === 'pass');
      });
      await wallarm.setMode(mode);
      const aborted = await reaches(plane, 'aborted');
      t.regex(aborted.reason, /mirrorErrorRate: \d+ of \d+ copies failed/);
      const { percent, status } = await plane.done('GET', '/v1/mirrors/edge-wallarm');
      t.is(percent, 2);
      t.deepEqual(status.effective, [{ percent: 2, nodes: 3 }]);
      await wallarm.setMode('ok');
      await load.more(20);
      for (const [id, share] of await load.measure('after', 2_000)) {
        t.true(isShare(t, `after the abort, ${id}`, share, 2));
      }
      t.deepEqual(await load.stop(), []);
      const { items } = await plane.done('GET', '/v1/revisions?limit=5');
      t.true(items.some(({ reason = '' }: { reason?: string }) => /copies failed/.test(reason)));
    },
  );
}
