import test from 'ava';
import fc from 'fast-check';
import { createNginxDataPlane } from '../../../src/dataplanes/nginx/index.ts';
import { DRIVERS, PLAN_TYPE, decodePlan } from '../../../src/dataplanes/nginx/plan.ts';
import { roundedFor } from '../../../src/dataplanes/nginx/plan-of.ts';
import { readLogLine } from '../../../src/dataplanes/nginx/log-line.ts';
import { FULL } from '../../../src/model/percent.ts';
import type { Mirror } from '../../../src/model/mirror.ts';
import type { Target } from '../../../src/model/target.ts';
import { anyValue, mirror, target, valueOf } from './plans.ts';

const FLEET = { name: 'edge', dataPlane: 'nginx', nodeCluster: 'edge' };

function compile(mirrors: readonly Mirror[], to: Target = target(), text = '') {
  const nginx = createNginxDataPlane();
  const config = valueOf(nginx.readConfig(text, 'yaml', { fleet: 'edge', adopt: true }));
  return nginx.compile({
    fleet: FLEET,
    config,
    mirrors: mirrors.map((one) => ({ mirror: one, target: to })),
  });
}

test('a reload has steps of 0.01 %, and never takes some for none or for all', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: FULL }), (ppm) => {
      const rounded = roundedFor('reload', ppm);
      t.is(rounded % 100, 0);
      t.is(rounded === 0, ppm === 0);
      t.is(rounded === FULL, ppm === FULL);
      t.true(Math.abs(rounded - ppm) <= 100);
      t.is(roundedFor('lua', ppm), ppm);
    }),
  );
});

test('each driver has one plan, with the percents it can have, which are read back from its labels', (t) => {
  const nginx = createNginxDataPlane();
  const compiled = valueOf(compile([mirror('a', { percent: 0.0042, expiresAfter: '30s' }), mirror('b')]));
  for (const driver of DRIVERS) {
    const type = compiled.snapshot(driver).types.get(PLAN_TYPE);
    t.deepEqual([...(type?.resources.keys() ?? [])], [driver]);
    const resource = type?.resources.get(driver);
    t.is(resource?.ttlMs, undefined);
    const plan = decodePlan(anyValue(resource?.body));
    const percent = driver === 'lua' ? 42 : 100;
    t.like(plan.mirrors, [
      { name: 'a', percent, expiresAfterMs: 30_000 },
      { name: 'b', percent: FULL },
    ]);
    const acked = new Map(type === undefined ? [] : [[PLAN_TYPE, type]]);
    t.is(nginx.effectivePercent('a', acked), percent);
    t.is(nginx.effectivePercent('gone', acked), 0);
    const subscriptions = new Map([[PLAN_TYPE, new Set([driver])]]);
    t.is(nginx.variantFor({ version: '1.22.1', subscriptions }), driver);
  }
  t.is(nginx.effectivePercent('a', new Map()), undefined);
  t.is(nginx.mirrorOfCluster('mirrorplane_a'), 'a');
  t.is(nginx.mirrorOfCluster('origin'), undefined);
});

test('structure is what percents, suspensions and expiries leave alone; a plan without them is what it was', (t) => {
  const one = valueOf(compile([mirror('a', { percent: 5 })]));
  const same = [
    { percent: 6 },
    { percent: 5, expiresAfter: '10s' },
    { percent: 5, onTargetFailure: 'suspend' },
  ];
  for (const fields of same) t.is(valueOf(compile([mirror('a', fields)])).structure, one.structure);
  for (const other of [
    compile([mirror('a', { percent: 5, routes: [{ pathPrefix: '/x' }] })]),
    compile([mirror('a', { percent: 5, copy: { body: false } })]),
    compile([mirror('a', { percent: 5 })], target({ endpoints: [{ host: '10.0.0.9', port: 1 }] })),
  ]) {
    t.not(valueOf(other).structure, one.structure);
  }
  const six = one.withPercents(new Map([['a', 60_000]]));
  const version = (compiled: typeof six) => compiled.snapshot('lua').types.get(PLAN_TYPE)?.version;
  t.is(six.structure, one.structure);
  t.not(version(six), version(one));
  t.is(version(six.withPercents(new Map([['a', 50_000]]))), version(one));
  t.is(version(six), version(valueOf(compile([mirror('a', { percent: 6 })]))));
});

