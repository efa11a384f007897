import { readFileSync } from 'node:fs';
import test from 'ava';
import { ERRORS } from '../../src/api/errors.ts';
import { type RunningApp, startApp } from '../support/app.ts';
import { openApiText } from '../support/openapi.ts';

const SEED = readFileSync(new URL('../../envoy/seed.yaml', import.meta.url), 'utf8');
const YAML = { 'content-type': 'application/yaml' };
const TARGET = { endpoints: [{ host: '127.0.0.1', port: 8445 }] };

async function seeded(app: RunningApp): Promise<void> {
  const { status } = await app.call('PUT', '/v1/fleets/edge/config', SEED, YAML);
  if (status !== 201) throw new Error(`the seed answered ${status}`);
}

test("the seed's example goes in unchanged and is adopted", async (t) => {
  const app = await startApp(t);
  const put = await app.call('PUT', '/v1/fleets/edge/config', SEED, YAML);
  t.is(put.status, 201);
  t.like(put.json, {
    name: 'edge',
    revision: 1,
    counts: { listeners: 1, routes: 1, clusters: 2 },
    adopted: { targets: ['wallarm'], mirrors: ['edge-wallarm'] },
    warnings: [],
  });
  const target = await app.call('GET', '/v1/targets/wallarm');
  t.deepEqual(target.json.endpoints, [{ host: 'wallarm', port: 8445 }]);
  const mirror = await app.call('GET', '/v1/mirrors/edge-wallarm');
  t.like(mirror.json, {
    fleet: 'edge',
    target: 'wallarm',
    percent: 100,
    status: { percent: 100, effectivePercent: null },
  });
  t.is((await app.call('GET', '/v1/fleets/edge/config')).text, SEED);
});

test('an object has its name, its revision, and that as ETag', async (t) => {
  const app = await startApp(t);
  const put = await app.call('PUT', '/v1/targets/wallarm', TARGET);
  t.is(put.status, 201);
  t.is(put.headers.get('etag'), '"1"');
  t.like(put.json, { name: 'wallarm', revision: 1 });
  const again = await app.call('PUT', '/v1/targets/wallarm', { endpoints: [{ host: 'b', port: 1 }] });
  t.is(again.status, 200);
  t.is((await app.call('GET', '/v1/targets/wallarm')).headers.get('etag'), '"2"');
  t.deepEqual(
    (await app.call('GET', '/v1/targets')).json.items.map(({ name }: { name: string }) => name),
    ['wallarm'],
  );
});

test('If-None-Match: * creates what is not there, and leaves alone what is', async (t) => {
  const app = await startApp(t);
  const absent = { 'if-none-match': '*' };
  const other = { endpoints: [{ host: 'other', port: 1 }] };
  t.is((await app.call('PUT', '/v1/targets/a', TARGET, absent)).status, 201);
  const again = await app.call('PUT', '/v1/targets/a', other, absent);
  t.is(again.status, 412);
  t.like(again.json, { status: 412, detail: 'targets/a exists already' });
  t.like((await app.call('GET', '/v1/targets/a')).json, { ...TARGET, revision: 1 });
  t.is((await app.call('PUT', '/v1/targets/b', TARGET, { 'if-none-match': '"1"' })).status, 400);
});

test('If-Match is honoured', async (t) => {
  const app = await startApp(t);
  await app.call('PUT', '/v1/targets/a', TARGET);
  const stale = await app.call('PATCH', '/v1/targets/a', { protocol: 'http2' }, { 'if-match': '"7"' });
  t.is(stale.status, 412);
  t.is((await app.call('PATCH', '/v1/targets/a', { protocol: 'http2' }, { 'if-match': '"1"' })).status, 200);
  t.is((await app.call('PUT', '/v1/targets/new', TARGET, { 'if-match': '*' })).status, 412);
  t.is((await app.call('PUT', '/v1/targets/a', TARGET, { 'if-match': 'W/"2"' })).status, 400);
});

