import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import test from 'ava';
import { load } from 'js-yaml';
import { startApp } from '../support/app.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';
import { CA, SERVER } from '../support/xds-certificates.ts';

const SEED = readFileSync(new URL('../../envoy/seed.yaml', import.meta.url), 'utf8');
const YAML = { 'content-type': 'application/yaml' };

test('the kinds of data plane are listed with what each can do', async (t) => {
  const app = await startApp(t);
  const { status, json } = await app.call('GET', '/v1/dataplanes');
  t.is(status, 200);
  const envoy = json.items.find(({ name }: { name: string }) => name === 'envoy');
  t.like(envoy, { percentStep: 0.0001, sampling: 'random', fleetShare: true, renderings: ['envoy'] });
  t.false(envoy.copy.withoutBody);
  const unknown = await app.call('PUT', '/v1/fleets/a', { dataPlane: 'apache' });
  t.is(unknown.status, 400);
});

test('what would be served is rendered as one file, with the percent in the routes', async (t) => {
  const app = await startApp(t);
  await app.call('PUT', '/v1/fleets/edge/config', SEED, YAML);
  await app.call('PATCH', '/v1/mirrors/edge-wallarm', { percent: 25 });
  const { status, text: rendered } = await app.call('GET', '/v1/fleets/edge/rendered');
  t.is(status, 200);
  const { static_resources: resources } = load(rendered) as any;
  t.is(resources.clusters.length, 2);
  t.regex(rendered, /numerator: 250000/);
  t.is((await app.call('GET', '/v1/fleets/edge/rendered?format=envoy')).text, rendered);
  const other = await app.call('GET', '/v1/fleets/edge/rendered?format=nginx');
  t.is(other.status, 400);
  t.regex(other.json.errors[0].message, /envoy/);
  t.is((await app.call('GET', '/v1/fleets/none/rendered')).status, 404);
});

test('a mirror whose copy is to have no body is refused where it cannot be had', async (t) => {
  const app = await startApp(t);
  await app.call('PUT', '/v1/fleets/edge/config', SEED, YAML);
  const answer = await app.call('PATCH', '/v1/mirrors/edge-wallarm', { copy: { body: false } });
  t.is(answer.status, 400);
  t.deepEqual(
    answer.json.errors.map(({ path }: { path: string }) => path),
    ['mirrors.edge-wallarm.copy.body'],
  );
});

test('REST is HTTPS when it is given a certificate', async (t) => {
  const directory = temporaryDirectory(t);
  const [cert, key] = ['http.crt', 'http.key'].map((name) => join(directory, name)) as [string, string];
  writeFileSync(cert, SERVER.cert);
  writeFileSync(key, SERVER.key);
  const app = await startApp(t, {}, ['--http-cert', cert, '--http-key', key]);
  const request = get(`${app.url.replace('http:', 'https:')}/healthz`, { ca: CA });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  t.is(response.statusCode, 200);
  t.truthy(await text(response));
});

test('what a Traefik fetches: with a token of its own, never empty, and looking at it makes no node', async (t) => {
  const app = await startApp(t, { MIRRORPLANE_TOKEN: 'all', MIRRORPLANE_NODE_TOKEN: 'nodes' });
  const all = { authorization: 'Bearer all' };
  const nodes = { authorization: 'Bearer nodes' };
  await app.call('PUT', '/v1/fleets/tfk', { dataPlane: 'traefik' }, all);
  t.is((await app.call('GET', '/v1/fleets/tfk/traefik', undefined, nodes)).status, 503);
  const example = readFileSync(new URL('../../examples/traefik.yaml', import.meta.url), 'utf8');
  t.is((await app.call('PUT', '/v1/fleets/tfk/config', example, { ...YAML, ...all })).status, 201);
  const looked = await app.call('GET', '/v1/fleets/tfk/traefik', undefined, nodes);
  t.is(looked.status, 200);
  t.truthy(looked.json.http.routers.with_mirroring);
  t.deepEqual((await app.call('GET', '/v1/nodes', undefined, all)).json.items, []);
  const fetched = await app.call('GET', '/v1/fleets/tfk/traefik?node=t1', undefined, nodes);
  t.is(fetched.text, looked.text);
  t.like((await app.call('GET', '/v1/nodes/t1', undefined, all)).json, {
    state: 'unconfirmed',
    fleet: 'tfk',
  });
  for (const path of ['/v1/fleets', '/v1/nodes', '/v1/fleets/tfk/config'])
    t.is((await app.call('GET', path, undefined, nodes)).status, 401, path);
  t.is((await app.call('GET', '/v1/fleets/tfk/bootstrap', undefined, all)).status, 409, 'no bootstrap');
});

