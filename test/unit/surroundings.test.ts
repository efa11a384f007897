import { readFileSync } from 'node:fs';
import test from 'ava';
import type { DataPlane, Surroundings } from '../../src/dataplanes/data-plane.ts';
import { createEnvoyDataPlane, loadSchema } from '../../src/dataplanes/envoy/index.ts';
import { createIstioDataPlane, loadIstioSchema } from '../../src/dataplanes/istio/index.ts';
import { createNginxDataPlane } from '../../src/dataplanes/nginx/index.ts';
import { createTraefikDataPlane } from '../../src/dataplanes/traefik/index.ts';
import { DEFAULT_COPY, type Mirror, type RouteSelector } from '../../src/model/mirror.ts';

const envoy = createEnvoyDataPlane(loadSchema());
const nginx = createNginxDataPlane();
const traefik = createTraefikDataPlane();
const istio = createIstioDataPlane(loadIstioSchema());

type Reader = Pick<DataPlane, 'readConfig'>;

function surroundingsOf(dataPlane: Reader, config: string, adopt = true): Surroundings {
  const read = dataPlane.readConfig(config, 'yaml', { fleet: 'edge', adopt });
  if (!read.ok) throw new Error(JSON.stringify(read.issues));
  return read.value.surroundings;
}

function around(dataPlane: Reader, config: string, adopt?: boolean) {
  const { listeners, ...rest } = surroundingsOf(dataPlane, config, adopt);
  return { ...rest, listeners: listeners.map(({ host, port }) => ({ host, port })) };
}

/** By port: whether a mirror with these selectors copies what comes in. */
function copied(
  dataPlane: Reader,
  config: string,
  routes: readonly RouteSelector[] = [],
  exclude: readonly RouteSelector[] = [],
): Record<number, boolean | undefined> {
  const names = { name: 'm', fleet: 'edge', target: 't' };
  const mirror: Mirror = { ...names, percent: 0, copy: DEFAULT_COPY, routes, exclude };
  const { listeners } = surroundingsOf(dataPlane, config, false);
  return Object.fromEntries(listeners.map((listener) => [listener.port, listener.copiedBy(mirror)]));
}

function example(name: string): string {
  return readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8');
}

test("Envoy's example: its port, every name, its cluster; not where copies go", (t) => {
  for (const adopt of [true, false])
    t.deepEqual(around(envoy, example('envoy/seed.yaml'), adopt), {
      listeners: [{ host: '0.0.0.0', port: 80 }],
      hosts: [{ name: '*', path: 'routes[local_route].virtual_hosts[backend].domains' }],
      origins: [{ host: 'httpbin', port: 80, path: 'clusters[httpbin]' }],
    });
});

test("NGINX's example is of two locations, of which one makes the copies", (t) => {
  for (const adopt of [true, false])
    t.deepEqual(around(nginx, example('examples/nginx.conf'), adopt), {
      listeners: [],
      hosts: [],
      origins: [],
    });
});

test("Traefik's example: the hosts of its routers, and the server behind them", (t) => {
  for (const adopt of [true, false])
    t.deepEqual(around(traefik, example('examples/traefik.yaml'), adopt), {
      listeners: [],
      hosts: [
        { name: 'mirrored.example.com', path: 'http.routers.with_mirroring.rule' },
        { name: 'original.example.local', path: 'http.routers.just_to_original.rule' },
      ],
      origins: [{ host: 'httpbin', port: 80, path: 'http.services.httpbin.loadBalancer.servers[0]' }],
    });
});

test("Istio's example: its gateway, its hosts, and the service behind its route", (t) => {
  const config = example('examples/istio.yaml').replace('- ...', '- httpbin.local');
  for (const adopt of [true, false])
    t.deepEqual(around(istio, config, adopt), {
      listeners: [{ host: '0.0.0.0', port: 80 }],
      hosts: [
        { name: 'httpbin.local', path: 'VirtualService/default/httpbin.spec.hosts' },
        { name: 'httpbin.local', path: 'Gateway/default/httpbin-gateway.spec.servers[0].hosts' },
      ],
      origins: [
        {
          host: 'httpbin.default.svc.cluster.local',
          port: 80,
          path: 'VirtualService/default/httpbin.spec.http[0].route[0]',
        },
      ],
    });
});

