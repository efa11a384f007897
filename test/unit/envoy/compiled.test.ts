import test from 'ava';
import { createEnvoyDataPlane, loadSchema } from '../../../src/dataplanes/envoy/index.ts';
import { typeUrl } from '../../../src/dataplanes/envoy/types.ts';
import type { Compiled } from '../../../src/dataplanes/data-plane.ts';
import { checkMirror } from '../../../src/model/check-mirror.ts';
import { checkTarget } from '../../../src/model/check-target.ts';
import type { Mirror } from '../../../src/model/mirror.ts';
import type { Target } from '../../../src/model/target.ts';
import { cluster, edgeConfig, toOrigin, type Json } from '../../support/edge-config.ts';

const schema = loadSchema();
const fleet = { name: 'edge', dataPlane: 'envoy', nodeCluster: 'edge' };
const RUNTIMES = typeUrl('runtimes');
const ROUTES = typeUrl('routes');
const CLUSTERS = typeUrl('clusters');

function target(body: object = {}): Target {
  const checked = checkTarget('node', { endpoints: [{ host: '127.0.0.1', port: 8445 }], ...body });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}

function mirror(name: string, body: object = {}): Mirror {
  const checked = checkMirror(name, { fleet: 'edge', target: 'node', percent: 5, ...body });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}

/** Compiles what it is given for one config, each time on the same data plane. */
function edge(hosts?: readonly Json[], clusters: readonly Json[] = []) {
  const envoy = createEnvoyDataPlane(schema);
  const text = JSON.stringify(edgeConfig({ origin: 9000, clusters, ...(hosts && { virtualHosts: hosts }) }));
  const config = envoy.readConfig(text, 'json', { fleet: 'edge', adopt: false });
  if (!config.ok) throw new Error(JSON.stringify(config.issues));
  const compile = (mirrors: readonly Mirror[], to: Target = target()): Compiled => {
    const made = envoy.compile({
      fleet,
      config: config.value,
      mirrors: mirrors.map((one) => ({ mirror: one, target: to })),
    });
    if (!made.ok) throw new Error(JSON.stringify(made.issues));
    return made.value;
  };
  return { envoy, compile };
}

const host = (name: string, routes: readonly Json[], more: Json = {}): Json => ({
  name,
  domains: [`${name}.example`],
  routes,
  ...more,
});

const OVERLAYS: Readonly<Record<string, Partial<Mirror>>> = {
  percent: { percent: 900_000 },
  spread: { spread: { rollout: 'r', threshold: 7, fleetPercent: 10_000, rest: 0 } },
  suspension: { suspension: { state: 'open', since: 1, until: 2, times: 1, reason: 'down' } },
  expiresAt: { expiresAt: '2027-01-01T00:00:00.000Z' },
  expiresAfterMs: { expiresAfterMs: 30_000 },
  onTargetFailure: { onTargetFailure: 'suspend' },
};

for (const [field, change] of Object.entries(OVERLAYS)) {
  test(`structure is the same whatever ${field} is, and nothing but percents is encoded anew`, (t) => {
    const { compile } = edge();
    const before = compile([mirror('m')]);
    const after = compile([{ ...mirror('m'), ...change }]);
    t.is(after.structure, before.structure);
    for (const type of [ROUTES, CLUSTERS, typeUrl('listeners'), typeUrl('endpoints')]) {
      t.is(after.snapshot('runtime').types.get(type), before.snapshot('runtime').types.get(type), type);
    }
  });
}

const STRUCTURAL: Readonly<Record<string, { mirror?: object; target?: object }>> = {
  routes: { mirror: { routes: [{ pathPrefix: '/a' }] } },
  exclude: { mirror: { exclude: [{ pathPrefix: '/a' }] } },
  copy: { mirror: { copy: { removeHeaders: ['cookie'] } } },
  endpoints: { target: { endpoints: [{ host: '127.0.0.1', port: 1 }] } },
  protocol: { target: { protocol: 'http2' } },
  tls: { target: { tls: { serverName: 'node.example' } } },
  'tls of defaults': { target: { tls: {} } },
  limits: { target: { limits: { maxRequests: 3 } } },
  health: { target: { health: { path: '/health' } } },
};

for (const [field, change] of Object.entries(STRUCTURAL)) {
  test(`structure changes with ${field}`, (t) => {
    const { compile } = edge();
    const before = compile([mirror('m')], target());
    const after = compile([mirror('m', change.mirror)], target(change.target));
    t.not(after.structure, before.structure);
    t.is(compile([mirror('m')], target()).structure, before.structure);
    const moved = ['endpoints', 'protocol', 'tls', 'tls of defaults'].includes(field);
    t.is(after.destinations.get('m') !== before.destinations.get('m'), moved);
  });
}

