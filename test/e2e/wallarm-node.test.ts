/** A real Envoy, a stand-in of a Wallarm node, and a rollout that goes by what the node says of itself. */
import test, { type ExecutionContext } from 'ava';
import type { ControlPlane } from '../support/control-plane.ts';
import { FleetLoad } from '../support/fleet-load.ts';
import { type Rig, startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';
import { WallarmNodeApi } from '../support/wallarm-node-api.ts';

const PLAN = {
  mirror: 'edge-wallarm',
  steps: [{ percent: 50, hold: '10m' }, { percent: 100 }],
  gates: [
    { metric: 'nodeRequestsLost', max: 0, minSamples: 20 },
    { metric: 'nodeErrors', max: 0.05, minSamples: 20 },
    { metric: 'nodeCoverage', min: 0.5, minSamples: 20 },
  ],
  interval: '1s',
};

interface Reading {
  readonly gate: string;
  readonly verdict: string;
  readonly note: string;
}

interface Stage extends Rig {
  readonly api: WallarmNodeApi;
  readonly load: FleetLoad;
  /** Of all requests that arrived, how many the node counts. */
  counted: (arrived: number) => number;
}

/** One Envoy under load, at 2 % before anything is rolled out. */
async function stage(t: ExecutionContext, mirror: Record<string, unknown> = {}): Promise<Stage> {
  const load = new FleetLoad();
  const rig = await startRig(t, { mirror: { percent: 2, ...mirror }, onCopy: load.onCopy });
  const api = await WallarmNodeApi.start(t, () => set.counted(rig.wallarm.count));
  const set: Stage = { ...rig, api, load, counted: (arrived) => arrived };
  await rig.plane.done('PATCH', '/v1/targets/wallarm', { kind: 'wallarm', node: api.probes });
  await load.add('edge-1', await rig.envoy());
  t.teardown(() => load.stop());
  await until('the node is known to be well', async () => {
    const { status } = await rig.plane.done('GET', '/v1/targets/wallarm');
    return status.healthy === true && status.nodes[0].counters !== null;
  });
  return set;
}

async function statusOf(plane: ControlPlane): Promise<any> {
  return (await plane.done('GET', '/v1/rollouts/canary')).status;
}

/** Starts the rollout, and resolves when every gate passed. */
async function allPass(plane: ControlPlane): Promise<void> {
  await plane.done('PUT', '/v1/rollouts/canary', PLAN);
  await plane.done('POST', '/v1/rollouts/canary/start');
  await until(
    'every gate passed',
    async () => {
      const { state, reason, gates } = await statusOf(plane);
      if (state === 'aborted' || state === 'paused') throw new Error(`${reason} ${JSON.stringify(gates)}`);
      return gates?.every(({ verdict }: Reading) => verdict === 'pass');
    },
    { timeoutMs: 60_000 },
  );
}

async function aborts(t: ExecutionContext, { plane, load }: Stage, why: RegExp): Promise<void> {
  const { reason } = await until(
    'the rollout is aborted',
    async () => {
      const status = await statusOf(plane);
      if (status.state === 'paused') throw new Error(status.reason);
      return status.state === 'aborted' && status;
    },
    { timeoutMs: 60_000 },
  );
  t.regex(reason, why);
  t.log(reason);
  const { percent, status } = await plane.done('GET', '/v1/mirrors/edge-wallarm');
  t.is(percent, 2);
  t.deepEqual(status.effective, [{ percent: 2, nodes: 1 }]);
  t.deepEqual(await load.stop(), [], 'no primary request failed');
}

test.serial('a node that begins to lose requests has the rollout taken back', async (t) => {
  const set = await stage(t);
  await allPass(set.plane);
  set.api.counters['requests_lost'] = 500;
  set.api.counters['tnt_errors'] = 500;
  await aborts(t, set, /nodeRequestsLost: \d+ of \d+ requests were lost by the node/);
});

test.serial(
  'copies that are answered and not counted have it taken back, and a restart of the node has not',
  async (t) => {
    const set = await stage(t);
    await allPass(set.plane);
    set.api.restart();
    await until('the restart was seen', async () => {
      const { status } = await set.plane.done('GET', '/v1/targets/wallarm');
      return status.nodes[0].counters.restarts === 1;
    });
    const at = Date.now();
    await until('gates were looked at since', () => Date.now() - at > 3_000, { timeoutMs: 10_000 });
    t.is((await statusOf(set.plane)).state, 'holding');
    const before = set.wallarm.count;
    set.counted = () => before;
    await aborts(t, set, /nodeCoverage: the node counted \d+ requests, \d+ copies were sent/);
  },
);

test.serial(
  'a node that says it is unwell gets no copies, and gets them again when it is well',
  async (t) => {
    const set = await stage(t, { percent: 100, onTargetFailure: 'suspend' });
    set.api.health = 503;
    const mirror = async () => set.plane.done('GET', '/v1/mirrors/edge-wallarm');
    const open = await until('copies are suspended', async () => {
      const { suspension, status } = await mirror();
      return suspension?.state === 'open' && status.effective[0]?.percent === 0 && suspension;
    });
    t.regex(open.reason, /its healthcheck fails: it answered 503/);
    await set.load.more(50);
    const count = set.wallarm.count;
    await set.load.more(200);
    t.is(set.wallarm.count, count, 'not one copy');
    set.api.health = 200;
    await until('it is taken up again', async () => (await mirror()).suspension === undefined, {
      timeoutMs: 60_000,
    });
    await until('copies arrive', () => set.wallarm.count > count + 100);
    t.deepEqual(await set.load.stop(), []);
  },
);