test('destinations are told apart by endpoint and TLS alone', (t) => {
  const at = (to: Target) => valueOf(compile([mirror('a')], to)).destinations.get('a');
  t.is(at(target()), at(target({ limits: { maxConnections: 3 } })));
  t.not(at(target()), at(target({ tls: {} })));
});

test('what NGINX cannot do is refused, each with its place', (t) => {
  const many = Array.from({ length: 70 }, (_, n) => ({ pathPrefix: `/${n}`, methods: ['GET'] }));
  const refused = (fields: Readonly<Record<string, unknown>>, to = target()) => {
    const result = compile([mirror('a', fields)], to);
    return result.ok ? [] : result.issues.map(({ path }) => path);
  };
  t.deepEqual(refused({ routes: many }), ['mirrors.a.routes']);
  t.deepEqual(refused({ routes: Array.from({ length: 500 }, (_, n) => ({ pathPrefix: `/${n}` })) }), []);
  t.deepEqual(refused({ copy: { setHeaders: { 'X-Long': 'x'.repeat(4096) } } }), ['mirrors.a']);
  t.deepEqual(refused({ routes: [{ headers: [{ name: 'x', regex: '(a*)*' }] }] }), [
    'mirrors.a.routes[0].headers[0].regex',
  ]);
  t.deepEqual(refused({ routes: [{ methods: ['GET', 'GET|POST', 'M-SEARCH'] }] }), [
    'mirrors.a.routes[0].methods[1]',
  ]);
  t.deepEqual(refused({}, target({ protocol: 'http2' })), ['targets.node.protocol']);
  t.deepEqual(refused({}, target({ tls: { caFile: '/ca.pem' } })), ['targets.node.tls.serverName']);
});

test('a selected location that the config includes no file for is said', (t) => {
  const text = 'http { server { location / { include /etc/nginx/mirrorplane/location-shop.conf; } } }';
  const routes = [{ route: 'shop' }, { route: 'cart' }];
  const { warnings } = valueOf(compile([mirror('a', { routes })], target(), text));
  t.deepEqual(
    warnings.map(({ message }) => message.includes('location-cart.conf')),
    [true],
  );
});

test('the text for those who apply it themselves has every file with its name', (t) => {
  const compiled = valueOf(compile([mirror('a', { routes: [{ route: 'shop' }] })]));
  const text = createNginxDataPlane().renderings['nginx']?.(compiled) ?? '';
  for (const name of ['http', 'server', 'location', 'location-shop'])
    t.true(text.includes(`# ==> /etc/nginx/mirrorplane/${name}.conf\n`), name);
});

for (const [line, expected] of [
  ['<190>Nov 25 22:49:45 mirrorplane: a\t200\t200\t0.012', { drawn: true, failed: false, seconds: 0.012 }],
  ['a\t204\t204\t0.001', { drawn: true, failed: false }],
  ['a\t204\t-\t-', { drawn: false, failed: false, seconds: undefined }],
  ['a\t502\t502\t0.000', { drawn: true, failed: true }],
  ['a\t504\t504\t2.001', { drawn: true, failed: true }],
  ['a\t503\t-\t-', { drawn: true, failed: true }],
  ['a\t208\t-\t-', undefined],
  ['a\t404\t-\t-', undefined],
  ['something else', undefined],
] as const) {
  test(`the log's ${JSON.stringify(line)} is ${JSON.stringify(expected)}`, (t) => {
    const read = readLogLine(line);
    if (expected === undefined) t.is(read, undefined);
    else t.like(read, { mirror: 'a', ...expected });
  });
}
