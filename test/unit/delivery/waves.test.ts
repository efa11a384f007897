import test from 'ava';
import { DeliveryRig, type FakeStream } from '../../support/delivery-rig.ts';

/** One second of 600 primary requests on this node. */
function report(rig: DeliveryRig, node: FakeStream, failed: number): void {
  const load = { cluster: 'p-edge-m', issued: 600, inProgress: 0, dropped: 0 };
  rig.delivery.reported(node.node, [{ ...load, succeeded: 600 - failed, failed }], 1000);
}

/** Three nodes that have what they should, and report. */
function settled(rig: DeliveryRig): readonly FakeStream[] {
  rig.publish('edge', 5);
  const nodes = ['a', 'b', 'c'].map((id) => rig.node(id).ack());
  rig.timers.pass(31_000);
  for (const node of nodes) report(rig, node, 0);
  return nodes;
}

const granted = (rig: DeliveryRig): number => rig.inspector.fleetStatus('edge')?.change?.nodes ?? 0;
const state = (rig: DeliveryRig): string | undefined => rig.inspector.fleetStatus('edge')?.state;

function ackAll(nodes: readonly FakeStream[]): void {
  for (const node of nodes) node.ack();
}

test('a change that makes primary requests fail is taken back from one node, and the others never have it', (t) => {
  const rig = new DeliveryRig();
  const nodes = settled(rig);
  rig.publish('edge', 5, { without: 'broken' });
  t.is(granted(rig), 1);
  ackAll(nodes);
  // Its bake is over long ago; nobody knows yet what it did.
  rig.timers.pass(2000);
  t.is(granted(rig), 1);
  t.regex(rig.inspector.fleetStatus('edge')?.change?.unproven ?? '', /load reports/);
  for (const node of nodes)
    report(rig, node, rig.inspector.node(node.node.id)?.state === 'pending' ? 0 : 600);
  t.is(state(rig), 'rejected');
});

test('a fleet that is still watched after its first structure has something to compare with as well', (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  const nodes = ['a', 'b', 'c'].map((id) => rig.node(id).ack());
  rig.timers.pass(1000);
  for (const node of nodes) report(rig, node, 0);
  rig.publish('edge', 5, { without: 'broken' });
  ackAll(nodes);
  rig.timers.pass(900);
  t.is(granted(rig), 1, 'before anybody reported again');
});

test('a change whose first node reports no errors goes on, and one without reports does not wait for ever', (t) => {
  const rig = new DeliveryRig();
  const nodes = settled(rig);
  rig.publish('edge', 5, { without: 'fine' });
  ackAll(nodes);
  rig.timers.pass(1500);
  for (const node of nodes) report(rig, node, 0);
  rig.timers.pass(300);
  t.true(granted(rig) > 1);
  for (let wave = 0; wave < 3; wave += 1) {
    ackAll(nodes);
    rig.timers.pass(200);
  }
  rig.timers.pass(31_000);
  t.is(state(rig), 'settled');
  rig.publish('edge', 5, { without: 'silent' });
  ackAll(nodes);
  rig.timers.pass(10_500);
  t.true(granted(rig) > 1, 'ten seconds are the most');
});

test('after a restart in the middle of a change nodes that come back first are not all there are', (t) => {
  const before = new DeliveryRig();
  const good = before.publish('edge', 5);
  const next = before.publish('edge', 5, { host: 'next' });
  const rig = new DeliveryRig();
  const verdict = {
    fleet: 'edge',
    revision: 2,
    structure: next.structure,
    verdict: 'begun',
    time: '',
  } as const;
  rig.publish('edge', 5, {
    host: 'next',
    memory: { verdicts: [verdict], good: { revision: 1, compiled: good } },
  });
  const probe = rig.node('a').ack();
  rig.timers.pass(200);
  t.is(granted(rig), 0, 'nobody is given it before the others had time to come back');
  const others = ['b', 'c', 'd'].map((id) => rig.node(id).ack());
  rig.timers.pass(14_000);
  t.is(state(rig), 'delivering');
  t.is(granted(rig), 0);
  rig.timers.pass(1000);
  t.is(granted(rig), 1);
  ackAll([probe, ...others]);
});

test('nodes that join when few had completed a change get it in waves, too', (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  const first = rig.node('a').ack();
  rig.timers.pass(31_000);
  rig.publish('edge', 5, { host: 'next' });
  first.ack();
  t.is(state(rig), 'watching');
  const others = ['b', 'c', 'd', 'e'].map((id) => rig.node(id).ack());
  t.is(state(rig), 'delivering');
  t.true(granted(rig) < 5);
  rig.timers.pass(200);
  for (let wave = 0; wave < 4; wave += 1) {
    ackAll([first, ...others]);
    rig.timers.pass(200);
  }
  rig.timers.pass(31_000);
  t.is(state(rig), 'settled');
});

test('a first structure that is refused is no good one', (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  rig.node('a').nack('no');
  t.like(rig.inspector.fleetStatus('edge'), { state: 'rejected', good: null });
  t.is(rig.inspector.mirrorStatus('edge', 'edge-m').rejected?.message, 'no');
});
