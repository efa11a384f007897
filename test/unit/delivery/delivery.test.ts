import test from 'ava';
import { DeliveryRig } from '../../support/delivery-rig.ts';
import { MIRROR_TYPE } from '../../support/fake-data-plane.ts';

const NEVER = { timeoutMs: 60_000 };

test('a node is pending until it acknowledged what its fleet should have now', (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  const node = rig.node('a');
  t.is(rig.state('a'), 'pending');
  node.ack();
  t.is(rig.state('a'), 'acked');
  rig.publish('edge', 6);
  t.is(rig.state('a'), 'pending');
  node.nack('no');
  t.is(rig.state('a'), 'rejected');
  t.is(rig.inspector.node('a')?.types[0]?.rejected?.message, 'no');
  rig.publish('edge', 7);
  t.is(rig.state('a'), 'pending');
  node.ack();
  t.is(rig.state('a'), 'acked');
  t.is(rig.inspector.node('a')?.types[0]?.rejected, undefined);
});

test('the effective percent is what was acknowledged, never what was asked for', (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  t.is(rig.inspector.mirrorStatus('edge', 'edge-m').effectivePercent, null);
  const [a, b] = [rig.node('a'), rig.node('b')];
  t.is(rig.inspector.mirrorStatus('edge', 'edge-m').effectivePercent, null);
  a.ack();
  b.ack();
  t.is(rig.inspector.mirrorStatus('edge', 'edge-m').effectivePercent, 5);
  rig.publish('edge', 10);
  t.is(rig.inspector.mirrorStatus('edge', 'edge-m').effectivePercent, 5);
  a.ack();
  b.nack('no');
  t.like(rig.inspector.mirrorStatus('edge', 'edge-m'), {
    effectivePercent: 7.5,
    effective: [
      { percent: 10, nodes: 1 },
      { percent: 5, nodes: 1 },
    ],
    nodes: { total: 2, acked: 1, rejected: 1, pending: 0 },
  });
});

test('a node that comes back is read back anew', (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  rig.node('a').ack().close();
  t.like(rig.inspector.node('a'), { connected: false, state: 'acked' });
  t.is(rig.inspector.mirrorStatus('edge', 'edge-m').effectivePercent, null);
  rig.publish('edge', 6);
  t.is(rig.state('a'), 'pending');
  const again = rig.node('a');
  t.is(rig.state('a'), 'pending');
  t.is(rig.inspector.node('a')?.types[0]?.acked, undefined);
  again.ack();
  t.is(rig.state('a'), 'acked');
});

test('the latest stream of a node counts, and the one before when that ends', (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  const old = rig.node('a').ack();
  const fresh = rig.node('a', 'edge', old.peer);
  t.is(rig.state('a'), 'pending');
  fresh.ack();
  t.is(rig.state('a'), 'acked');
  old.close();
  t.like(rig.inspector.node('a'), { connected: true, state: 'acked' });
  t.deepEqual(rig.said, ['node connected']);
  rig.node('a', 'edge', '127.0.0.2:1');
  t.regex(rig.said.at(-1) ?? '', /two connections have the same node id/);
});

test('a node belongs to the fleet that has its cluster, whenever that comes, moves or goes', (t) => {
  const rig = new DeliveryRig();
  const node = rig.node('a', 'blue');
  t.like(rig.inspector.node('a'), { fleet: undefined, state: 'pending' });
  rig.publish('edge', 5, { nodeCluster: 'blue' });
  t.is(rig.inspector.node('a')?.fleet, 'edge');
  t.truthy(node.served);
  node.ack();
  t.deepEqual(rig.inspector.summary(['edge']), { nodes: 1, acked: 1, rejected: 0, pending: 0 });
  rig.publish('edge', 5, { nodeCluster: 'green' });
  t.is(rig.inspector.node('a')?.fleet, undefined);
  // Nobody tells it of percents any more: it keeps what it has, and copies nothing.
  t.is(node.served?.types.get(MIRROR_TYPE)?.labels.get('edge-m'), 0);
  t.is(rig.inspector.summary(['edge']).nodes, 0);
  rig.publish('edge', 5, { nodeCluster: 'blue' });
  t.is(rig.inspector.node('a')?.fleet, 'edge');
  rig.remove('edge');
  t.is(rig.inspector.node('a')?.fleet, undefined);
});

test('waiting ends when the last node has answered, whatever it answered', async (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  const [a, b] = [rig.node('a'), rig.node('b')];
  let ended = false;
  const waits = rig.delivery.waitAcked(['edge'], NEVER).then((summary) => {
    ended = true;
    return summary;
  });
  a.ack();
  await Promise.resolve();
  t.false(ended);
  b.nack('no');
  t.deepEqual(await waits, { nodes: 2, acked: 1, rejected: 1, pending: 0 });
});