const HCM =
  'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
const TCP_PROXY = 'type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy';
const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
const AGGREGATE = 'type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig';

function address(host: string, port: number, more: object = {}): object {
  return { socket_address: { address: host, port_value: port, ...more } };
}

function assignment(name: string, ...addresses: readonly object[]): object {
  const endpoints = addresses.map((one) => ({ endpoint: { address: one } }));
  return { cluster_name: name, endpoints: [{ lb_endpoints: endpoints }] };
}

test('Envoy: names of certificates, clusters by weight, of others and by EDS; no UDP, nor what nobody can connect to', (t) => {
  const route = (action: object) => ({ match: { prefix: '/' }, route: action });
  const filter = {
    name: 'hcm',
    typed_config: {
      '@type': HCM,
      stat_prefix: 'in',
      rds: { route_config_name: 'r', config_source: { ads: {}, resource_api_version: 'V3' } },
      http_filters: [{ name: 'router', typed_config: { '@type': ROUTER } }],
    },
  };
  const config = {
    listeners: [
      {
        name: 'in',
        address: address('10.0.0.1', 443),
        additional_addresses: [{ address: address('::', 443) }],
        filter_chains: [{ filter_chain_match: { server_names: ['tls.example'] }, filters: [filter] }],
      },
      { name: 'handed over', address: address('0.0.0.0', 81), bind_to_port: false },
    ],
    routes: [
      {
        name: 'r',
        virtual_hosts: [
          {
            name: 'shop',
            domains: ['shop.example', 'shop.example:8080', '*.shop.example:*'],
            routes: [
              route({
                weighted_clusters: {
                  clusters: [
                    { name: 'a', weight: 1 },
                    { name: 'all', weight: 1 },
                  ],
                },
              }),
              { match: { prefix: '/old' }, redirect: { path_redirect: '/new' } },
            ],
          },
        ],
      },
    ],
    clusters: [
      {
        name: 'a',
        connect_timeout: '1s',
        type: 'STATIC',
        load_assignment: assignment('a', address('10.0.1.1', 80)),
      },
      {
        name: 'all',
        connect_timeout: '1s',
        lb_policy: 'CLUSTER_PROVIDED',
        cluster_type: {
          name: 'envoy.clusters.aggregate',
          typed_config: { '@type': AGGREGATE, clusters: ['eds'] },
        },
      },
      {
        name: 'eds',
        type: 'EDS',
        connect_timeout: '1s',
        eds_cluster_config: { service_name: 'known', eds_config: { ads: {}, resource_api_version: 'V3' } },
      },
      {
        name: 'idle',
        connect_timeout: '1s',
        type: 'STATIC',
        load_assignment: assignment('idle', address('10.0.9.9', 80)),
      },
    ],
    endpoints: [
      assignment('known', address('10.0.2.1', 80), address('10.0.2.2', 81), { pipe: { path: '/run/a' } }),
    ],
  };
  t.deepEqual(around(envoy, JSON.stringify(config)), {
    listeners: [
      { host: '10.0.0.1', port: 443 },
      { host: '::', port: 443 },
    ],
    hosts: [
      ...['shop.example', 'shop.example', '*.shop.example'].map((name) => ({
        name,
        path: 'routes[r].virtual_hosts[shop].domains',
      })),
      { name: 'tls.example', path: 'listeners[in].filter_chains[0].filter_chain_match.server_names' },
    ],
    origins: [
      { host: '10.0.1.1', port: 80, path: 'clusters[a]' },
      { host: '10.0.2.1', port: 80, path: 'clusters[eds]' },
      { host: '10.0.2.2', port: 81, path: 'clusters[eds]' },
    ],
  });
});

interface Manager {
  readonly [field: string]: unknown;
}