test('structure is told by content: another process, or another order of fields, has the same', (t) => {
  t.is(edge().compile([mirror('m')]).structure, edge().compile([mirror('m', { percent: 0 })]).structure);
  t.not(edge().compile([mirror('m')]).structure, edge().compile([]).structure);
});

test('withPercents says what a compilation with these percents says, and unnamed mirrors have none', (t) => {
  const { compile } = edge();
  const other = compile([mirror('a', { percent: 1 }), mirror('b', { percent: 2 })]).withPercents(
    new Map([
      ['a', 250_000],
      ['stranger', 1_000_000],
    ]),
  );
  const direct = edge().compile([mirror('a', { percent: 25 }), mirror('b', { percent: 0 })]);
  for (const variant of ['runtime', 'no-expiry', 'route', 'unmirrored']) {
    t.deepEqual(other.resources(variant), direct.resources(variant), variant);
    for (const [type, snapshot] of direct.snapshot(variant).types) {
      t.is(other.snapshot(variant).types.get(type)?.version, snapshot.version, `${variant} ${type}`);
    }
  }
  t.is(other.structure, direct.structure);
});

test('percents in routes: a form that was there before is the very same resource', (t) => {
  const { compile } = edge([host('a', [toOrigin('/')]), host('b', [toOrigin('/')])]);
  const compiled = compile([mirror('m', { routes: [{ virtualHost: 'a' }] })]);
  const one = compiled
    .withPercents(new Map([['m', 1]]))
    .snapshot('route')
    .types.get(ROUTES);
  const two = compiled
    .withPercents(new Map([['m', 2]]))
    .snapshot('route')
    .types.get(ROUTES);
  const again = compiled
    .withPercents(new Map([['m', 1]]))
    .snapshot('route')
    .types.get(ROUTES);
  t.not(one?.version, two?.version);
  t.is(one?.resources.get('edge-routes'), again?.resources.get('edge-routes'));
});

function traits(version: string | undefined, ...layers: readonly string[]) {
  return { version, subscriptions: new Map([[RUNTIMES, new Set(layers)]]) };
}

test('the variant of a node, from its version and its runtime layers', (t) => {
  const { envoy } = edge();
  t.is(envoy.variantFor(traits('1.36.0', 'mirrorplane')), 'runtime');
  t.is(envoy.variantFor(traits(undefined, 'mirrorplane')), 'runtime');
  t.is(envoy.variantFor(traits('2.0.0', 'mirrorplane')), 'runtime');
  t.is(envoy.variantFor(traits('1.40.0', 'mirrorplane', 'own')), 'no-expiry');
  t.is(envoy.variantFor(traits('1.40.0', 'own')), 'route');
  t.is(envoy.variantFor({ version: '1.40.0', subscriptions: new Map() }), 'route');
  t.is(envoy.variantFor(traits('1.35.9', 'mirrorplane')), 'unmirrored');
  t.is(envoy.variantFor(traits('1.9.0', 'mirrorplane')), 'unmirrored');
});

const TABLE = [
  { variant: 'runtime', lasting: 50_000, expiring: 70_000, ttlMs: 20_000 },
  { variant: 'no-expiry', lasting: 50_000, expiring: 0, ttlMs: undefined },
  { variant: 'route', lasting: 50_000, expiring: 0, ttlMs: undefined },
  { variant: 'unmirrored', lasting: 0, expiring: 0, ttlMs: undefined },
];

for (const { variant, lasting, expiring, ttlMs } of TABLE) {
  test(`${variant}: the percent in force of a mirror that lasts and of one that expires, and the layer's time`, (t) => {
    const { envoy, compile } = edge();
    const mirrors = [mirror('lasting'), mirror('expiring', { percent: 7, expiresAfter: '20s' })];
    const compiled = compile(mirrors);
    const acked = compiled.snapshot(variant).types;
    t.is(envoy.effectivePercent('lasting', acked), lasting);
    t.is(envoy.effectivePercent('expiring', acked), expiring);
    t.is(acked.get(RUNTIMES)?.resources.get('mirrorplane')?.ttlMs, ttlMs);
    // What is said is what is there: no key and no policy for a mirror that is to make no copies.
    const text = JSON.stringify(compiled.resources(variant));
    const inRuntime = text.includes('"mirrorplane.expiring":{"numerator":70000');
    const inRoute = text.includes('"cluster":"mirrorplane:expiring"') && variant === 'route';
    t.is(inRuntime || inRoute, expiring > 0);
    const words = envoy.limitations(variant, traits('1.35.1'), mirrors).join();
    t.is(words === '', variant === 'runtime');
    if (variant === 'unmirrored') t.regex(words, /^Envoy 1\.35\.1 is older than 1\.36, .* without mirrors$/);
    else if (words !== '') t.regex(words, /cannot stop by itself.*\(expiring\)/);
    if (variant !== 'unmirrored')
      t.deepEqual(envoy.limitations(variant, traits('1.40.0'), [mirror('x')]), []);
  });
}

