import test from 'ava';
import { Polls } from '../../../src/delivery/polls.ts';
import { makeResource, makeSnapshot, makeTypeSnapshot } from '../../../src/snapshot/build.ts';
import type { StreamObserver, XdsStream } from '../../../src/xds/types.ts';
import { PollingRig } from '../../support/polling-rig.ts';
import { VirtualTimers } from '../../support/virtual-timers.ts';

const POLLED = { path: 'document', contentType: 'text/plain', typeUrl: 'test/document' };

const kinds = ({ events }: PollingRig): string[] =>
  events.map(({ kind }) => kind).filter((kind) => kind !== 'delivery');

test('a node that asks is given its document, the same until it changes, and has what it fetched', (t) => {
  const rig = new PollingRig({ readBack: false });
  t.is(rig.poll(), undefined);
  rig.publish(10);
  const first = rig.poll();
  t.regex(first ?? '', /100000/);
  t.is(rig.state(), 'acked');
  t.is(rig.percent(), 10);
  rig.timers.pass(5000);
  t.is(rig.poll(), first);
  const { polledAt, connectedAt = '' } = rig.inspector.node('n1') ?? {};
  t.is(Date.parse(polledAt ?? '') - Date.parse(connectedAt), 5000);
  rig.publish(20);
  t.is(rig.state(), 'pending');
  t.is(rig.percent(), 10);
  t.not(rig.poll(), first);
  t.is(rig.state(), 'acked');
  t.is(rig.percent(), 20);
  t.deepEqual(kinds(rig), ['node-connected', 'acked', 'acked']);
});

test('a node that has not asked for long is gone, and is back when it asks', (t) => {
  const rig = new PollingRig({ readBack: false });
  rig.publish(10);
  for (const interval of [14_000, 14_000, 500, 500]) {
    rig.poll();
    rig.timers.pass(interval);
  }
  t.true(rig.inspector.node('n1')?.connected);
  rig.poll();
  // Four times as long as it takes of late.
  rig.timers.pass(40_000);
  t.true(rig.inspector.node('n1')?.connected);
  rig.timers.pass(20_000);
  t.false(rig.inspector.node('n1')?.connected);
  rig.poll();
  t.is(rig.state(), 'acked');
  t.deepEqual(
    kinds(rig).filter((kind) => kind !== 'acked'),
    ['node-connected', 'node-disconnected', 'node-connected'],
  );
});

test('one that asked once does not hold up the others for long, and who only looks is no node', (t) => {
  const rig = new PollingRig({ readBack: false });
  rig.publish(10);
  const looked = rig.inspector.peek('edge')?.toString();
  t.is(rig.inspector.nodes().length, 0);
  t.is(rig.poll(), looked);
  rig.timers.pass(15_000);
  t.false(rig.inspector.node('n1')?.connected);
  t.is(rig.inspector.peek('none'), undefined);
});

test('a node that asks from another address stays connected', (t) => {
  const rig = new PollingRig({ readBack: false });
  rig.publish(10);
  rig.poll('n1', '10.0.0.1');
  t.is(typeof rig.poll('n1', '10.0.0.2'), 'string');
  t.is(rig.state(), 'acked');
  rig.timers.pass(95_000);
  t.deepEqual(
    kinds(rig).filter((kind) => kind !== 'acked'),
    ['node-connected', 'node-disconnected'],
  );
});

test('made-up ids do not fill the memory, and those known are served on', (t) => {
  const snapshot = makeSnapshot([
    makeTypeSnapshot(POLLED.typeUrl, [makeResource('it', Buffer.from('text'))]),
  ]);
  let open = 0;
  const nothing = (): void => undefined;
  const observer: StreamObserver = {
    opened: () => void open++,
    closed: () => void open--,
    subscribed: (stream: XdsStream) => stream.serve(snapshot),
    ...{ sent: nothing, settled: nothing, acked: nothing, rejected: nothing },
  };
  const timers = new VirtualTimers();
  const polls = new Polls(observer, timers);
  const poll = (id: string): string | undefined =>
    polls.poll({ node: { id, cluster: 'edge', version: undefined }, peer: '10.0.0.1' }, POLLED)?.toString();
  for (let n = 0; n < 10_000; n++) poll(`n${n}`);
  t.is(poll('one more'), undefined);
  t.is(poll('n0'), 'text');
  t.is(open, 10_000);
  polls.stop();
});
