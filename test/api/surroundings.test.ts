import { readFileSync } from 'node:fs';
import test from 'ava';
import { type RunningApp, startApp } from '../support/app.ts';

const YAML = { 'content-type': 'application/yaml' };
const TEXT = { 'content-type': 'text/plain' };

function example(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
}

const NGINX = `http {
  upstream shop { server 10.0.1.1:8080; }
  server {
    listen 80;
    server_name shop.example;
    location / { mirror /copy; proxy_pass http://shop; }
    location = /copy { internal; proxy_pass http://wallarm:8445$request_uri; }
  }
}`;

async function furnish(app: RunningApp): Promise<void> {
  const istio = example('examples/istio.yaml').replace('- ...', '- httpbin.local');
  for (const [fleet, dataPlane, config, type] of [
    ['envoy', 'envoy', example('envoy/seed.yaml'), YAML],
    ['nginx', 'nginx', NGINX, TEXT],
    ['traefik', 'traefik', example('examples/traefik.yaml'), YAML],
    ['istio', 'istio', istio, YAML],
  ] as const) {
    await app.call('PUT', `/v1/fleets/${fleet}`, { dataPlane });
    const put = await app.call('PUT', `/v1/fleets/${fleet}/config?adopt=false`, config, type);
    if (put.status !== 201) throw new Error(put.text);
    await app.call('PUT', `/v1/targets/${fleet}`, { endpoints: [{ host: 'node.example', port: 8445 }] });
    const mirror = await app.call('PUT', `/v1/mirrors/${fleet}`, { fleet, target: fleet, percent: 5 });
    if (mirror.status !== 201) throw new Error(mirror.text);
  }
}

const ORIGINS = {
  envoy: { host: 'httpbin', port: 80, path: 'clusters[httpbin]' },
  nginx: { host: '10.0.1.1', port: 8080, path: 'line 6' },
  traefik: { host: 'httpbin', port: 80, path: 'http.services.httpbin.loadBalancer.servers[0]' },
  istio: {
    host: 'httpbin.default.svc.cluster.local',
    port: 80,
    path: 'VirtualService/default/httpbin.spec.http[0].route[0]',
  },
};
const HOSTS = {
  nginx: ['shop.example', 'line 5'],
  traefik: ['mirrored.example.com', 'http.routers.with_mirroring.rule'],
  istio: ['httpbin.local', 'VirtualService/default/httpbin.spec.hosts'],
};

interface Warning {
  readonly path: string;
  readonly message: string;
}

test('where copies had better not go is said by every data plane: at the write, in a dry run, and as it stands', async (t) => {
  const app = await startApp(t);
  await furnish(app);
  const about = (warnings: Warning[], fleet: string): string[] =>
    warnings.filter(({ path }) => path === `targets.${fleet}.endpoints[0]`).map(({ message }) => message);
  for (const [fleet, { host, port, path }] of Object.entries(ORIGINS)) {
    const body = { endpoints: [{ host, port }] };
    const dry = await app.call('PUT', `/v1/targets/${fleet}?dryRun=true`, body);
    t.is(dry.status, 200, dry.text);
    const put = await app.call('PUT', `/v1/targets/${fleet}`, body);
    for (const { json } of [dry, put]) {
      const [message = '', ...more] = about(json.warnings, fleet);
      t.true(message.includes(`sends the requests themselves (${path})`), `${fleet}: ${put.text}`);
      t.deepEqual(more, []);
    }
    const percent = await app.call('PATCH', `/v1/mirrors/${fleet}`, { percent: 6 });
    t.is(about(percent.json.warnings, fleet).length, 1);
    const shown = await app.call('GET', `/v1/mirrors/${fleet}`);
    t.is(about(shown.json.status.warnings, fleet).length, 1);
  }
  for (const [fleet, [host, path]] of Object.entries(HOSTS)) {
    const put = await app.call('PUT', `/v1/targets/${fleet}`, { endpoints: [{ host, port: 8445 }] });
    const [message = '', ...more] = about(put.json.warnings, fleet);
    t.true(message.includes(`fleet "${fleet}" itself answers for (${path})`), `${fleet}: ${put.text}`);
    t.deepEqual(more, []);
  }
  await app.call('PUT', '/v1/targets/envoy', { endpoints: [{ host: 'node.example', port: 8445 }] });
  t.deepEqual((await app.call('GET', '/v1/mirrors/envoy')).json.status.warnings, []);
});

test('what listens is refused wherever it is known', async (t) => {
  const app = await startApp(t);
  await furnish(app);
  for (const fleet of ['envoy', 'nginx', 'istio']) {
    const loop = await app.call('PUT', `/v1/targets/${fleet}`, {
      endpoints: [{ host: 'localhost', port: 80 }],
    });
    t.is(loop.status, 400, loop.text);
    t.is(loop.json.errors[0].path, `mirrors.${fleet}.target`);
    t.regex(loop.json.errors[0].message, /localhost:80, where this fleet itself listens/);
  }
});

test('a mirror that copies nothing any more since the config is another says so', async (t) => {
  const app = await startApp(t);
  const config = (name: string) =>
    example('envoy/seed.yaml')
      .replace('name: backend', `name: ${name}`)
      .replace(/request_mirror[^]*?: 100\n/, '\n');
  await app.call('PUT', '/v1/fleets/edge/config', config('shop'), YAML);
  await app.call('PUT', '/v1/targets/node', { endpoints: [{ host: 'node.example', port: 8445 }] });
  const body = { fleet: 'edge', target: 'node', percent: 100, routes: [{ virtualHost: 'shop' }] };
  await app.call('PUT', '/v1/mirrors/m', body);
  await app.call('PUT', '/v1/mirrors/all', { ...body, routes: [] });
  t.deepEqual((await app.call('GET', '/v1/mirrors/m')).json.status.warnings, []);
  const put = await app.call('PUT', '/v1/fleets/edge/config', config('store'), YAML);
  t.is(put.status, 200, put.text);
  const [warning, ...more] = (await app.call('GET', '/v1/mirrors/m')).json.status.warnings;
  t.is(warning.path, 'mirrors.m.routes');
  t.regex(warning.message, /nothing is copied/);
  t.deepEqual(more, []);
  const list = (await app.call('GET', '/v1/mirrors')).json.items;
  t.deepEqual(
    list.map(({ status }: { status: { warnings: Warning[] } }) => status.warnings.length),
    [0, 1],
  );
});
