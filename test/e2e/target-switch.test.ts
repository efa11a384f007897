import test, { type ExecutionContext } from 'ava';
import { get } from '../support/http-client.ts';
import { startLoad } from '../support/load.ts';
import { settled, startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';
import { WallarmStandIn } from '../support/wallarm-stand-in.ts';
import type { ControlPlane } from '../support/control-plane.ts';

type Switch = (plane: ControlPlane, port: number) => Promise<{ delivery: unknown }>;

const byMirror: Switch = async (plane, port) => {
  await plane.done('PUT', '/v1/targets/wallarm-b', { endpoints: [{ host: '127.0.0.1', port }] });
  return plane.done('PATCH', '/v1/mirrors/edge-wallarm?wait=acked&timeout=20s', { target: 'wallarm-b' });
};

const byEndpoints: Switch = (plane, port) =>
  plane.done('PUT', '/v1/targets/wallarm?wait=acked&timeout=20s', {
    endpoints: [{ host: '127.0.0.1', port }],
  });

test.serial('a mirror is given another target under load', (t) => switched(t, byMirror));
test.serial('a target is given other endpoints under load', (t) => switched(t, byEndpoints));

async function switched(t: ExecutionContext, doSwitch: Switch): Promise<void> {
  const { plane, wallarm: a, envoy: join } = await startRig(t);
  const [copiesAfter, b] = await counted('after');
  t.teardown(() => b.stop());
  const envoy = await join();
  let phase = 'before';
  const sent = { before: 0, after: 0 };
  const load = startLoad({
    port: await envoy.port(),
    connections: 8,
    request: () => {
      if (phase === 'before' || phase === 'after') sent[phase]++;
      return get('/', { 'X-Phase': phase });
    },
  });
  t.teardown(() => load.stop());
  await load.more(500);
  t.is(b.count, 0);

  phase = 'switching';
  const answer = await doSwitch(plane, b.port);
  t.deepEqual(answer.delivery, { nodes: 1, acked: 1, rejected: 0, pending: 0 });
  // Envoy acknowledges a cluster before it is warm.
  await until('a first copy at the new node', () => b.count > 0);
  phase = 'after';
  await load.more(1_000);
  const result = await load.stop();
  await settled(envoy);

  t.is(result.failed, 0, result.failures.join('; '));
  t.is(await envoy.stat('http.edge.downstream_cx_total'), 8, 'no connection was closed');
  t.is(copiesAfter(), sent.after, 'each copy is at the new node');
  t.is(a.heads.filter((head) => head.get('x-phase') === 'after').length, 0, 'none is at the old');
  t.true(sent.after >= 1_000 - 8);
  const copies = a.count + b.count;
  t.log(
    `${result.sent} requests, ${a.count} copies at the old node, ${b.count} at the new, ${result.sent - copies} lost`,
  );
  t.true(a.count >= sent.before);
}

/** A second node, with the number of its copies of a phase. */
async function counted(phase: string): Promise<[count: () => number, node: WallarmStandIn]> {
  let count = 0;
  const node = await WallarmStandIn.start({
    onHead: (head) => {
      if (head.get('x-phase') === phase) count++;
    },
  });
  return [() => count, node];
}
