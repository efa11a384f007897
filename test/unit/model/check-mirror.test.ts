import test from 'ava';
import fc from 'fast-check';
import { checkFleet } from '../../../src/model/check-fleet.ts';
import { checkMirror } from '../../../src/model/check-mirror.ts';
import { DEFAULT_COPY } from '../../../src/model/mirror.ts';
import { formatPercent } from '../../../src/model/percent.ts';
import { presentFleet, presentMirror } from '../../../src/model/present.ts';

const MIRROR = { fleet: 'edge', target: 'wallarm', percent: 12.5 };

function pathsOf(input: unknown, name = 'm'): string[] {
  const checked = checkMirror(name, input);
  return checked.ok ? [] : checked.issues.map(({ path }) => path).sort();
}

/** Paths of what is wrong with one selector, below it. */
function selectorPaths(selector: unknown): string[] {
  return pathsOf({ ...MIRROR, routes: [selector] }).map((path) => path.replace(/^routes\[0\]\.?/, ''));
}

function copyPaths(copy: unknown): string[] {
  return pathsOf({ ...MIRROR, copy }).map((path) => path.replace(/^copy\.?/, ''));
}

test('fleet, target and percent are enough; the rest has defaults', (t) => {
  t.deepEqual(checkMirror('m', MIRROR), {
    ok: true,
    value: {
      name: 'm',
      fleet: 'edge',
      target: 'wallarm',
      percent: 125_000,
      routes: [],
      exclude: [],
      copy: DEFAULT_COPY,
    },
    warnings: [],
  });
});

test('fleet, target and percent are required, and a percent of 0 is one', (t) => {
  t.deepEqual(pathsOf({}), ['fleet', 'percent', 'target']);
  t.deepEqual(pathsOf({ ...MIRROR, percent: null }), ['percent']);
  const checked = checkMirror('m', { ...MIRROR, percent: 0 });
  t.true(checked.ok && checked.value.percent === 0);
});

test('everything wrong is said at once, each with its path', (t) => {
  t.deepEqual(
    pathsOf({
      fleet: 'a b',
      target: 5,
      percent: 100.0001,
      routes: [{}, { methods: ['get', 'GET', 'GET'] }, { prefix: '/' }, null],
      exclude: { pathPrefix: '/' },
      copy: {
        preset: 'x',
        clientAddress: 'y',
        removeHeaders: ['Host', 'Cookie', 'COOKIE'],
        setHeaders: { 'a b': 'c' },
      },
      color: 'red',
    }),
    [
      'color',
      'copy.clientAddress',
      'copy.preset',
      'copy.removeHeaders[0]',
      'copy.removeHeaders[2]',
      'copy.setHeaders.a b',
      'exclude',
      'fleet',
      'percent',
      'routes[0]',
      'routes[1].methods[0]',
      'routes[1].methods[2]',
      'routes[2]',
      'routes[2].prefix',
      'routes[3]',
      'target',
    ],
  );
});

test('a selector says at least one thing, and only things there are', (t) => {
  t.deepEqual(selectorPaths({}), ['']);
  for (const selector of [
    { routeConfig: 'r' },
    { virtualHost: 'any name: of Envoy' },
    { domain: '*.shop.example' },
    { route: 'r' },
    { match: { prefix: '/' } },
    { pathPrefix: '/' },
    { pathPrefix: '/api/v1%20x' },
    { methods: ['GET', 'PROPFIND'] },
    { headers: [{ name: 'X-A', present: false }] },
  ]) {
    t.deepEqual(selectorPaths(selector), [], JSON.stringify(selector));
  }
});

test('each field of a selector has its rule', (t) => {
  t.deepEqual(
    selectorPaths({
      routeConfig: '',
      virtualHost: 'a\nb',
      domain: '*',
      route: 5,
      match: {},
      pathPrefix: 'api',
      methods: [],
      headers: [],
    }),
    ['domain', 'headers', 'match', 'methods', 'pathPrefix', 'route', 'routeConfig', 'virtualHost'],
  );
  for (const pathPrefix of ['', '/a b', '/a?b', '/a#b', '/ä', '/\n', `/${'x'.repeat(2048)}`]) {
    t.deepEqual(selectorPaths({ pathPrefix }), ['pathPrefix'], pathPrefix.slice(0, 20));
  }
  let deep: Record<string, unknown> = {};
  for (let n = 0; n < 100_000; n++) deep = { deep };
  t.deepEqual(selectorPaths({ match: deep }), ['match']);
});

test('a header is matched in exactly one way', (t) => {
  const header = (match: unknown) => selectorPaths({ headers: [match] });
  t.deepEqual(header({ name: 'a' }), ['headers[0]']);
  t.deepEqual(header({ name: 'a', exact: 'b', prefix: 'c' }), ['headers[0]']);
  t.deepEqual(header({ exact: 'b' }), ['headers[0].name']);
  t.deepEqual(header({ name: ':path', exact: 'b' }), ['headers[0].name']);
  t.deepEqual(header({ name: 'a', present: 'yes' }), ['headers[0].present']);
  t.deepEqual(header({ name: 'a', suffix: 'b', exact: 'c' }), ['headers[0].suffix']);
  t.deepEqual(header({ name: 'a', regex: '(?i)^b+$' }), []);
});

