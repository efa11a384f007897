import test from 'ava';
import { NginxNode, seedExample, startNginxRig } from '../support/nginx-rig.ts';
import { changesUnderLoad, headers, shares } from '../support/nginx-steps.ts';

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
});
