/** The real driver and delivery in virtual time, over a share of one node that goes, or goes silent, during a hold. */
import test, { type ExecutionContext } from 'ava';
import { isInShare, nodeHash } from '../../src/model/spread.ts';
import { MemoryStore } from '../support/simulation/memory-store.ts';
import { FLEET, MIRROR, SimulatedNode, type Surroundings } from '../support/simulation/node.ts';
import { type Plane, bootPlane } from '../support/simulation/plane.ts';
import { Random } from '../support/simulation/random.ts';
import { SimulatedTime } from '../support/simulation/time.ts';

const ME = { author: 'operator', reason: 'simulated' };
const MINUTE = 60_000;

interface World {
  readonly time: SimulatedTime;
  readonly plane: Plane;
  readonly store: MemoryStore;
  readonly chosen: SimulatedNode;
  readonly status: () => { readonly state: string; readonly reason: string };
}

/** On a store that may have a history already. */
async function boot(t: ExecutionContext, time: SimulatedTime, store: MemoryStore): Promise<Plane> {
  const plane = await bootPlane({
    ...{ store, time, loadReportIntervalMs: 5000 },
    onPublication: () => undefined,
    onTrouble: (what) => t.fail(what),
  });
  t.teardown(() => plane.stop());
  return plane;
}

async function furnish({ control }: Plane): Promise<void> {
  await control.putConfig(FLEET, { text: '{"listeners":1}', format: 'json', adopt: false }, ME);
  await control.putTarget('wallarm', { endpoints: [{ host: 'wallarm', port: 8445 }] }, ME);
  await control.putMirror(MIRROR, { fleet: FLEET, target: 'wallarm', percent: 1 }, ME);
}

function nodesOf(time: SimulatedTime): readonly SimulatedNode[] {
  return [...Array(10).keys()].map((index) => new SimulatedNode(`node-${index}`, calm(time), 10));
}

/** Ten nodes of ten requests a second, the one of the share holding for what takes it three minutes to get. */
async function holding(t: ExecutionContext, plan: object = {}): Promise<World> {
  const time = new SimulatedTime();
  const store = new MemoryStore();
  const plane = await boot(t, time, store);
  await furnish(plane);
  const { control, delivery, driver } = plane;
  const nodes = nodesOf(time);
  for (const node of nodes) node.connect(delivery);
  await time.pass(MINUTE);
  const steps = [{ percent: 50, fleetPercent: 10, hold: '30s', minRequests: 1800 }, { percent: 100 }];
  await control.putRollout('canary', { mirror: MIRROR, steps, ...plan }, ME);
  await control.commandRollout('canary', 'start', ME, driver.before('canary'));
  await time.pass(MINUTE);
  const spread = control.state.mirror.get(MIRROR)?.value.spread;
  const chosen = nodes.find(({ id }) => spread !== undefined && isInShare(spread, id));
  if (chosen === undefined) throw new Error('the share has no node');
  const status = () => control.state.rollout.get('canary')?.value.status ?? { state: 'gone', reason: '' };
  t.is(status().state, 'holding');
  return { time, plane, store, chosen, status };
}

function calm(time: SimulatedTime): Surroundings {
  const ignore = (): void => undefined;
  return {
    ...{ time, random: new Random(1), sent: ignore, refused: ignore, vanished: ignore },
    reactionTo: () => ({ afterMs: 10, does: 'ack' }),
    failures: () => ({ copies: 0, primaries: 0 }),
  };
}

test('a share that is there and reports is waited for until it had its requests', async (t) => {
  const { time, status } = await holding(t);
  await time.pass(MINUTE);
  t.is(status().state, 'holding');
  await time.pass(2 * MINUTE);
  t.is(status().state, 'done');
});

test('a share that has left for good pauses the rollout, and a resume is of the nodes that are there', async (t) => {
  const { time, plane, chosen, status } = await holding(t);
  chosen.disconnect();
  await time.pass(MINUTE);
  t.is(status().state, 'paused');
  t.is(status().reason, 'not enough data: no node of the share has been connected for 30 s');
  await plane.control.commandRollout('canary', 'resume', ME);
  await time.pass(5 * MINUTE);
  t.is(status().state, 'done');
});

test('a share that comes back in time is waited for', async (t) => {
  const { time, plane, chosen, status } = await holding(t);
  chosen.disconnect();
  await time.pass(15_000);
  chosen.connect(plane.delivery);
  await time.pass(MINUTE);
  t.is(status().state, 'holding');
  await time.pass(3 * MINUTE);
  t.is(status().state, 'done');
});

test('a share that is connected and reports no more pauses the rollout', async (t) => {
  const { time, plane, chosen, status } = await holding(t);
  const { delivery } = plane;
  const reported = delivery.reported.bind(delivery);
  delivery.reported = (node, ...rest) => {
    if (node.id !== chosen.id) reported(node, ...rest);
  };
  await time.pass(2 * MINUTE);
  t.is(status().state, 'paused');
  t.regex(status().reason, /the nodes of the share have sent no load report for 30 s: \d+ of 1800 requests/);
});

test('where it is to wait it says for whom, and goes on when they are back', async (t) => {
  const { time, plane, chosen, status } = await holding(t, { missingData: 'wait' });
  const { control, delivery } = plane;
  chosen.disconnect();
  await time.pass(2 * MINUTE);
  const { revision } = control.state;
  await time.pass(60 * MINUTE);
  t.is(status().state, 'holding');
  t.is(status().reason, 'waits: no node of the share has been connected for 30 s');
  t.is(control.state.revision, revision, 'once');
  chosen.connect(delivery);
  await time.pass(20_000);
  t.is(status().reason, 'nodes of the share tell again how it does');
  await time.pass(5 * MINUTE);
  t.is(status().state, 'done');
});

test('a share that is chosen right after a restart is of the nodes that are on their way back, too', async (t) => {
  const time = new SimulatedTime();
  const store = new MemoryStore();
  const earlier = await boot(t, time, store);
  await furnish(earlier);
  await earlier.control.putRollout(
    'canary',
    { mirror: MIRROR, steps: [{ percent: 50, fleetPercent: 50 }] },
    ME,
  );
  earlier.stop();
  const { control, delivery } = await boot(t, time, store);
  const nodes = nodesOf(time);
  const shareOf = (some: readonly SimulatedNode[]): number => {
    const spread = control.state.mirror.get(MIRROR)?.value.spread;
    return some.filter(({ id }) => spread !== undefined && isInShare(spread, id)).length;
  };
  const last = (id: string): number => nodeHash('canary', id);
  const [first, ...others] = [...nodes].sort((a, b) => last(b.id) - last(a.id));
  first?.connect(delivery);
  await control.commandRollout('canary', 'start', ME);
  await time.pass(2000);
  for (const node of others) node.connect(delivery);
  await time.pass(2000);
  t.is(shareOf(nodes), 5);
});

test('a rollout that holds after a restart is looked at once an interval, not all the time', async (t) => {
  const { time, plane, store } = await holding(t);
  plane.stop();
  const { inspector } = (await boot(t, time, store)).delivery;
  const view = inspector.view.bind(inspector);
  let views = 0;
  inspector.view = (...given) => {
    views += 1;
    return view(...given);
  };
  await time.pass(MINUTE);
  t.true(views > 0 && views < 100, `${views} views in a minute`);
});