test('waiting ends when the last that was pending goes, at the timeout, and when the asker goes', async (t) => {
  // A timeout alone keeps no process alive.
  const alive = setInterval(() => undefined, 1000);
  t.teardown(() => clearInterval(alive));
  const rig = new DeliveryRig();
  t.deepEqual(await rig.delivery.waitAcked(['edge'], NEVER), { nodes: 0, acked: 0, rejected: 0, pending: 0 });
  rig.publish('edge', 5);
  const [a, b] = [rig.node('a'), rig.node('b')];
  const waits = rig.delivery.waitAcked(['edge'], NEVER);
  a.ack();
  b.close();
  t.deepEqual(await waits, { nodes: 1, acked: 1, rejected: 0, pending: 0 });
  rig.node('c');
  t.like(await rig.delivery.waitAcked(['edge'], { timeoutMs: 1 }), { pending: 1 });
  const asker = new AbortController();
  const left = rig.delivery.waitAcked(['edge'], { ...NEVER, signal: asker.signal });
  asker.abort();
  t.like(await left, { pending: 1 });
});

test('who waits for one fleet does not wait for another', async (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  rig.publish('core', 5);
  rig.node('a').ack();
  rig.node('b', 'core');
  t.like(await rig.delivery.waitAcked(['edge'], NEVER), { nodes: 1, acked: 1 });
});

test('nodes that are gone are remembered for a day, and no more than ten thousand of them', (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  rig.node('first').close();
  rig.timers.pass(24 * 3600 * 1000 + 1);
  rig.node('second').close();
  t.deepEqual(
    rig.inspector.nodes().map(({ id }) => id),
    ['second'],
  );
  for (let n = 0; n < 10_001; n += 1) rig.node(`n${n}`).close();
  t.is(rig.inspector.nodes().length, 10_000);
  t.is(rig.inspector.node('second'), undefined);
});

test('what a node holds down by itself is what is in force there, and not what it acknowledged', (t) => {
  const rig = new DeliveryRig();
  rig.plane.limitOf = (_, { subscriptions }) => (subscriptions.get(MIRROR_TYPE)?.has('held') ? 0 : undefined);
  rig.publish('edge', 5);
  const node = rig.node('a').ack();
  t.is(rig.inspector.mirrorStatus('edge', 'edge-m').effectivePercent, 5);
  node.names.add('held');
  rig.delivery.subscribed(node, MIRROR_TYPE);
  t.is(rig.inspector.mirrorStatus('edge', 'edge-m').effectivePercent, 0);
  t.like(rig.inspector.view('edge', 'edge-m', 0)?.delivery, { chosen: 1, acked: 0, pending: 1 });
  node.names.delete('held');
  t.is(rig.inspector.mirrorStatus('edge', 'edge-m').effectivePercent, 5);
});

test('load reports are summed since the node connected, and only of nodes that are there', (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  const load = { cluster: 'edge-m', issued: 6, succeeded: 3, failed: 1, inProgress: 2, dropped: 1 };
  const a = rig.node('a');
  t.is(rig.inspector.mirrorStatus('edge', 'edge-m').observed, null);
  t.like(rig.inspector.mirrorStatus('edge', 'edge-m').recent, { copies: null, failed: null, dropped: null });
  rig.delivery.reported(a.node, [load], 1000);
  rig.delivery.reported(a.node, [{ ...load, issued: 2, inProgress: 0 }], 1000);
  rig.delivery.reported({ ...a.node, id: 'nobody' }, [load], 1000);
  t.like(rig.inspector.mirrorStatus('edge', 'edge-m').observed, {
    reportingNodes: 1,
    copies: 8,
    errors: 2,
    inProgress: 0,
    dropped: 2,
  });
  // Of five copies begun one was answered, and none is under way: nobody answered the others.
  rig.delivery.reported(
    a.node,
    [{ ...load, issued: 5, succeeded: 1, failed: 0, inProgress: 0, dropped: 0 }],
    1000,
  );
  t.like(rig.inspector.mirrorStatus('edge', 'edge-m').observed, { copies: 13, errors: 6 });
  a.close();
  t.is(rig.inspector.mirrorStatus('edge', 'edge-m').observed, null);
});

test('what happens to nodes is told, in order', (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  const node = rig.node('a').ack();
  rig.publish('edge', 6);
  node.nack('no').close();
  t.deepEqual(
    rig.events.map(({ kind }) => kind).filter((kind) => kind !== 'delivery'),
    ['node-connected', 'acked', 'rejected', 'node-disconnected'],
  );
  const rejection = rig.events.find(({ kind }) => kind === 'rejected');
  t.like(rejection, { node: 'a', fleet: 'edge', message: 'no' });
});

test('a node that was there before its fleet had a config is of the fleet when it has one, and again when it is back', (t) => {
  const rig = new DeliveryRig();
  rig.bare('edge');
  const node = rig.node('a');
  t.is(rig.inspector.summary(['edge']).nodes, 0);
  for (const percent of [5, 7]) {
    rig.publish('edge', percent);
    t.like(rig.inspector.summary(['edge']), { nodes: 1, pending: 1 });
    node.ack();
    t.like(rig.inspector.summary(['edge']), { nodes: 1, acked: 1 });
    t.is(rig.inspector.mirrorStatus('edge', 'edge-m').effectivePercent, percent);
    rig.publish('edge', 0);
    t.like(rig.inspector.summary(['edge']), { acked: 0, pending: 1 }, 'a stop waits for it');
    node.ack();
    rig.bare('edge');
  }
});
