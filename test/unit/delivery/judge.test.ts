import test from 'ava';
import { DeliveryRig, type FakeStream } from '../../support/delivery-rig.ts';

/** One second of 600 primary requests on this node. */
function report(rig: DeliveryRig, { node }: FakeStream, failed: number): void {
  rig.timers.pass(1000);
  const load = { cluster: 'p-edge-m', issued: 600, inProgress: 0, dropped: 0 };
  rig.delivery.reported(node, [{ ...load, succeeded: 600 - failed, failed }], 1000);
}

function rejection(rig: DeliveryRig): string | undefined {
  return rig.inspector.fleetStatus('edge')?.rejected?.message;
}

test('errors that rise with a change take it back, even when there is only a moment to compare with', (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  const node = rig.node('a').ack();
  report(rig, node, 0);
  rig.publish('edge', 5, { host: 'another' });
  node.ack();
  report(rig, node, 600);
  t.regex(rejection(rig) ?? '', /primary errors rose: 600 of 600 requests .* 0 of 600 .* before it/);
});

test('errors that were there before are no reason, nor are those of a change that was taken back', (t) => {
  const rig = new DeliveryRig();
  rig.publish('edge', 5);
  const node = rig.node('a').ack();
  report(rig, node, 60);
  rig.publish('edge', 5, { host: 'second' });
  node.ack();
  report(rig, node, 60);
  t.is(rejection(rig), undefined);
  rig.publish('edge', 5, { host: 'third' });
  node.ack();
  report(rig, node, 600);
  t.regex(rejection(rig) ?? '', /600 of 600 requests .* 120 of 1200 .* before it/);
  node.ack();
  rig.publish('edge', 5, { host: 'fourth' });
  node.ack();
  report(rig, node, 600);
  t.regex(rejection(rig) ?? '', /600 of 600 requests .* 120 of 1200 .* before it/);
});
