import test from 'ava';
import { reacts } from '../../src/agent/probe.ts';
import { NginxNode, seedExample, startNginxRig } from '../support/nginx-rig.ts';
import { answeringLate, hangingInPart, hangingOneOfTwo } from '../support/nginx-sick.ts';
import { until } from '../support/until.ts';

for (const [what, step] of [
  ['does not answer each third copy', hangingInPart],
  ['answers late', answeringLate],
  ['is one of two, and hangs', hangingOneOfTwo],
] as const) {
  test.serial(`a node that ${what} is switched off before its clients have waited much`, async (t) => {
    const rig = await startNginxRig(t, { driver: 'lua' });
    const node = await NginxNode.start(t);
    await rig.plane.done('PUT', '/v1/fleets/ngx/config', seedExample(node.port));
    await rig.node('acked');
    await step(t, rig);
  });
}

test.serial('what the agent asks a node is no traffic for one that is an NGINX', async (t) => {
  const node = await NginxNode.start(t);
  const copies = await node.count();
  t.true(await reacts('127.0.0.1', node.port, {}, 10_000));
  // A request of one's own is, and comes after.
  await fetch(`http://127.0.0.1:${node.port}/mine`);
  await until('it is logged', async () => (await node.copies()).at(-1)?.uri === '/mine');
  t.is(await node.count(), copies + 1);
});
