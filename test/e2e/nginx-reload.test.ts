import test from 'ava';
import { NginxNode, seedExample, startNginxRig } from '../support/nginx-rig.ts';
import {
  changesUnderLoad,
  hanging,
  headers,
  kills,
  mends,
  refusals,
  shares,
} from '../support/nginx-steps.ts';

test('reload', async (t) => {
  const rig = await startNginxRig(t, { driver: 'reload', flags: ['--min-reload-interval', '300ms'] });
  const node = await NginxNode.start(t);
  await rig.plane.done('PUT', '/v1/fleets/ngx/config', seedExample(node.port));
  await rig.node('acked');
  await shares(t, rig, node);
  await headers(t, rig, node);
  const { changes, reloads, lost, requests, connections } = await changesUnderLoad(t, rig, 10);
  t.log(`${lost} of ${requests} lost in ${changes} changes, ${reloads} reloads`);
  t.is(reloads, changes);
  t.true(lost <= reloads * connections);
  console.log('refusals', rig.agent().said().length);
  await refusals(t, rig, node);
  console.log('mends');
  await mends(t, rig, node);
  console.log('hanging');
  t.log(`switched off after ${await hanging(t, rig, rig.plane)} s`);
  console.log('kills');
  await rig.plane.done('PATCH', '/v1/mirrors/ngx-mirror-test?wait=acked', { target: 'mirror-test' });
  await kills(t, rig, node);
});