function listener(port: number, ...managers: readonly Manager[]): object {
  const filters = managers.map((fields) => ({
    name: 'hcm',
    typed_config: {
      ...{ '@type': HCM, stat_prefix: 'in', ...fields },
      http_filters: [{ name: 'router', typed_config: { '@type': ROUTER } }],
    },
  }));
  const chains = filters.map((filter, index) => ({
    ...(index > 0 && { filter_chain_match: { server_names: [`${index}.example`] } }),
    filters: [filter],
  }));
  return { name: `l${port}`, address: address('127.0.0.1', port), filter_chains: chains };
}

function byRds(name: string): Manager {
  return { rds: { route_config_name: name, config_source: { ads: {}, resource_api_version: 'V3' } } };
}

const SCOPES = {
  name: 'scopes',
  scope_key_builder: {
    fragments: [{ header_value_extractor: { name: 'x', element_separator: ',', index: 0 } }],
  },
  rds_config_source: { ads: {}, resource_api_version: 'V3' },
};

function scoped(name: string): Manager {
  const scope = { name: 's', key: { fragments: [{ string_key: 'a' }] }, route_configuration_name: name };
  return {
    scoped_routes: {
      ...SCOPES,
      scoped_route_configurations_list: { scoped_route_configurations: [scope] },
    },
  };
}

const SCOPES_ELSEWHERE: Manager = {
  scoped_routes: {
    ...SCOPES,
    scoped_rds: { scoped_rds_config_source: { ads: {}, resource_api_version: 'V3' } },
  },
};

function routesTo(name: string, ...prefixes: readonly string[]): object {
  const routes = prefixes.map((prefix) => ({ name: prefix, match: { prefix }, route: { cluster: 'a' } }));
  return { name, virtual_hosts: [{ name: `${name}-host`, domains: ['*'], routes }] };
}

test('Envoy: what comes in at a listener is copied where a mirror selects a route that its managers lead to', (t) => {
  const plain = routesTo('plain', '/');
  const redirects = { match: { prefix: '/' }, redirect: { path_redirect: '/new' } };
  const config = JSON.stringify({
    listeners: [
      listener(1, byRds('shop')),
      listener(2, { route_config: plain }),
      listener(3, { route_config: routesTo('inner', '/in') }, byRds('shop')),
      listener(4, scoped('shop')),
      listener(5, SCOPES_ELSEWHERE),
      listener(6, {
        route_config: { name: 'gone', virtual_hosts: [{ name: 'v', domains: ['*'], routes: [redirects] }] },
      }),
      {
        name: 'tunnel',
        address: address('127.0.0.1', 7),
        filter_chains: [
          {
            filters: [
              {
                name: 'tcp',
                typed_config: { '@type': TCP_PROXY, stat_prefix: 'tcp', cluster: 'a' },
              },
            ],
          },
        ],
      },
    ],
    routes: [routesTo('shop', '/api', '/')],
    clusters: [
      {
        ...{ name: 'a', connect_timeout: '1s', type: 'STATIC' },
        load_assignment: assignment('a', address('10.0.1.1', 80)),
      },
    ],
  });
  const by = (routes?: readonly RouteSelector[], exclude?: readonly RouteSelector[]) =>
    copied(envoy, config, routes, exclude);
  t.deepEqual(by(), { 1: true, 2: true, 3: true, 4: true, 5: undefined, 6: false });
  const shop = { 1: true, 2: false, 3: true, 4: true, 5: undefined, 6: false };
  t.deepEqual(by([{ routeConfig: 'shop' }]), shop);
  t.deepEqual(by([{ route: '/api' }]), shop);
  t.deepEqual(by([], [{ routeConfig: 'plain' }, { routeConfig: 'inner' }]), shop);
  // One that leaves something of a route selects it all the same.
  t.deepEqual(by([], [{ pathPrefix: '/in' }]), {
    1: true,
    2: true,
    3: true,
    4: true,
    5: undefined,
    6: false,
  });
  t.deepEqual(by([{ pathPrefix: '/in/a' }], [{ routeConfig: 'shop' }, { routeConfig: 'plain' }]), {
    ...{ 1: false, 2: false, 3: true, 4: false, 5: undefined, 6: false },
  });
});

