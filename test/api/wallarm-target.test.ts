/** A Wallarm node as a target, as REST has it; the node is a stand-in. */
import test from 'ava';
import { startApp } from '../support/app.ts';
import { edgeConfig } from '../support/edge-config.ts';
import { FleetOfClients } from '../support/fleet-of-clients.ts';
import { until } from '../support/until.ts';
import { WallarmNodeApi } from '../support/wallarm-node-api.ts';

const HERE = [{ host: '127.0.0.1' }];

test('of a node that is not asked, and of one that does not answer, nothing is said', async (t) => {
  const app = await startApp(t);
  const put = await app.call('PUT', '/v1/targets/wallarm', { kind: 'wallarm', endpoints: HERE });
  t.is(put.status, 201);
  const nothing = { healthy: null, since: null, reason: null, counters: null, lastSeen: null };
  t.like((await app.call('GET', '/v1/targets/wallarm')).json, {
    kind: 'wallarm',
    endpoints: [{ host: '127.0.0.1', port: 8445 }],
    status: { healthy: null, nodes: [{ host: '127.0.0.1', port: 8445, ...nothing }] },
  });
  const api = await WallarmNodeApi.start(t, () => 0);
  api.health = api.status = 'hang';
  await app.call('PATCH', '/v1/targets/wallarm', { node: api.probes });
  await until('it was asked', () => api.asked.health > 0 && api.asked.status > 0);
  t.like((await app.call('GET', '/v1/targets/wallarm')).json.status, { healthy: null, nodes: [nothing] });
  const metrics = (await app.call('GET', '/metrics')).text;
  t.regex(metrics, /mirrorplane_target_node_health\{target="wallarm",state="unknown"\} 1/);
  t.notRegex(metrics, /mirrorplane_target_node_requests_total\{/);
  await app.call('PUT', '/v1/targets/plain', { endpoints: [{ host: 'a', port: 1 }] });
  t.false('status' in (await app.call('GET', '/v1/targets/plain')).json);
});

test('what a node says of itself is shown, counted over its restarts, and told of', async (t) => {
  const app = await startApp(t);
  const events = (await fetch(`${app.url}/v1/events`)).body?.pipeThrough(new TextDecoderStream()).getReader();
  t.teardown(() => events?.cancel());
  let requests = 100;
  const api = await WallarmNodeApi.start(t, () => requests);
  await app.call('PUT', '/v1/targets/wallarm', { kind: 'wallarm', endpoints: HERE, node: api.probes });
  const node = async () => (await app.call('GET', '/v1/targets/wallarm')).json.status.nodes[0];
  const counted = async () => {
    const { text } = await app.call('GET', '/metrics');
    return Number(/mirrorplane_target_node_requests_total\{target="wallarm"\} (\d+)/.exec(text)?.[1] ?? NaN);
  };
  await until('it is healthy, and was read', async () => {
    const { healthy, counters } = await node();
    return healthy === true && counters?.requests === 100;
  });
  t.like((await node()).counters, { requestsLost: 0, startid: '1459972331756458216', restarts: 0 });
  t.is(await counted(), 0, 'what was before nobody saw');
  requests = 107;
  await until('seven more', async () => (await counted()) === 7);
  api.restart();
  requests += 5;
  await until('five more after a restart', async () => (await counted()) === 12);
  t.like((await node()).counters, { requests: 5, restarts: 1, startid: '1459972331756458217' });
  api.health = 302;
  api.status = 403;
  await until('it is not healthy', async () => (await node()).healthy === false);
  t.like(await node(), { reason: 'it answered 302', unread: 'it answered 403', counters: { requests: 5 } });
  t.like((await app.call('GET', '/v1/targets/wallarm')).json.status, { healthy: false });
  t.regex(
    (await app.call('GET', '/metrics')).text,
    /mirrorplane_target_node_health\{target="wallarm",state="unhealthy"\} 1/,
  );
  let text = '';
  while (!text.includes('"healthy":false')) text += (await events?.read())?.value ?? '';
  t.regex(text, /event: target-health\ndata: \{[^\n]*"target":"wallarm"[^\n]*"healthy":true/);
  t.regex(text, /"healthy":false,"reason":"it answered 302"/);
});

test('a target that is changed is asked anew, and one that is gone is not asked', async (t) => {
  const app = await startApp(t);
  const api = await WallarmNodeApi.start(t, () => 1);
  await app.call('PUT', '/v1/targets/wallarm', { kind: 'wallarm', endpoints: HERE, node: api.probes });
  await until('it is asked', () => api.asked.status > 1);
  const shown = (await app.call('GET', '/v1/targets/wallarm')).json;
  t.deepEqual((await app.call('PUT', '/v1/targets/wallarm', shown)).json.diff, [], 'GET can be PUT back');
  await app.call('PATCH', '/v1/targets/wallarm', { node: { status: null } });
  t.is((await app.call('GET', '/v1/targets/wallarm')).json.status.nodes[0].counters, null);
  await app.call('DELETE', '/v1/targets/wallarm');
  const { health, status } = { ...api.asked };
  await new Promise((resolve) => setTimeout(resolve, 600));
  t.true(api.asked.health <= health + 1 && api.asked.status <= status + 1);
});

test('a node is told which edges to believe: those that are connected, and those that are named', async (t) => {
  const app = await startApp(t);
  await app.call('PUT', '/v1/fleets/edge/config', edgeConfig({ origin: 9 }));
  await app.call('PUT', '/v1/targets/wallarm', { kind: 'wallarm', endpoints: HERE });
  await app.call('PUT', '/v1/mirrors/edge-wallarm', { fleet: 'edge', target: 'wallarm', percent: 5 });
  const config = async (query = '') => app.call('GET', `/v1/targets/wallarm/node-config${query}`);
  const before = await config();
  t.is(before.headers.get('content-type'), 'text/plain; charset=utf-8');
  t.notRegex(before.text, /set_real_ip_from \S+;/);
  const fleet = new FleetOfClients(Number(app.xds.split(':').at(-1)), 2, ['edge-routes']);
  t.teardown(() => fleet.close());
  await until('the edges are connected', async () => (await config()).text.includes('set_real_ip_from'));
  t.is((await config()).text.match(/set_real_ip_from 127\.0\.0\.1;/g)?.length, 1, 'each address once');
  const named = await config('?edge=10.1.0.0/16&edge=2001:db8::1');
  for (const edge of ['127.0.0.1', '10.1.0.0/16', '2001:db8::1'])
    t.true(named.text.includes(`set_real_ip_from ${edge};`), edge);
  const wrong = await config('?edge=10.0.0.1&edge=all;&edge=10.0.0.0/99');
  t.is(wrong.status, 400);
  t.deepEqual(
    wrong.json.errors.map(({ path }: { path: string }) => path),
    ['querystring.edge[1]', 'querystring.edge[2]'],
  );
  t.is((await app.call('GET', '/v1/targets/none/node-config')).status, 404);
  await app.call('PUT', '/v1/targets/plain', { endpoints: [{ host: 'a', port: 1 }] });
  const plain = await app.call('GET', '/v1/targets/plain/node-config');
  t.is(plain.status, 409);
  t.regex(plain.json.detail, /PATCH it with \{"kind":"wallarm"\}/);
});

test('a gate that goes by counters nobody reads is refused, with all else that is wrong', async (t) => {
  const app = await startApp(t);
  await app.call('PUT', '/v1/fleets/edge/config', edgeConfig({ origin: 9 }));
  await app.call('PUT', '/v1/targets/wallarm', { kind: 'wallarm', endpoints: HERE, node: { health: true } });
  await app.call('PUT', '/v1/mirrors/edge-wallarm', { fleet: 'edge', target: 'wallarm', percent: 5 });
  const plan = {
    mirror: 'edge-wallarm',
    steps: [{ percent: 10 }],
    gates: [
      { metric: 'rejections', max: 0 },
      { metric: 'nodeRequestsLost', max: 0 },
      { metric: 'nodeCoverage', min: 0.9 },
    ],
  };
  const refused = await app.call('PUT', '/v1/rollouts/canary', { ...plan, interval: 'soon' });
  t.is(refused.status, 400);
  t.deepEqual(
    refused.json.errors.map(({ path }: { path: string }) => path),
    ['interval', 'gates[1].metric', 'gates[2].metric'],
  );
  t.regex(refused.json.errors[1].message, /target wallarm has none configured: PATCH it with/);
  await app.call('PATCH', '/v1/targets/wallarm', { node: { status: true } });
  const put = await app.call('PUT', '/v1/rollouts/canary', plan);
  t.is(put.status, 201, put.text);
});