test('a regular expression that RE2 does not know is refused', (t) => {
  for (const regex of ['(', '(?=a)', '(a)\\1', '[z-a]', 'a{1001}', '*']) {
    t.deepEqual(selectorPaths({ headers: [{ name: 'a', regex }] }), ['headers[0].regex'], regex);
  }
});

test('headers of framing and connection cannot be removed from the copy, nor set', (t) => {
  for (const header of [
    'host',
    'Host',
    ':path',
    'content-length',
    'Transfer-Encoding',
    'connection',
    'upgrade',
    'te',
    'a b',
    '',
  ]) {
    t.deepEqual(copyPaths({ removeHeaders: [header] }), ['removeHeaders[0]'], header);
    t.deepEqual(copyPaths({ setHeaders: { [header]: 'x' } }), [`setHeaders.${header}`], header);
  }
  t.deepEqual(copyPaths({ removeHeaders: ['Authorization', 'cookie', 'x-envoy-original-path'] }), []);
});

test('a set header is a token of its own with a printable value, and steers no proxy', (t) => {
  t.deepEqual(copyPaths({ setHeaders: { 'X-A': 'a value, %REQ(x)%', 'x-b': '' } }), []);
  for (const value of ['a\r\nb', 'a\u0000', ' a', 'a ', 'ä', 5, null, 'x'.repeat(4097)]) {
    t.deepEqual(
      copyPaths({ setHeaders: { a: value } }),
      ['setHeaders.a'],
      JSON.stringify(value).slice(0, 20),
    );
  }
  t.deepEqual(copyPaths({ setHeaders: { 'X-Envoy-Retry-On': '5xx' } }), ['setHeaders.X-Envoy-Retry-On']);
  t.deepEqual(copyPaths({ setHeaders: { 'X-A': '1', 'x-a': '2' } }), ['setHeaders.x-a']);
  t.deepEqual(copyPaths({ setHeaders: { Cookie: '1' }, removeHeaders: ['cookie'] }), ['setHeaders.Cookie']);
});

test('a header called __proto__ is a header', (t) => {
  const checked = checkMirror('m', {
    ...MIRROR,
    copy: { setHeaders: JSON.parse('{"__proto__": "x"}') as unknown },
  });
  t.deepEqual(checked.ok && Object.entries(checked.value.copy.setHeaders), [['__proto__', 'x']]);
});

test('a mirror as it is shown can be written back, with its status', (t) => {
  t.deepEqual(pathsOf({ ...MIRROR, name: 'm', revision: 5, status: { effectivePercent: 1 } }), []);
  t.deepEqual(pathsOf({ ...MIRROR, name: 'other' }), ['name']);
});

test('what is shown of a mirror is read back as the same mirror', (t) => {
  const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const header = fc.stringMatching(/^x-[a-z]{1,8}$/).filter((name) => !name.startsWith('x-envoy'));
  const selector = fc.record({
    pathPrefix: fc.constantFrom('/', '/api'),
    domain: some(fc.domain()),
    match: some(fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue({ maxDepth: 3 }), { minKeys: 1 })),
    methods: some(fc.constantFrom(['GET'], ['GET', 'POST'])),
    headers: some(
      fc.array(fc.record({ name: header, exact: fc.stringMatching(/^[a-z]+$/) }), {
        minLength: 1,
        maxLength: 3,
      }),
    ),
  });
  const input = fc.record({
    fleet: fc.constant('edge'),
    target: fc.constant('wallarm'),
    percent: fc.integer({ min: 0, max: 1_000_000 }).map(formatPercent),
    routes: some(fc.array(selector, { maxLength: 4 })),
    exclude: some(fc.array(selector, { maxLength: 4 })),
    copy: some(
      fc.record({
        preset: some(fc.constantFrom('wallarm', 'none')),
        setHeaders: some(fc.dictionary(header, header)),
      }),
    ),
  });
  fc.assert(
    fc.property(input, (json) => {
      const first = checkMirror('m', JSON.parse(JSON.stringify(json)));
      if (!first.ok) throw new Error(JSON.stringify(first.issues));
      t.deepEqual(checkMirror('m', JSON.parse(JSON.stringify(presentMirror(first.value)))), first);
    }),
  );
});

test('a fleet is an Envoy fleet of its own name unless it says otherwise', (t) => {
  const checked = checkFleet('edge', {}, ['envoy', 'nginx']);
  t.deepEqual(checked.ok && checked.value, { name: 'edge', dataPlane: 'envoy', nodeCluster: 'edge' });
  const other = checkFleet('edge', { dataPlane: 'nginx', nodeCluster: 'front door' }, ['envoy', 'nginx']);
  t.deepEqual(other.ok && presentFleet(other.value), {
    name: 'edge',
    dataPlane: 'nginx',
    nodeCluster: 'front door',
    delivery: { ackTimeout: '15s', bake: '100ms', watch: '30s' },
  });
  const paced = checkFleet('edge', { delivery: { bake: '0s', watch: '1m' } }, ['envoy']);
  t.deepEqual(paced.ok && paced.value.pace, { ackTimeoutMs: 15_000, bakeMs: 0, watchMs: 60_000 });
});

test('a fleet of an unknown data plane is refused, along with all else that is wrong', (t) => {
  const checked = checkFleet('..', { dataPlane: 'iis', nodeCluster: '', x: 1 }, ['envoy']);
  t.deepEqual(checked.ok ? [] : checked.issues.map(({ path }) => path).sort(), [
    'dataPlane',
    'name',
    'nodeCluster',
    'x',
  ]);
});
