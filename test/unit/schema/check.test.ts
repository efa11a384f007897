import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { load } from 'js-yaml';
import { loadSchema } from '../../../src/dataplanes/envoy/index.ts';
import { IssueList } from '../../../src/model/issue.ts';

const schema = loadSchema();
const CLUSTER = 'envoy.config.cluster.v3.Cluster';
const LISTENER = 'envoy.config.listener.v3.Listener';
const ROUTE = 'envoy.config.route.v3.Route';
const ROUTES = 'envoy.config.route.v3.RouteConfiguration';
const BOOTSTRAP = 'envoy.config.bootstrap.v3.Bootstrap';
const seed = load(readFileSync(new URL('../../../envoy/seed.yaml', import.meta.url), 'utf8'));

/** Issues as `path: message`. */
function issuesOf(type: string, json: unknown): readonly string[] {
  const issues = new IssueList();
  const checked = schema.check(type, json, issues);
  if ((checked === undefined) !== issues.items.length > 0)
    throw new Error('a result with issues, or none without');
  return issues.items.map(({ path, message }) => `${path}: ${message}`);
}

test("the documentation's example is good, and is the same after encoding", (t) => {
  const issues = new IssueList();
  const checked = schema.check(BOOTSTRAP, seed, issues);
  t.deepEqual(issues.items, []);
  const decoded = schema.decode(BOOTSTRAP, schema.encode(BOOTSTRAP, checked));
  t.deepEqual(schema.encode(BOOTSTRAP, decoded), schema.encode(BOOTSTRAP, checked));
});

test('both spellings are read, and give the same', (t) => {
  const snake = { name: 'a', connect_timeout: '1s', load_assignment: { cluster_name: 'a' } };
  const camel = { name: 'a', connectTimeout: '1s', loadAssignment: { clusterName: 'a' } };
  const read = (json: unknown): unknown => schema.check(CLUSTER, json, new IssueList());
  t.deepEqual(read(camel), read(snake));
  t.deepEqual(issuesOf(CLUSTER, { ...snake, ...camel }), [
    'connectTimeout: is the same field as connect_timeout; give it once',
    'loadAssignment: is the same field as load_assignment; give it once',
  ]);
});

test('words are read as Envoy reads them: enums in any case, booleans in quotes, whole numbers in any form', (t) => {
  const read = (json: object): unknown => schema.check(CLUSTER, { name: 'a', ...json }, new IssueList());
  for (const policy of ['RANDOM', 'random', 'Random', 3])
    t.like(read({ lb_policy: policy }), { lb_policy: 'RANDOM' });
  for (const word of [true, 'true', 'T', 'Yes', 'y', '1'])
    t.like(read({ respect_dns_ttl: word }), { respect_dns_ttl: true });
  for (const word of [false, 'FALSE', 'f', 'no', 'n', '0'])
    t.like(read({ respect_dns_ttl: word }), { respect_dns_ttl: false });
  for (const number of [5, '5', '+5', '5.0', '5.', '0.5e1', '5E0'])
    t.like(read({ per_connection_buffer_limit_bytes: number }), { per_connection_buffer_limit_bytes: 5 });
  for (const wrong of [
    { respect_dns_ttl: 'on' },
    { respect_dns_ttl: 1 },
    { respect_dns_ttl: ' true' },
    { lb_policy: 'ROUND-ROBIN' },
    { per_connection_buffer_limit_bytes: ' 5' },
    { per_connection_buffer_limit_bytes: '' },
    { per_connection_buffer_limit_bytes: '0.5' },
    { per_connection_buffer_limit_bytes: '1e400' },
  ])
    t.is(read(wrong), undefined, JSON.stringify(wrong));
});