test('Envoy: ten thousand routes are looked through in a part of the time that they take to be read', (t) => {
  const prefixes = Array.from({ length: 10_000 }, (_, index) => `/p${index}`);
  const config = JSON.stringify({
    listeners: [listener(1, byRds('shop'))],
    routes: [routesTo('shop', ...prefixes)],
    clusters: [
      {
        ...{ name: 'a', connect_timeout: '1s', type: 'STATIC' },
        load_assignment: assignment('a', address('10.0.1.1', 80)),
      },
    ],
  });
  const begin = performance.now();
  const [only] = surroundingsOf(envoy, config).listeners;
  const reading = performance.now() - begin;
  const names = { name: 'm', fleet: 'edge', target: 't', percent: 0, copy: DEFAULT_COPY, exclude: [] };
  const mirror: Mirror = { ...names, routes: [{ match: { prefix: '/none' } }] };
  const start = performance.now();
  t.is(only?.copiedBy(mirror), false);
  const ms = performance.now() - start;
  t.true(ms < reading / 2, `${ms} ms, and ${reading} ms to read`);
});

const NGINX = `
stream { server { listen 5432; proxy_pass db:5432; } }
http {
  upstream shop { server 10.0.1.1:8080; server app; server unix:/run/app; }
  server {
    listen 80; listen [::]:80; listen 443 ssl; listen 10.0.0.1:81; listen 8443 quic; listen unix:/run/nginx;
    server_name shop.example .api.example www.shop.* ~^a$ _ "";
    location / { mirror /copy; proxy_pass http://shop; }
    location /plain { proxy_pass https://plain.example/there; }
    location /grpc { grpc_pass grpc://10.0.1.2:50051; }
    location /which { proxy_pass http://$somewhere; }
    location = /copy { internal; proxy_pass http://wallarm:8445$request_uri; }
    location = /_mirrorplane/m { internal; proxy_pass http://node:8445$request_uri; }
  }
  server { server_name quiet.example; listen 127.0.0.1:8445; location / { proxy_pass http://wallarm.example; } }
}`;

test('NGINX: listeners of servers that copy, names of all, and upstreams of what is no copy', (t) => {
  t.deepEqual(around(nginx, NGINX), {
    listeners: [
      { host: '0.0.0.0', port: 80 },
      { host: '::', port: 80 },
      { host: '0.0.0.0', port: 443 },
      { host: '10.0.0.1', port: 81 },
    ],
    hosts: [
      ...['shop.example', 'api.example', '*.api.example', 'www.shop.*'].map((name) => ({
        name,
        path: 'line 7',
      })),
      { name: 'quiet.example', path: 'line 15' },
    ],
    origins: [
      { host: '10.0.1.1', port: 8080, path: 'line 8' },
      { host: 'app', port: 80, path: 'line 8' },
      { host: 'plain.example', port: 443, path: 'line 9' },
      { host: '10.0.1.2', port: 50_051, path: 'line 10' },
      { host: 'wallarm.example', port: 80, path: 'line 15' },
    ],
  });
});

test('NGINX: where no server is known to copy any may come to; one that says no port has 80', (t) => {
  const ports = (config: string) => around(nginx, config).listeners.map(({ port }) => port);
  t.deepEqual(ports('http { server { } server { listen 81; } }'), [80, 81]);
  t.deepEqual(
    ports('http { mirror /m; server { listen 80; location /m { return 204; } } server { listen 81; } }'),
    [80, 81],
  );
  const included = 'include /etc/nginx/mirrorplane/location.conf;';
  t.deepEqual(ports(`http { server { listen 80; location / { ${included} } } server { listen 81; } }`), [80]);
});