test('a target that is the fleet itself is refused: its copies would be copied without end', async (t) => {
  const app = await startApp(t);
  await app.call('PUT', '/v1/fleets/edge/config', SEED, YAML);
  const loop = await app.call('PUT', '/v1/targets/wallarm', { endpoints: [{ host: '127.0.0.1', port: 80 }] });
  t.is(loop.status, 400);
  t.like(loop.json.errors[0], { path: 'mirrors.edge-wallarm.target' });
  t.regex(loop.json.errors[0].message, /127\.0\.0\.1:80, where this fleet itself listens/);
  for (const endpoint of [
    { host: '127.0.0.1', port: 81 },
    { host: '10.0.0.7', port: 80 },
  ]) {
    const fine = await app.call('PUT', '/v1/targets/wallarm', { endpoints: [endpoint] });
    t.is(fine.status, 200, JSON.stringify(endpoint));
  }
});

const EXAMPLES = {
  envoy: ['envoy/seed.yaml', 'application/yaml'],
  nginx: ['examples/nginx.conf', 'text/plain'],
  traefik: ['examples/traefik.yaml', 'application/yaml'],
  istio: ['examples/istio.yaml', 'application/yaml'],
} as const;

test('a config for another kind of data plane than its fleet is of is told so, before all that is wrong with it', async (t) => {
  const app = await startApp(t);
  for (const kind of Object.keys(EXAMPLES)) await app.call('PUT', `/v1/fleets/${kind}`, { dataPlane: kind });
  for (const [kind, [file, type]] of Object.entries(EXAMPLES)) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').replace(
      '- ...',
      '- shop.example',
    );
    for (const fleet of [...Object.keys(EXAMPLES), 'new']) {
      const put = await app.call('PUT', `/v1/fleets/${fleet}/config?dryRun=true`, text, {
        'content-type': type,
      });
      if (fleet === kind || (fleet === 'new' && kind === 'envoy')) t.is(put.status, 200, put.text);
      else {
        t.is(put.status, 400, `${kind} to ${fleet}`);
        const [first, second] = put.json.errors;
        t.is(
          first.message,
          `looks like a configuration for dataPlane "${kind}", and fleet "${fleet}" is of ` +
            `"${fleet === 'new' ? 'envoy' : fleet}": PUT /v1/fleets/${fleet} {"dataPlane":"${kind}"} first`,
        );
        t.truthy(second);
      }
    }
  }
  // Not of a config of its own kind, whatever else is wrong with it.
  for (const text of ['static_resources: { listeners: 5 }', 'http: 5', 'nothing: 5']) {
    const put = await app.call('PUT', '/v1/fleets/new/config', text, { 'content-type': 'application/yaml' });
    t.is(put.status, 400);
    t.notRegex(put.text, /looks like/);
  }
  const json = JSON.stringify({ http: { routers: {}, services: {} } }, null, 2);
  const put = await app.call('PUT', '/v1/fleets/new/config', json, { 'content-type': 'application/json' });
  t.regex(put.json.errors[0].message, /looks like .* "traefik"/);
});