const CASES: readonly (readonly [title: string, type: string, json: unknown, issues: readonly string[]])[] = [
  [
    'an unknown field, with the nearest known',
    CLUSTER,
    { name: 'a', lb_polcy: 'RANDOM' },
    ['lb_polcy: unknown field of Cluster; did you mean "lb_policy"?'],
  ],
  [
    'wrong scalars',
    CLUSTER,
    { name: 5, connect_timeout: 5, respect_dns_ttl: 'maybe', per_connection_buffer_limit_bytes: -1 },
    [
      'name: must be a string; write "5" in quotes',
      'connect_timeout: must be a duration in seconds with an s, such as "0.25s"',
      'respect_dns_ttl: must be true or false',
      'per_connection_buffer_limit_bytes: must be from 0 to 4294967295',
    ],
  ],
  [
    'an unknown enum value',
    CLUSTER,
    { name: 'a', type: 'STRICT_DSN' },
    ['type: must be one of STATIC, STRICT_DNS, LOGICAL_DNS, EDS, ORIGINAL_DST; did you mean STRICT_DNS?'],
  ],
  [
    'an object in the place of a string, whatever is in it,',
    CLUSTER,
    { name: { toString: [] } },
    ['name: must be a string'],
  ],
  [
    'a duration that must be above zero',
    CLUSTER,
    { name: 'a', connect_timeout: '0s' },
    ['connect_timeout: must be greater than 0s'],
  ],
  ['an empty name that is needed', CLUSTER, {}, ['name: is required and must not be empty']],
  [
    'two of a oneof',
    ROUTE,
    { match: { prefix: '/', path: '/' }, route: { cluster: 'a' } },
    ['match.path: cannot be given together with prefix; choose one'],
  ],
  [
    'none of a oneof that is needed',
    ROUTE,
    { match: {}, route: { cluster: 'a' } },
    [
      'match: needs one of prefix, path, safe_regex, connect_matcher, path_separated_prefix, path_match_policy',
    ],
  ],
  ['a message that is needed', ROUTE, { route: { cluster: 'a' } }, ['match: is required']],
  [
    'a list that is empty',
    ROUTES,
    { virtual_hosts: [{ name: 'a', domains: [] }] },
    ['virtual_hosts[0].domains: needs at least one item'],
  ],
  [
    'a header name that is none',
    ROUTES,
    { internal_only_headers: ['a\nb'] },
    ['internal_only_headers[0]: must be the name of an HTTP header'],
  ],
  ['a list in the place of an object', LISTENER, { address: [] }, ['address: must be an object: Address']],
  ['an object in the place of a list', LISTENER, { filter_chains: {} }, ['filter_chains: must be a list']],
  [
    'a type that Envoy 1.40 does not have',
    LISTENER,
    {
      listener_filters: [{ name: 'x', typed_config: { '@type': 'type.googleapis.com/envoy.nope.v3.Nope' } }],
    },
    [
      'listener_filters[0].typed_config.@type: no message "type.googleapis.com/envoy.nope.v3.Nope" in the API of Envoy 1.40; check its name and the type.googleapis.com/ before it',
    ],
  ],
  [
    'a missing @type',
    LISTENER,
    { listener_filters: [{ name: 'x', typed_config: {} }] },
    [
      'listener_filters[0].typed_config: "@type" is missing: it names the message, as in type.googleapis.com/envoy...',
    ],
  ],
];

for (const [title, type, json, issues] of CASES) {
  test(`${title} is told with its path`, (t) => {
    t.deepEqual(issuesOf(type, json), issues);
  });
}

test('all issues are told at once, inside extensions as well', (t) => {
  const hcm =
    'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager';
  const config = { '@type': hcm, stat_prefx: 'a', codec_type: 'HTTP9', http_filters: [{ name: '' }] };
  t.deepEqual(
    issuesOf(LISTENER, { filter_chains: [{ filters: [{ name: 'h', typed_config: config }] }] }).map(
      (issue) => issue.split(':')[0],
    ),
    [
      'filter_chains[0].filters[0].typed_config.stat_prefx',
      'filter_chains[0].filters[0].typed_config.codec_type',
      'filter_chains[0].filters[0].typed_config.http_filters[0].name',
      'filter_chains[0].filters[0].typed_config.stat_prefix',
      'filter_chains[0].filters[0].typed_config',
    ],
  );
});

test('what nests too deep is refused, and a key of the prototype is only an unknown field', (t) => {
  let deep: unknown = { prefix: '/' };
  for (let n = 0; n < 120; n += 1) deep = { and_rules: { rules: [deep] } };
  t.regex(issuesOf('envoy.config.rbac.v3.Permission', deep).join('\n'), /nested more than 100 deep/);
  const odd: unknown = JSON.parse('{"name": "a", "__proto__": {"polluted": true}}');
  t.deepEqual(issuesOf(CLUSTER, odd), ['__proto__: unknown field of Cluster']);
  t.is(({} as { polluted?: boolean }).polluted, undefined);
});

test('arbitrary JSON never makes the check throw', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(BOOTSTRAP, LISTENER, CLUSTER, ROUTES),
      fc.jsonValue({ maxDepth: 6 }),
      (type, json) => {
        issuesOf(type, json);
      },
    ),
    { numRuns: 1000 },
  );
  t.pass();
});

/** The same JSON with the value at some place replaced. */
function mutate(json: unknown, path: readonly number[], value: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined || typeof json !== 'object' || json === null) return value;
  const keys = Object.keys(json);
  const key = keys[first % Math.max(1, keys.length)];
  if (key === undefined) return value;
  const copy: Record<string, unknown> = Array.isArray(json)
    ? ([...(json as unknown[])] as never)
    : { ...json };
  copy[key] = mutate(copy[key], rest, value);
  return copy;
}

test('what the check takes, the encoder takes, and it means the same after decoding', (t) => {
  let taken = 0;
  fc.assert(
    fc.property(
      fc.array(fc.nat(5), { maxLength: 18 }),
      fc.oneof(fc.jsonValue(), fc.constantFrom('5s', 'EDS', '/', '*', 0, 1)),
      (path, value) => {
        const json = mutate(seed, path, value);
        const checked = schema.check(BOOTSTRAP, json, new IssueList());
        if (checked === undefined) return;
        taken += 1;
        const bytes = schema.encode(BOOTSTRAP, checked);
        const again = schema.check(BOOTSTRAP, schema.decode(BOOTSTRAP, bytes), new IssueList());
        t.deepEqual(schema.encode(BOOTSTRAP, again), bytes);
      },
    ),
    { numRuns: 1500 },
  );
  t.true(taken > 50, `only ${taken} mutations were taken`);
});