test('another time to live is another version of the layer, of the same structure; the shortest counts', (t) => {
  const { compile } = edge();
  const version = (compiled: Compiled) => compiled.snapshot('runtime').types.get(RUNTIMES)?.version;
  const short = compile([mirror('a', { expiresAfter: '20s' }), mirror('b', { expiresAfter: '60s' })]);
  const long = compile([mirror('a', { expiresAfter: '40s' }), mirror('b', { expiresAfter: '60s' })]);
  t.not(version(short), version(long));
  t.is(short.structure, long.structure);
  t.is(short.snapshot('runtime').types.get(RUNTIMES)?.resources.get('mirrorplane')?.ttlMs, 20_000);
  t.deepEqual(
    short.warnings.map(({ path }) => path),
    ['mirrors.b.expiresAfter'],
  );
  t.deepEqual(compile([mirror('a', { expiresAfter: '20s' })]).warnings, []);
});

test('a fleet that is not mirrored is what its owner wrote', (t) => {
  const { compile } = edge();
  const empty = compile([]).resources('unmirrored');
  t.deepEqual(compile([mirror('m')]).resources('unmirrored'), empty);
  t.false(JSON.stringify(empty).includes('mirror_policies'));
});

/** Route configurations, and whether counting their clusters' requests is counting what the mirror `m` may copy. */
const PRIMARIES: readonly {
  readonly name: string;
  readonly hosts: readonly Json[];
  readonly clusters?: readonly Json[];
  readonly mirror?: object;
  readonly expected: { readonly clusters: readonly string[]; readonly exact: boolean };
}[] = [
  {
    name: 'all requests of one cluster',
    hosts: [host('a', [toOrigin('/a'), toOrigin('/')])],
    expected: { clusters: ['origin'], exact: true },
  },
  {
    name: 'weighted clusters',
    hosts: [
      host('a', [
        {
          match: { prefix: '/' },
          route: {
            weighted_clusters: {
              clusters: [
                { name: 'origin', weight: 1 },
                { name: 'other', weight: 2 },
              ],
            },
          },
        },
      ]),
    ],
    clusters: [cluster('other', 9001)],
    expected: { clusters: ['origin', 'other'], exact: true },
  },
  {
    name: 'a virtual host and a route that have the name of the cluster',
    hosts: [host('origin', [{ name: 'origin', ...toOrigin('/') }])],
    expected: { clusters: ['origin'], exact: true },
  },
  {
    name: 'another route to the cluster',
    hosts: [host('a', [toOrigin('/')]), host('b', [toOrigin('/')])],
    mirror: { routes: [{ virtualHost: 'a' }] },
    expected: { clusters: ['origin'], exact: false },
  },
  {
    name: 'a part of a route',
    hosts: [host('a', [toOrigin('/')])],
    mirror: { routes: [{ methods: ['GET'] }] },
    expected: { clusters: ['origin'], exact: false },
  },
  {
    name: 'all but a part of a route',
    hosts: [host('a', [toOrigin('/')])],
    mirror: { exclude: [{ pathPrefix: '/login' }] },
    expected: { clusters: ['origin'], exact: false },
  },
  {
    name: 'a route to another cluster',
    hosts: [host('a', [toOrigin('/')]), host('b', [{ match: { prefix: '/' }, route: { cluster: 'other' } }])],
    clusters: [cluster('other', 9001)],
    mirror: { routes: [{ virtualHost: 'a' }] },
    expected: { clusters: ['origin'], exact: true },
  },
  {
    name: 'retries of the route',
    hosts: [host('a', [toOrigin('/', { retry_policy: { retry_on: '5xx' } })])],
    expected: { clusters: ['origin'], exact: false },
  },
  {
    name: 'hedging of the virtual host',
    hosts: [host('a', [toOrigin('/')], { hedge_policy: { hedge_on_per_try_timeout: true } })],
    expected: { clusters: ['origin'], exact: false },
  },
  {
    name: 'internal redirects',
    hosts: [host('a', [toOrigin('/', { internal_redirect_policy: {} })])],
    expected: { clusters: ['origin'], exact: false },
  },
  {
    name: 'a cluster that a header names',
    hosts: [host('a', [{ match: { prefix: '/' }, route: { cluster_header: 'x-cluster' } }])],
    expected: { clusters: [], exact: false },
  },
  {
    name: 'a header that may name any cluster, elsewhere',
    hosts: [
      host('a', [toOrigin('/')]),
      host('b', [{ match: { prefix: '/' }, route: { cluster_header: 'x-cluster' } }]),
    ],
    mirror: { routes: [{ virtualHost: 'a' }] },
    expected: { clusters: ['origin'], exact: false },
  },
  {
    name: "the owner's own mirror policy to the cluster",
    hosts: [
      host('a', [toOrigin('/')]),
      host('b', [
        {
          match: { prefix: '/' },
          route: { cluster: 'other', request_mirror_policies: [{ cluster: 'origin' }] },
        },
      ]),
    ],
    clusters: [cluster('other', 9001)],
    mirror: { routes: [{ virtualHost: 'a' }] },
    expected: { clusters: ['origin'], exact: false },
  },
  {
    name: 'an aggregate cluster',
    hosts: [host('a', [{ match: { prefix: '/' }, route: { cluster: 'all' } }])],
    clusters: [
      {
        name: 'all',
        lb_policy: 'CLUSTER_PROVIDED',
        cluster_type: {
          name: 'envoy.clusters.aggregate',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.clusters.aggregate.v3.ClusterConfig',
            clusters: ['origin', 'spare'],
          },
        },
      },
      cluster('spare', 9001),
    ],
    expected: { clusters: ['all', 'origin', 'spare'], exact: false },
  },
];