test('writes that say nothing but why say it in X-Reason or in their body, and nothing else', async (t) => {
  const app = await startApp(t);
  await seeded(app);
  const plan = { mirror: 'edge-wallarm', steps: [{ percent: 50 }] };
  const history = async (): Promise<{ revision: number; reason?: string }[]> =>
    (await app.call('GET', '/v1/revisions')).json.items;
  const writes = [
    ['PUT', '/v1/stop'],
    ['DELETE', '/v1/stop'],
    ['PUT', '/v1/fleets/edge/stop'],
    ['DELETE', '/v1/fleets/edge/stop'],
    ['POST', '/v1/rollouts/up/start'],
    ['POST', '/v1/rollouts/up/abort'],
    ['DELETE', '/v1/rollouts/up'],
    ['DELETE', '/v1/targets/spare'],
    ['POST', '/v1/revisions/1/restore'],
  ] as const;
  for (const body of [{ reason: 'Störung 42' }, undefined]) {
    await app.call('PUT', '/v1/rollouts/up', plan);
    for (const name of ['spare', 'not-yet-there']) await app.call('PUT', `/v1/targets/${name}`, TARGET);
    for (const [method, path] of writes) {
      const before = await history();
      for (const wrong of [{ reason: 'x', fleet: 'edge' }, { reason: 42 }, ['x']]) {
        const refused = await app.call(method, path, wrong);
        t.is(refused.status, 400, `${method} ${path}`);
        t.is(refused.json.errors.length, 1);
      }
      t.is((await history()).length, before.length);
      const headers = body === undefined ? { 'x-reason': 'a header' } : {};
      const { status, text } = await app.call(method, path, body, headers);
      t.true(status === 200 || status === 201, `${method} ${path}: ${text}`);
      // A rollout that was started makes revisions of its own.
      const made = (await history()).slice(0, -before.length).at(-1);
      t.is(made?.reason, body?.reason ?? 'a header', `${method} ${path}`);
    }
  }
  await app.call('PUT', '/v1/stop', { reason: 'body' }, { 'x-reason': 'header' });
  t.is((await app.call('GET', '/v1/stops')).json.items[0].reason, 'header');
  await app.call('DELETE', '/v1/stop');
  t.is(
    (await app.call('PUT', '/v1/stop', { reason: '' })).status,
    201,
    'nothing to say is no reason not to stop',
  );
});

test('PATCH takes both types of JSON merge patch', async (t) => {
  const app = await startApp(t);
  await seeded(app);
  for (const [type, percent] of [
    ['application/json', 5],
    ['application/merge-patch+json', 12.5],
  ] as const) {
    const patched = await app.call('PATCH', '/v1/mirrors/edge-wallarm', JSON.stringify({ percent }), {
      'content-type': type,
    });
    t.is(patched.status, 200);
    t.is(patched.json.percent, percent);
  }
});

test('a dry run answers what would change and changes nothing', async (t) => {
  const app = await startApp(t);
  await seeded(app);
  const dry = await app.call('PATCH', '/v1/mirrors/edge-wallarm?dryRun=true', { percent: 1 });
  t.like(dry.json, { dryRun: true, percent: 1 });
  t.deepEqual(dry.json.diff, [
    { object: 'mirrors/edge-wallarm', op: 'replace', path: '/percent', before: 100, after: 1 },
  ]);
  t.is((await app.call('GET', '/v1/mirrors/edge-wallarm')).json.percent, 100);
  t.is((await app.call('GET', '/v1/revisions')).json.items.length, 1);
});

test('all errors of a body are answered at once, each with its path, and nothing changes', async (t) => {
  const app = await startApp(t);
  await seeded(app);
  const { status, headers, json } = await app.call('PUT', '/v1/targets/t', {
    endpoints: [{ host: 'http://x', port: 0 }],
    limits: { connectTimeout: 5 },
    nope: 1,
  });
  t.is(status, 400);
  t.regex(headers.get('content-type') ?? '', /^application\/problem\+json/);
  t.deepEqual(json.errors.map(({ path }: { path: string }) => path).sort(), [
    'endpoints[0].host',
    'endpoints[0].port',
    'limits.connectTimeout',
    'nope',
  ]);
  t.is((await app.call('GET', '/v1/targets/t')).status, 404);
});

test('a bad config is refused with all of its errors, and the old one stays', async (t) => {
  const app = await startApp(t);
  await seeded(app);
  const bad = SEED.replace('numerator: 100', 'numeratr: 100')
    .replace('type: STRICT_DNS', 'type: STRICT')
    .replace('domains:', 'domans:');
  const { status, json } = await app.call('PUT', '/v1/fleets/edge/config', bad, YAML);
  t.is(status, 400);
  const paths = json.errors.map(({ path }: { path: string }) => path) as string[];
  const host =
    'static_resources.listeners[0].filter_chains[0].filters[0].typed_config.route_config.virtual_hosts[0]';
  for (const path of [
    `${host}.domans`,
    `${host}.domains`,
    `${host}.routes[0].route.request_mirror_policies[0].runtime_fraction.default_value.numeratr`,
    'static_resources.clusters[0].type',
  ]) {
    t.true(paths.includes(path), path);
  }
  t.is((await app.call('GET', '/v1/fleets/edge/config')).text, SEED);
});

test('what is in use cannot be deleted, and its users are named', async (t) => {
  const app = await startApp(t);
  await seeded(app);
  for (const path of ['/v1/targets/wallarm', '/v1/fleets/edge']) {
    const { status, text } = await app.call('DELETE', path);
    t.is(status, 409);
    t.regex(text, /edge-wallarm/);
  }
  t.is((await app.call('DELETE', '/v1/mirrors/edge-wallarm')).status, 200);
  t.is((await app.call('DELETE', '/v1/targets/wallarm')).status, 200);
  t.is((await app.call('DELETE', '/v1/fleets/edge')).status, 200);
  t.deepEqual((await app.call('GET', '/v1/fleets')).json, { items: [] });
});

