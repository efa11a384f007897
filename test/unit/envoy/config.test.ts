import { readFileSync } from 'node:fs';
import test from 'ava';
import { dump, load } from 'js-yaml';
import { createEnvoyDataPlane, loadSchema } from '../../../src/dataplanes/envoy/index.ts';
import { DEFAULT_COPY } from '../../../src/model/mirror.ts';
import { DEFAULT_LIMITS } from '../../../src/model/target.ts';

const envoy = createEnvoyDataPlane(loadSchema());
const seed = readFileSync(new URL('../../../envoy/seed.yaml', import.meta.url), 'utf8');
const fleet = { name: 'edge', dataPlane: 'envoy', nodeCluster: 'edge' };

function read(text: string, format: 'yaml' | 'json' = 'yaml') {
  return envoy.readConfig(text, format, { fleet: 'edge', adopt: true });
}

function refusal(text: string, format: 'yaml' | 'json' = 'yaml'): string {
  const result = read(text, format);
  if (result.ok) throw new Error('it was taken');
  return result.issues.map(({ path, message }) => `${path}: ${message}`).join('\n');
}

/** What an Envoy would get. */
function pushed(text: string, format: 'yaml' | 'json' = 'yaml'): unknown {
  const config = read(text, format);
  if (!config.ok) throw new Error(JSON.stringify(config.issues));
  const targets = new Map(config.value.adopted.targets.map((target) => [target.name, target]));
  const mirrors = config.value.adopted.mirrors.map((mirror) => {
    const target = targets.get(mirror.target);
    if (target === undefined) throw new Error('no target');
    return { mirror, target };
  });
  const compiled = envoy.compile({ fleet, config: config.value, mirrors });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.issues));
  return compiled.value.resources();
}

/** Every key in camelCase, but those inside maps and the `@type`. */
function camel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camel);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, child]) => [
      key.startsWith('@') || key.includes('.')
        ? key
        : key.replaceAll(/_(\w)/g, (_, c: string) => c.toUpperCase()),
      camel(child),
    ]),
  );
}

test('YAML and JSON, snake_case and camelCase, bootstrap, block and lists by type are the same', (t) => {
  const expected = pushed(seed);
  const parsed = load(seed) as { static_resources: object };
  t.deepEqual(pushed(JSON.stringify(parsed), 'json'), expected);
  t.deepEqual(pushed(JSON.stringify(camel(parsed)), 'json'), expected);
  t.deepEqual(pushed(dump(parsed.static_resources)), expected);
  t.deepEqual(pushed(dump({ ...parsed, node: { id: 'a', cluster: 'b' } })), expected);
});

test('aliases are followed, and a bomb of them is refused before it goes off', (t) => {
  const levels = Array.from({ length: 30 }, (_, n) =>
    n === 0 ? 'a0: &a0 [x, x]' : `a${n}: &a${n} [*a${n - 1}, *a${n - 1}]`,
  );
  t.regex(refusal(levels.join('\n')), /too large|alias/i);
  const alias = 'x: &c {name: a, connect_timeout: 1s}\n';
  t.regex(refusal(`${alias}clusters: [*c]`), /^x: unknown/m);
});