for (const { name, hosts, clusters, mirror: body, expected } of PRIMARIES) {
  test(`primaries of ${name}: ${expected.exact ? '' : 'not '}exact`, (t) => {
    const compiled = edge(hosts, clusters).compile([mirror('m', body)]);
    const found = compiled.primaries('m');
    t.deepEqual([...(found?.clusters ?? [])].sort(), [...expected.clusters].sort());
    t.is(found?.exact, expected.exact);
    t.is(compiled.primaries('stranger'), undefined);
  });
}

test('primaries that code names are not exact', (t) => {
  const lua = (source: string): Json => ({
    name: 'envoy.filters.http.lua',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua',
      default_source_code: { inline_string: source },
    },
  });
  const exact = (source: string): boolean | undefined => {
    const envoy = createEnvoyDataPlane(schema);
    const router = {
      name: 'router',
      typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
    };
    const json = edgeConfig({ origin: 9000, manager: { http_filters: [lua(source), router] } });
    const config = envoy.readConfig(JSON.stringify(json), 'json', { fleet: 'edge', adopt: false });
    if (!config.ok) throw new Error(JSON.stringify(config.issues));
    const made = envoy.compile({
      fleet,
      config: config.value,
      mirrors: [{ mirror: mirror('m'), target: target() }],
    });
    return made.ok ? made.value.primaries('m')?.exact : undefined;
  };
  t.true(exact('function envoy_on_request(handle) end'));
  t.false(exact('function envoy_on_request(handle) handle:httpCall("origin", {}, "", 1) end'));
});

test('a cluster with retries or mirror policies of its own is not exact; that mirrors do not reach it is said', (t) => {
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';
  const compile = (more: Json): Compiled => {
    const own = {
      ...cluster('own', 9001),
      typed_extension_protocol_options: {
        [options]: {
          '@type': `type.googleapis.com/${options}`,
          explicit_http_config: { http_protocol_options: {} },
          ...more,
        },
      },
    };
    const toOwn = { match: { prefix: '/' }, route: { cluster: 'own' } };
    return edge([host('a', [toOwn])], [own]).compile([mirror('m')]);
  };
  const plain = compile({});
  t.true(plain.primaries('m')?.exact);
  t.deepEqual(plain.warnings, []);
  t.false(compile({ retry_policy: { retry_on: '5xx' } }).primaries('m')?.exact);
  const mirrored = compile({ request_mirror_policies: [{ cluster: 'origin' }] });
  t.false(mirrored.primaries('m')?.exact);
  t.deepEqual(
    mirrored.warnings.map(({ path }) => path),
    ['clusters[own].typed_extension_protocol_options'],
  );
});