for (const [what, config, routes, expected] of [
  ['one without any line of a mirror, alone', 'server { }', [], { 80: true }],
  [
    'two, on one address',
    'server { listen 81; } server { listen 81; listen 82; }',
    [],
    { 81: true, 82: undefined },
  ],
  [
    'one beside others in other files',
    'include conf.d/*.conf; include mime.types; server { }',
    [],
    { 80: undefined },
  ],
  [
    'two under one mirror, of which one is off',
    'mirror /m; server { listen 80; location / { } } server { listen 81; mirror off; location / { } }',
    [],
    { 80: true },
  ],
  [
    'two under one mirror, where locations are off',
    'mirror /m; server { location / { mirror off; } location /a { } } server { listen 81; location / { mirror off; } }',
    [],
    { 80: true },
  ],
  [
    'one that is prepared',
    'server { include mirrorplane/server.conf; } server { listen 81; }',
    [],
    { 80: undefined },
  ],
  [
    'two, each with locations of its own',
    'server { location / { include mirrorplane/location-a.conf; } } ' +
      'server { listen 81; location / { include mirrorplane/location-b.conf; } }',
    [{ route: 'a' }],
    { 80: true, 81: false },
  ],
  [
    'two with a file for all, of which one is off',
    'include mirrorplane/location.conf; server { } server { listen 81; mirror off; }',
    [],
    { 80: true },
  ],
] as const) {
  test(`NGINX: servers that make copies: ${what}`, (t) => {
    t.deepEqual(copied(nginx, `http { ${config} }`, routes), expected);
  });
}

test('Traefik: hosts however a rule is written, and servers behind services of services', (t) => {
  const server = (...urls: readonly string[]) => ({
    loadBalancer: { servers: urls.map((url) => ({ url })) },
  });
  const config = {
    http: {
      routers: {
        a: { rule: 'Host(`a.example`) && PathPrefix(`/x`) || HOST("b.example")', service: 'weighted' },
        b: { rule: 'PathPrefix(`/`) && !Host(`not.example`) && ! Host(`nor.example`)', service: 'copied' },
        c: { rule: 'Host(`c.example`, `d.example`)', ruleSyntax: 'v2', service: 'api@internal' },
      },
      services: {
        weighted: {
          weighted: {
            services: [
              { name: 'one', weight: 1 },
              { name: 'safe', weight: 1 },
            ],
          },
        },
        safe: { highestRandomWeight: { services: [{ name: 'two', weight: 1 }] } },
        copied: { mirroring: { service: 'two', mirrors: [{ name: 'node', percent: 5 }] } },
        one: server('http://10.0.1.1:8080', 'h2c://[2001:db8::1]'),
        two: server('https://two.example/base'),
        node: server('http://wallarm:8445'),
        idle: server('http://idle:80'),
      },
    },
  };
  const { hosts, origins } = around(traefik, JSON.stringify(config), false);
  t.deepEqual(
    hosts.map(({ name }) => name),
    ['a.example', 'b.example', 'c.example', 'd.example'],
  );
  const places = origins.map(({ host, port }) => `${host} ${port}`);
  t.deepEqual(places.sort(), ['10.0.1.1 8080', '2001:db8::1 80', 'two.example 443']);
});

const ISTIO = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: shop, namespace: shop }
spec:
  hosts: [shop.example, reviews]
  http:
    - route: [{ weight: 1, destination: { host: out.example } }, { weight: 1, destination: { host: reviews, port: { number: 9080 } } }]
      mirror: { host: wallarm.example, port: { number: 8445 } }
    - redirect: { uri: /there }
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: out, namespace: shop }
spec:
  hosts: [out.example]
  ports: [{ number: 443, name: https, protocol: HTTP, targetPort: 8443 }]
  resolution: STATIC
  endpoints: [{ address: 10.0.1.1 }, { address: 10.0.1.2, ports: { https: 9443 } }]
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: { name: wallarm, namespace: shop }
spec:
  hosts: [wallarm.example]
  ports: [{ number: 8445, name: http, protocol: HTTP }]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: gw, namespace: shop }
spec:
  selector: { istio: ingress }
  servers:
    - { port: { number: 8080, name: a, protocol: HTTP }, bind: 10.0.0.1, hosts: [shop/shop.example, '*'] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: api, namespace: api }
spec:
  hostnames: [api.example]
  rules: [{ backendRefs: [{ name: api, port: 80 }, { name: other, namespace: far, port: 81 }] }]