test('what nests without end, is no mapping, or is not the format it says is refused', (t) => {
  t.regex(refusal(`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'json'), /nested more than 150 deep/);
  t.regex(refusal(`${'{a: '.repeat(500)}1${'}'.repeat(500)}`), /deep|depth/i);
  for (const text of ['- a', 'yes', '7', '~', 'a', '!ignore a']) t.regex(refusal(text), /must be a mapping/);
  t.regex(refusal(''), /input is empty/);
  t.regex(refusal('{"a":', 'json'), /not valid JSON/);
  t.regex(refusal('a: b: c'), /not valid YAML.*1/);
  t.regex(refusal('clusters: !!js/function "x"'), /not valid YAML/);
  t.regex(refusal('a: 1\na: 2'), /not valid YAML: .*duplicate/);
});

/** A config of lists with so many routes, and one cluster. */
function withRoutes(count: number): string {
  const hcm =
    'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
  const router = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
  return JSON.stringify({
    listeners: [
      {
        name: 'in',
        address: { socket_address: { address: '0.0.0.0', port_value: 80 } },
        filter_chains: [
          {
            filters: [
              {
                name: 'hcm',
                typed_config: {
                  '@type': hcm,
                  stat_prefix: 'in',
                  http_filters: [{ name: 'router', typed_config: { '@type': router } }],
                  route_config: {
                    name: 'all',
                    virtual_hosts: [
                      {
                        name: 'all',
                        domains: ['*'],
                        routes: Array.from({ length: count }, (_, n) => ({
                          match: { prefix: `/service-${n}/` },
                          route: { cluster: 'origin' },
                        })),
                      },
                    ],
                  },
                },
              },
            ],
          },
        ],
      },
    ],
    clusters: [{ name: 'origin', type: 'STRICT_DNS', connect_timeout: '1s' }],
  });
}

test('ten thousand routes are read, mirrored and pushed', (t) => {
  const config = read(withRoutes(10_000), 'json');
  if (!config.ok) return t.fail(JSON.stringify(config.issues));
  const mirror = {
    name: 'all',
    fleet: 'edge',
    target: 'wallarm',
    percent: 50_000,
    routes: [{ methods: ['GET'] }],
    exclude: [{ pathPrefix: '/service-7/login' }],
    copy: DEFAULT_COPY,
  };
  const target = {
    name: 'wallarm',
    endpoints: [{ host: 'wallarm', port: 8445 }],
    protocol: 'http1',
    limits: DEFAULT_LIMITS,
  } as const;
  const compiled = envoy.compile({ fleet, config: config.value, mirrors: [{ mirror, target }] });
  if (!compiled.ok) return t.fail(JSON.stringify(compiled.issues));
  const [routes] = compiled.value.resources()['routes'] as [{ virtual_hosts: [{ routes: unknown[] }] }];
  t.true((routes.virtual_hosts[0]?.routes.length ?? 0) >= 20_000);
});

test('inline route configurations of one name stay apart when they differ, and are one when they do not', (t) => {
  const two = (prefix: string): string => {
    const config = JSON.parse(withRoutes(1)) as { listeners: Record<string, unknown>[] };
    const other = JSON.parse(JSON.stringify(config.listeners[0]).replaceAll('/service-0/', prefix)) as object;
    const address = { socket_address: { address: '0.0.0.0', port_value: 81 } };
    return JSON.stringify({
      ...config,
      listeners: [config.listeners[0], { ...other, name: 'second', address }],
    });
  };
  const namesOf = (text: string): readonly string[] =>
    (pushed(text, 'json') as { routes: { name: string }[] }).routes.map(({ name }) => name);
  t.is(new Set(namesOf(two('/other/'))).size, 2);
  t.true(new Set(namesOf(two('/service-0/'))).size <= 2);
});

test('a config that names what is not there, or names a thing twice, is refused with every place', (t) => {
  const config = JSON.parse(withRoutes(2).replace('"cluster":"origin"', '"cluster":"nowhere"')) as {
    clusters: unknown[];
  };
  const [cluster] = config.clusters;
  const words = refusal(JSON.stringify({ ...config, clusters: [cluster, cluster] }), 'json');
  t.regex(words, /clusters\[1\].*origin/);
  t.regex(words, /routes\[0\]\.route\.cluster.*nowhere/);
});

const CLUSTER = 'name: a, type: STATIC, load_assignment: {cluster_name: a}';

test('problems of every kind are said at once, and nothing that follows from them', (t) => {
  const text = `
clusters:
- {${CLUSTER}, foo: 1}
- {${CLUSTER}}
routes:
- name: r
  virtual_hosts:
  - name: v
    domains: ['*']
    routes:
    - {match: {prefix: /}, route: {cluster: nope}}
    - {match: {prefix: /a}, route: {cluster: a}}
`;
  t.deepEqual(pathsOf(text), [
    'clusters[0].foo',
    'clusters[1].name',
    'routes[0].virtual_hosts[0].routes[0].route.cluster',
  ]);
  // A cluster whose name cannot be read may well be the one that is meant.
  t.deepEqual(pathsOf(text.replace('name: a, type: STATIC', 'name: [a], type: STATIC')), [
    'clusters[0].foo',
    'clusters[0].name',
  ]);
});

test('a section that is misspelt hides no problem of the resources; a list that is may hold what is missed', (t) => {
  const bootstrap = JSON.parse(withRoutes(1).replace('"cluster":"origin"', '"cluster":"nowhere"')) as object;
  const routes =
    'listeners[0].filter_chains[0].filters[0].typed_config.route_config.virtual_hosts[0].routes[0]';
  t.deepEqual(pathsOf(JSON.stringify({ static_resources: bootstrap, admim: {} }), 'json'), [
    'admim',
    `static_resources.${routes}.route.cluster`,
  ]);
  t.deepEqual(pathsOf(JSON.stringify({ ...bootstrap, cluster: [] }), 'json'), ['cluster']);
  t.deepEqual(pathsOf(JSON.stringify({ static_resources: { ...bootstrap, cluster: [] } }), 'json'), [
    'static_resources.cluster',
  ]);
  // The name of its endpoints is what is misspelt.
  t.deepEqual(
    pathsOf('clusters: [{name: a, type: EDS, eds_cluster_config: {service_nam: b, eds_config: {ads: {}}}}]'),
    ['clusters[0].eds_cluster_config.service_nam'],
  );
});

test("what Envoy's YAML takes is taken: ignored keys with their anchors, words and quoted words for booleans", (t) => {
  const text = `
!ignore base: &base {${CLUSTER}}
clusters:
- *base
listeners:
- {name: l, enable_mptcp: yes, freebind: "true", transparent: Off, address: {socket_address: {address: 127.0.0.1, port_value: 80}}}
`;
  const resources = pushed(text) as { clusters: object[]; listeners: object[] };
  t.is(resources.clusters.length, 1);
  t.like(resources.listeners[0], { enable_mptcp: true, freebind: true, transparent: false });
  t.deepEqual(pathsOf('!other x: 1\nclusters: []'), ['']);
});

/** What plain YAML means to Envoy 1.40, seen in its own `node.metadata` at /server_info. */
const MEANINGS: readonly (readonly [yaml: string, meaning: unknown])[] = [
  ...['yes', 'Yes', 'YES', 'y', 'Y', 'on', 'ON', 'true', 'True', 'TRUE'].map((word) => [word, true] as const),
  ...['no', 'No', 'n', 'N', 'off', 'OFF', 'false'].map((word) => [word, false] as const),
  ...['yEs', 'tRue', 'oN', '0o10', '0b11', '1_000', '08', '5a', '1:30', '='].map(
    (word) => [word, word] as const,
  ),
  ...['1.0', '1.10', '.5', '5.', '1e3', '.inf', '.nan', '2001-01-01'].map((word) => [word, word] as const),
  ...['12345678901234567890', '9007199254740993'].map((digits) => [digits, digits] as const),
  ...[['010', 8] as const, ['0600', 384] as const, ['-010', -8] as const, ['00', 0] as const],
  ...[['0x10', 16] as const, ['0X1F', 31] as const, ['+0x10', 16] as const, ['+5', 5] as const],
  ...['~', 'null', 'Null', 'NULL', ''].map((word) => [word, null] as const),
  ...[['"yes"', 'yes'] as const, ["'7'", '7'] as const, ['"1.0"', '1.0'] as const, ['! 7', '7'] as const],
];

/** A cluster `a` with free-form metadata in block style. */
function withMetadata(lines: readonly string[]): string {
  const metadata = lines.map((line) => `\n        ${line}`).join('');
  return `clusters:\n- name: a\n  metadata:\n    filter_metadata:\n      x:${metadata}\n`;
}

function metadataOf(text: string): unknown {
  const { clusters } = pushed(text) as { clusters: [{ metadata: { filter_metadata: { x: unknown } } }] };
  return clusters[0].metadata.filter_metadata.x;
}

test('plain words and numbers of YAML mean what they mean to Envoy; as keys they stay as they are written', (t) => {
  const values = metadataOf(withMetadata(MEANINGS.map(([yaml], n) => `k${n}: ${yaml}`))) as object;
  const seen = Object.values(values).map((value, n) => [MEANINGS[n]?.[0], value]);
  t.deepEqual(
    seen,
    MEANINGS.map(([yaml, meaning]) => [yaml, meaning]),
  );
  t.deepEqual(
    metadataOf(withMetadata(['no: a', '010: b', '1.0: c', '~: [off, &off "off", *off]', '"on": d'])),
    {
      no: 'a',
      '010': 'b',
      '1.0': 'c',
      '~': [false, 'off', 'off'],
      on: 'd',
    },
  );
  t.regex(refusal('no: 1\n"no": 2'), /duplicate/);
});

test('numbers that YAML has as words are numbers where the field is one, and words where it is not', (t) => {
  const text = `clusters: [{name: a, alt_stat_name: 1.10, per_connection_buffer_limit_bytes: 1e3,
    circuit_breakers: {thresholds: [{max_requests: 5.0, retry_budget: {budget_percent: {value: .5}}}]}}]`;
  const { clusters } = pushed(text) as { clusters: object[] };
  t.like(clusters[0], {
    alt_stat_name: '1.10',
    per_connection_buffer_limit_bytes: 1000,
    circuit_breakers: { thresholds: [{ max_requests: 5, retry_budget: { budget_percent: { value: 0.5 } } }] },
  });
  t.regex(refusal(text.replace('1e3', '1e400')), /per_connection_buffer_limit_bytes: must be a whole number/);
  t.regex(refusal(text.replace('1e3', '5e-1')), /per_connection_buffer_limit_bytes: must be a whole number/);
  t.regex(refusal('clusters: [{name: no}]'), /clusters\[0\]\.name: must be a string/);
});

test('the tag for ignored keys stands on keys alone, and may stand often', (t) => {
  const text = '!ignore a: &a {name: a}\n!ignore a: 2\nclusters: [{<<OTHER>>name: a, !ignore foo: 1}]';
  t.is((pushed(text.replace('<<OTHER>>', '')) as { clusters: object[] }).clusters.length, 1);
  t.regex(refusal(text.replace('<<OTHER>>', 'alt_stat_name: !ignore b, ')), /!ignore/);
  // Envoy merges nothing either.
  t.deepEqual(pathsOf(text.replace('<<OTHER>>name: a', '<<: *a')), ['clusters[0].<<', 'clusters[0].name']);
});

test('JSON of one long string is looked at for keys that stand twice as well', (t) => {
  const long = 'x\\"'.repeat(4_000_000);
  t.deepEqual(pathsOf(`{"a":"${long}","clusters":[],"clusters":[{"name":"x"}]}`, 'json'), ['clusters']);
});

test('a byte order mark before either format is passed over', (t) => {
  t.deepEqual(pathsOf('\ufeffclusters: [{name: a}]'), []);
  t.deepEqual(pathsOf('\ufeff{"clusters": [{"name": "a"}]}', 'json'), []);
});

test('every chain of HTTP filters writes down the originals, those of upgrades as well', (t) => {
  const text = withRoutes(1).replace(
    '"stat_prefix":"in"',
    '"stat_prefix":"in","upgrade_configs":[{"upgrade_type":"websocket","filters":[{"name":"own"}]},{"upgrade_type":"x"}]',
  );
  const { listeners } = pushed(text, 'json') as { listeners: unknown };
  const all = JSON.stringify(listeners);
  t.is(all.match(/"mirrorplane.originals"/g)?.length, 2);
  t.regex(all, /"upgrade_type":"websocket","filters":\[\{"name":"mirrorplane.originals".*\{"name":"own"\}\]/);
  t.regex(all, /\{"upgrade_type":"x"\}/);
});

test('a key that stands twice is refused with its path, in JSON as in YAML', (t) => {
  const json = '{"clusters":[{"name":"a","name":"b"},{"name":"\\u0061"}],"clusters":[],"x":{"y":{"y":1}}}';
  t.deepEqual(pathsOf(json, 'json'), ['clusters', 'clusters[0].name']);
});

function pathsOf(text: string, format: 'yaml' | 'json' = 'yaml'): readonly string[] {
  const result = read(text, format);
  return result.ok ? [] : result.issues.map(({ path }) => path).sort();
}