test('the history has author, reason and diff, and an older revision can be restored', async (t) => {
  const app = await startApp(t);
  await seeded(app);
  await app.call(
    'PATCH',
    '/v1/mirrors/edge-wallarm',
    { percent: 5 },
    { 'x-reason': 'canary', 'x-author': 'ann' },
  );
  const { json } = await app.call('GET', '/v1/revisions');
  t.like(json.items[0], { revision: 2, author: 'ann', reason: 'canary' });
  t.is((await app.call('GET', '/v1/revisions/2')).json.diff[0].after, 5);
  t.is((await app.call('POST', '/v1/revisions/1/restore')).json.revision, 3);
  t.is((await app.call('GET', '/v1/mirrors/edge-wallarm')).json.percent, 100);
  t.is((await app.call('GET', '/v1/revisions/99')).status, 404);
});

test('with a token, everything but health needs it', async (t) => {
  const app = await startApp(t, { MIRRORPLANE_TOKEN: 's3cret' });
  t.is((await app.call('GET', '/v1/fleets')).status, 401);
  t.is((await app.call('GET', '/metrics')).status, 401);
  t.is((await app.call('GET', '/v1/fleets', undefined, { authorization: 'Bearer wrong' })).status, 401);
  t.is((await app.call('GET', '/v1/fleets', undefined, { authorization: 'Bearer s3cret' })).status, 200);
  t.is((await app.call('GET', '/healthz')).status, 200);
  t.is((await app.call('GET', '/readyz')).status, 200);
});

test('wrong methods, types, queries and sizes have their own status', async (t) => {
  const app = await startApp(t);
  const wrong = await app.call('POST', '/v1/mirrors');
  t.is(wrong.status, 405);
  t.is(wrong.headers.get('allow'), 'GET, HEAD');
  t.is((await app.call('GET', '/nowhere')).status, 404);
  t.is((await app.call('PUT', '/v1/targets/a', '<a/>', { 'content-type': 'text/xml' })).status, 415);
  t.is((await app.call('PUT', '/v1/targets/a', '{"a":', { 'content-type': 'application/json' })).status, 400);
  t.is(
    (await app.call('PUT', '/v1/targets/a', 'x'.repeat(1_100_000), { 'content-type': 'application/json' }))
      .status,
    413,
  );
  const query = await app.call('GET', '/v1/nodes?a=1&b=2');
  t.is(query.status, 400);
  t.is(query.json.errors.length, 2);
  t.is((await app.call('PUT', '/v1/targets/a?wait=acked&timeout=soon', TARGET)).status, 400);
  t.is((await app.call('GET', '/v1/targets/a')).status, 404);
});

test('an object that comes as text is not taken for one', async (t) => {
  const app = await startApp(t);
  const text = { 'content-type': 'text/plain' };
  for (const path of ['targets/a', 'mirrors/a', 'fleets/a', 'rollouts/a']) {
    const answer = await app.call('PUT', `/v1/${path}`, JSON.stringify(TARGET), text);
    t.is(answer.status, 415, path);
    t.regex(answer.headers.get('content-type') ?? '', /^application\/problem\+json/);
    t.like(answer.json, { status: 415, title: 'The body has a type that is not taken here' });
    t.is((await app.call('GET', `/v1/${path}`)).status, 404);
  }
});

test('events tell of revisions', async (t) => {
  const app = await startApp(t);
  const response = await fetch(`${app.url}/v1/events`);
  t.is(response.headers.get('content-type'), 'text/event-stream');
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  await app.call('PUT', '/v1/targets/wallarm', TARGET);
  let text = '';
  while (!text.includes('"revision":1')) text += (await reader?.read())?.value ?? '';
  t.regex(text, /id: 1\nevent: revision\ndata: \{/);
  await reader?.cancel();
});

test('metrics have mirrors and nodes', async (t) => {
  const app = await startApp(t);
  await seeded(app);
  const { text } = await app.call('GET', '/metrics');
  t.regex(text, /mirrorplane_mirror_percent\{mirror="edge-wallarm",fleet="edge",target="wallarm"\} 100/);
  t.regex(text, /mirrorplane_nodes\{fleet="edge",state="acked"\} 0/);
  t.notRegex(text, /effective_percent\{/);
});

test('openapi.json is what the server serves (renew it with npm run openapi)', async (t) => {
  t.is(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8'), await openApiText());
});

test('docs/api.md lists every error code with its status', (t) => {
  const docs = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8');
  for (const [code, { status }] of Object.entries(ERRORS))
    t.regex(docs, new RegExp(`\\| \`${code}\` +\\| ${status} +\\|`));
});
