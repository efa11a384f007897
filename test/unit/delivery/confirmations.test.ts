import test from 'ava';
import { PollingRig } from '../../support/polling-rig.ts';

const A = 'http://10.0.0.1:8080';
const addresses = { n1: A };

/** A node with this percent in force, and known to have it. */
async function settled(percent = 10): Promise<PollingRig> {
  const rig = new PollingRig();
  rig.publish(percent, { addresses });
  rig.poll();
  rig.said.set(A, { version: rig.fetched() });
  await rig.timers.passAsync(1);
  return rig;
}

test('what a node fetched is acknowledged when it was read back, and not before', async (t) => {
  const rig = await settled();
  t.is(rig.state(), 'acked');
  t.is(rig.percent(), 10);
  rig.publish(20, { addresses });
  t.is(rig.state(), 'pending');
  rig.poll();
  await rig.timers.passAsync(200);
  t.is(rig.state(), 'pending');
  t.is(rig.percent(), 10);
  t.is(rig.inspector.node('n1')?.readBack?.state, 'other');
  rig.said.set(A, { version: rig.fetched() });
  await rig.timers.passAsync(2000);
  t.is(rig.state(), 'acked');
  t.is(rig.percent(), 20);
  t.is(rig.inspector.node('n1')?.readBack?.state, 'applied');
});

test('who waits for a write is told when it was read back', async (t) => {
  const rig = await settled();
  rig.publish(20, { addresses });
  let answered = false;
  const waiting = rig.delivery.waitAcked(['edge'], { timeoutMs: 60_000 }).then((summary) => {
    answered = true;
    return summary;
  });
  rig.poll();
  await rig.timers.passAsync(100);
  t.false(answered);
  rig.said.set(A, { version: rig.fetched() });
  await rig.timers.passAsync(2000);
  t.like(await waiting, { nodes: 1, acked: 1, pending: 0 });
});

test('a node that cannot be asked is unconfirmed; with an address it is asked, and by "*" any other', async (t) => {
  const rig = new PollingRig();
  rig.publish(10);
  rig.poll();
  t.is(rig.state(), 'unconfirmed');
  t.is(rig.percent(), null);
  t.like(rig.inspector.summary(['edge']), { nodes: 1, acked: 0, unconfirmed: 1 });
  t.is(rig.inspector.fleetStatus('edge')?.change?.waiting, 0);
  await rig.timers.passAsync(12_000);
  t.deepEqual(rig.asked, []);
  rig.said.set(A, { version: rig.fetched() });
  rig.publish(10, { addresses: { '*': A, n2: 'http://10.0.0.2:8080' } });
  t.is(rig.state(), 'pending');
  await rig.timers.passAsync(1);
  t.is(rig.state(), 'acked');
  rig.publish(20);
  rig.poll();
  t.is(rig.state(), 'unconfirmed');
  t.is(rig.inspector.node('n1')?.readBack, undefined);
});

test('an API that does not answer leaves it pending, and says so', async (t) => {
  const rig = new PollingRig();
  rig.publish(10, { addresses });
  rig.poll();
  await rig.timers.passAsync(500);
  t.is(rig.state(), 'pending');
  t.like(rig.inspector.node('n1')?.readBack, { state: 'unreachable', message: 'nobody answers' });
});

test('a structure that the node refuses is rejected in its words, and taken back', async (t) => {
  const rig = await settled();
  rig.timers.pass(60_000);
  rig.poll();
  const good = rig.fetched();
  rig.publish(10, { addresses, host: 'elsewhere' });
  rig.poll();
  t.not(rig.fetched(), good);
  rig.said.set(A, { refuses: 'router "a": no' });
  await rig.timers.passAsync(1);
  t.is(rig.state(), 'rejected');
  t.like(rig.inspector.fleetStatus('edge'), {
    state: 'rejected',
    rejected: { node: 'n1', message: 'router "a": no' },
  });
  rig.poll();
  t.is(rig.fetched(), good);
  rig.said.set(A, { version: good });
  await rig.timers.passAsync(2000);
  t.is(rig.percent(), 10);
  t.is(rig.events.filter(({ kind }) => kind === 'rejected').length, 1);
});

test('harm that a percent does is told, once; that of a structure is taken back with it', async (t) => {
  const rig = await settled(0);
  rig.timers.pass(60_000);
  rig.publish(20, { addresses });
  rig.poll();
  rig.said.set(A, { refuses: 'its copies come back', harmful: ['m'] });
  await rig.timers.passAsync(5000);
  t.is(rig.state(), 'rejected');
  t.deepEqual(rig.harm, [{ fleet: 'edge', node: 'n1', mirrors: ['m'], message: 'its copies come back' }]);
  const other = await settled();
  other.timers.pass(60_000);
  other.poll();
  other.publish(10, { addresses, host: 'elsewhere' });
  other.poll();
  other.said.set(A, { refuses: 'its copies come back', harmful: ['m'] });
  await other.timers.passAsync(1);
  t.is(other.inspector.fleetStatus('edge')?.state, 'rejected');
  t.deepEqual(other.harm, []);
});

test('what was in force and is not any more is not acknowledged any more', async (t) => {
  const rig = await settled();
  rig.said.set(A, { version: 'of somebody else' });
  await rig.timers.passAsync(10_000);
  t.is(rig.state(), 'pending');
  t.is(rig.percent(), null);
  rig.said.set(A, { version: rig.fetched() });
  await rig.timers.passAsync(2000);
  t.is(rig.state(), 'acked');
});

test('back to what was in force before: what it took in between may be in force still', async (t) => {
  const rig = await settled();
  const first = rig.fetched();
  rig.publish(20, { addresses });
  rig.poll();
  const second = rig.fetched();
  rig.said.set(A, { version: second });
  rig.publish(10, { addresses });
  rig.poll();
  t.is(rig.fetched(), first);
  t.is(rig.state(), 'pending');
  t.is(rig.percent(), null);
  await rig.timers.passAsync(100);
  t.is(rig.state(), 'pending');
  rig.said.set(A, { version: first });
  await rig.timers.passAsync(2000);
  t.is(rig.state(), 'acked');
  t.is(rig.percent(), 10);
});

test('a percent that the data plane rounds is had when the rounded one is', async (t) => {
  const rig = new PollingRig();
  rig.plane.effectivePercent = (mirror, acked) => {
    const exact = [...acked.values()][0]?.labels.get(mirror);
    return exact === undefined ? undefined : Math.ceil(exact / 10_000) * 10_000;
  };
  rig.publish(0.5, { addresses });
  rig.poll();
  t.like(rig.inspector.view('edge', 'm', 0)?.delivery, { acked: 0, pending: 1 });
  rig.said.set(A, { version: rig.fetched() });
  await rig.timers.passAsync(1);
  t.is(rig.percent(), 1);
  t.like(rig.inspector.view('edge', 'm', 0)?.delivery, { acked: 1, pending: 0, unsettled: 0 });
});
