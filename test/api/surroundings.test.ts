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

const HCM =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
const TCP_PROXY = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';

function listener(name: string, port: number, config: object): object {
  const socket = { socket_address: { address: '127.0.0.1', port_value: port } };
  return { name, address: socket, filter_chains: [{ filters: [{ name, typed_config: config }] }] };
}

function http(name: string, action: object): object {
  const virtualHost = { name: 'v', domains: ['*'], routes: [{ match: { prefix: '/' }, route: action }] };
  return {
    ...{ '@type': HCM, stat_prefix: name, route_config: { name, virtual_hosts: [virtualHost] } },
    http_filters: [{ name: 'router', typed_config: { '@type': ROUTER } }],
  };
}

function cluster(name: string, port: number): object {
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: port } } };
  return {
    ...{ name, type: 'STATIC' },
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}

/** Port 47300 mirrors to port `mirrored`; on 47301 there is something on the way to the node. */
function envoyWith(mirrored: number, onTheWay: object): string {
  const shop = http('shop', { cluster: 'app', request_mirror_policies: [{ cluster: 'w' }] });
  const listeners = [listener('in', 47_300, shop), listener('to-node', 47_301, onTheWay)];
  const clusters = [cluster('app', 47_080), cluster('w', mirrored), cluster('node', 47_445)];
  return JSON.stringify({ static_resources: { listeners, clusters } });
}

const TUNNEL = { '@type': TCP_PROXY, stat_prefix: 'tunnel', cluster: 'node' };
const MIRRORED = { cluster: 'app', request_mirror_policies: [{ cluster: 'w' }] };

/** As one listens on 8445, with something of its own about mirrors. */
function nginxWith(mirrored: number, own: string): string {
  return `http { mirror /m;
  server {
    listen 80;
    location / { proxy_pass http://app; }
    location = /m { internal; proxy_pass http://127.0.0.1:${mirrored}$request_uri; }
  }
  server { listen 127.0.0.1:8445; ${own} location / { proxy_pass http://wallarm; } }
}`;
}

function istioWith(port: number): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop }
spec:
  hosts: [shop.example]
  gateways: [public]
  http: [{ route: [{ destination: { host: shop } }], mirror: { host: node.localhost, port: { number: ${port} } } }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: node }
spec:
  hosts: [node.localhost]
  ports: [{ number: ${port}, name: http, protocol: HTTP }]
  resolution: STATIC
  endpoints: [{ address: 127.0.0.1 }]
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: public }
spec:
  selector: { istio: ingress }
  servers:
    - { port: { number: 8080, name: a, protocol: HTTP }, hosts: [shop.example] }
    - { port: { number: 8081, name: b, protocol: HTTP }, hosts: [other.example] }
`;
}

const JSON_TYPE = { 'content-type': 'application/json' };

for (const [what, dataPlane, config, type, isLoop] of [
  ['Envoy, through a TCP proxy of its own', 'envoy', envoyWith(47_301, TUNNEL), JSON_TYPE, false],
  [
    'Envoy, through an HTTP listener of its own',
    'envoy',
    envoyWith(47_301, http('out', { cluster: 'node' })),
    JSON_TYPE,
    false,
  ],
  ['Envoy, to itself', 'envoy', envoyWith(47_300, TUNNEL), JSON_TYPE, true],
  [
    'Envoy, to a second listener that mirrors',
    'envoy',
    envoyWith(47_301, http('out', MIRRORED)),
    JSON_TYPE,
    true,
  ],
  ['NGINX, through a server that does not mirror', 'nginx', nginxWith(8445, 'mirror off;'), TEXT, false],
  ['NGINX, to itself', 'nginx', nginxWith(80, 'mirror off;'), TEXT, true],
  ['NGINX, to a second server that mirrors', 'nginx', nginxWith(8445, ''), TEXT, true],
  ['Istio, through a port where nothing is mirrored', 'istio', istioWith(8081), YAML, false],
  ['Istio, to itself', 'istio', istioWith(8080), YAML, true],
] as const) {
  test(`${isLoop ? 'a loop is refused' : 'no loop, and nothing to say of it'}: ${what}`, async (t) => {
    const app = await startApp(t);
    await app.call('PUT', '/v1/fleets/edge', { dataPlane });
    const put = await app.call('PUT', '/v1/fleets/edge/config', config, type);
    if (isLoop) {
      t.is(put.status, 400, put.text);
      t.regex(put.json.errors[0].path, /^mirrors\.[^.]+\.target$/);
      t.regex(put.json.errors[0].message, /each copy would be copied again/);
      return;
    }
    t.is(put.status, 201, put.text);
    const [name] = put.json.adopted.mirrors;
    t.is(typeof name, 'string');
    t.notRegex(put.text, /itself listens/);
    const patched = await app.call('PATCH', `/v1/mirrors/${name}`, { percent: 6 });
    t.is(patched.status, 200, patched.text);
    t.deepEqual(
      patched.json.warnings.filter(({ path }: Warning) => path.startsWith('targets.')),
      [],
    );
    // The same again from a mirror of everything: where it does select what comes in there, it is one.
    const { target } = patched.json;
    const all = await app.call('PUT', '/v1/mirrors/all', { fleet: 'edge', target, percent: 0 });
    t.is(all.status, what.includes('HTTP') ? 400 : 201, all.text);
  });
}

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
