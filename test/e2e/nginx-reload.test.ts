import test from 'ava';
import { NginxNode, seedExample, startNginxRig } from '../support/nginx-rig.ts';
import { changesUnderLoad, headers, kills, mends, refusals, shares } from '../support/nginx-steps.ts';
import { hanging } from '../support/nginx-sick.ts';

/** Of the rig's NGINX. */
const WORKERS = 2;

test('an NGINX without Lua: shares, headers, what reloads cost, refusals, restarts, a node that hangs', async (t) => {
  const rig = await startNginxRig(t, { driver: 'reload', flags: ['--min-reload-interval', '300ms'] });
  const node = await NginxNode.start(t);
  await rig.plane.done('PUT', '/v1/fleets/ngx/config', seedExample(node.port));
  await rig.node('acked');
  await shares(t, rig, node);
  await headers(t, rig, node);
  const { changes, reloads, lost, requests, connections } = await changesUnderLoad(t, rig, 10);
  t.log(`${lost} of ${requests} requests lost in ${reloads} reloads over ${connections} connections`);
  t.is(reloads, changes);
  // Each old worker closes its connections once, and a client may come from one to the next.
  t.true(lost <= reloads * connections * WORKERS, `${lost} lost`);
  await refusals(t, rig, node);
  await mends(t, rig, node);
  await hanging(t, rig);
  await kills(t, rig, node);
});
