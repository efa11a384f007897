import test from 'ava';
import { NginxNode, seedExample, startNginxRig } from '../support/nginx-rig.ts';
import { changesUnderLoad, headers, kills, refusals, restarts, shares } from '../support/nginx-steps.ts';
import { hanging } from '../support/nginx-sick.ts';

test('an NGINX with Lua: shares, headers, no request lost in changes, refusals, restarts, a node that hangs', async (t) => {
  const rig = await startNginxRig(t, { driver: 'lua' });
  const node = await NginxNode.start(t);
  await rig.plane.done('PUT', '/v1/fleets/ngx/config', seedExample(node.port));
  await rig.node('acked');
  await shares(t, rig, node);
  await headers(t, rig, node);
  const { changes, reloads, lost, requests } = await changesUnderLoad(t, rig, 20);
  t.log(`${lost} of ${requests} requests lost in ${changes} changes`);
  t.is(reloads, 0);
  t.is(lost, 0);
  await refusals(t, rig, node);
  await restarts(t, rig, node);
  await hanging(t, rig);
  await kills(t, rig, node);
});
