import test from 'ava';
import { NginxNode, seedExample, startNginxRig } from '../support/nginx-rig.ts';
import { answeringLate, hangingInPart, hangingOneOfTwo } from '../support/nginx-sick.ts';

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