`;

test('Istio: services and what ServiceEntries say is behind them, of routes and not of mirrors', (t) => {
  const { listeners, hosts, origins } = around(istio, ISTIO);
  t.deepEqual(listeners, [{ host: '10.0.0.1', port: 8080 }]);
  t.deepEqual(
    hosts.map(({ name }) => name),
    ['shop.example', 'reviews.shop.svc.cluster.local', 'shop.example', '*', 'api.example'],
  );
  const first = 'VirtualService/shop/shop.spec.http[0].route[0]';
  t.deepEqual(origins, [
    { host: 'out.example', path: first },
    { host: '10.0.1.1', port: 8443, path: first },
    { host: '10.0.1.2', port: 9443, path: first },
    {
      host: 'reviews.shop.svc.cluster.local',
      port: 9080,
      path: 'VirtualService/shop/shop.spec.http[0].route[1]',
    },
    { host: 'api.api.svc.cluster.local', port: 80, path: 'HTTPRoute/api/api.spec.rules[0].backendRefs[0]' },
    { host: 'other.far.svc.cluster.local', port: 81, path: 'HTTPRoute/api/api.spec.rules[0].backendRefs[1]' },
  ]);
});

function gateway(name: string, ...servers: readonly string[]): string {
  const list = servers.map((server) => `    - { ${server} }`).join('\n');
  return `
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: { name: ${name}, namespace: edge }
spec:
  selector: { istio: ingress }
  servers:
${list}
---`;
}

function service(name: string, spec: string): string {
  return `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${name}, namespace: shop }
spec: { ${spec} }
---`;
}

const TO_SHOP = 'route: [{ destination: { host: shop } }]';

const GATEWAYS = [
  gateway(
    'public',
    "port: { number: 1, name: a, protocol: HTTP }, hosts: ['*/*.example']",
    "port: { number: 2, name: b, protocol: HTTP }, hosts: ['*/other.test']",
    "port: { number: 3, name: c, protocol: HTTPS }, tls: { mode: SIMPLE, credentialName: x }, hosts: ['shop.example']",
    "port: { number: 4, name: d, protocol: HTTP }, tls: { httpsRedirect: true }, hosts: ['shop.example']",
    "port: { number: 5, name: e, protocol: TLS }, tls: { mode: PASSTHROUGH }, hosts: ['shop.example']",
  ),
  gateway('inner', "port: { number: 6, name: a, protocol: HTTP }, hosts: ['*']"),
  gateway('idle', "port: { number: 7, name: a, protocol: HTTP }, hosts: ['*']"),
  gateway('dotted', "port: { number: 8, name: a, protocol: HTTP }, hosts: ['*']"),
  service(
    'shop',
    `hosts: [shop.example], gateways: [edge/public], http: [{ match: [{ port: 1 }], ${TO_SHOP} }]`,
  ),
  service(
    'secure',
    `hosts: [shop.example], gateways: [edge/public], http: [{ match: [{ port: 3 }], ${TO_SHOP} }]`,
  ),
  service('root', 'hosts: [inner.example], gateways: [edge/inner], http: [{ delegate: { name: leaf } }]'),
  service('leaf', `http: [{ ${TO_SHOP} }]`),
  service('mesh', `hosts: [shop.shop.svc.cluster.local], http: [{ ${TO_SHOP} }]`),
  service('far', `hosts: [far.example], gateways: [dotted.edge.svc.cluster.local], http: [{ ${TO_SHOP} }]`),
].join('');

test('Istio: what comes in at a gateway is copied where a VirtualService of it, and of its host and port, is', (t) => {
  const by = (...names: readonly string[]) =>
    copied(
      istio,
      GATEWAYS,
      names.map((name) => ({ virtualHost: `shop/${name}` })),
    );
  const none = { 1: false, 2: false, 3: false, 6: false, 7: false, 8: false };
  t.deepEqual(by(), { 1: true, 2: false, 3: true, 6: true, 7: false, 8: true });
  t.deepEqual(by('shop'), { ...none, 1: true });
  t.deepEqual(by('secure'), { ...none, 3: true });
  t.deepEqual(by('leaf'), { ...none, 6: true });
  t.deepEqual(by('far'), { ...none, 8: true });
  t.deepEqual(by('mesh'), none);
  t.deepEqual(copied(istio, GATEWAYS, [], [{ virtualHost: 'shop/shop' }]), {
    ...{ 1: false, 2: false, 3: true, 6: true, 7: false, 8: true },
  });
});
