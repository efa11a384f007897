import test from 'ava';
import fc from 'fast-check';
import { rounded } from '../../../src/dataplanes/traefik/compile/percent.ts';
import { createTraefikDataPlane } from '../../../src/dataplanes/traefik/index.ts';
import { RESOURCE, TYPE_URL } from '../../../src/dataplanes/traefik/names.ts';
import type { Compiled, Finding } from '../../../src/dataplanes/data-plane.ts';
import { checkMirror } from '../../../src/model/check-mirror.ts';
import { checkTarget } from '../../../src/model/check-target.ts';
import { type Result } from '../../../src/model/issue.ts';
import { FULL } from '../../../src/model/percent.ts';
import type { Snapshot } from '../../../src/snapshot/snapshot.ts';

const traefik = createTraefikDataPlane();
const CONFIG = `
http:
  routers:
    shop: { rule: "Host(\`shop\`)", service: origin }
    api: { rule: "Host(\`api\`)", service: origin }
  services: { origin: { loadBalancer: { servers: [{ url: "http://origin" }] } } }
`;

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.issues));
  return result.value;
}

function compile(
  percents: Readonly<Record<string, number>>,
  { host = 'node', config = CONFIG, limits = {}, readBack = {} } = {},
): Compiled {
  const read = value(traefik.readConfig(config, 'yaml', { fleet: 'edge', adopt: true }));
  const target = value(checkTarget('node', { endpoints: [{ host, port: 8445 }], limits }));
  const mirrors = Object.entries(percents).map(([name, percent]) => ({
    mirror: value(checkMirror(name, { fleet: 'edge', target: 'node', percent })),
    target,
  }));
  const fleet = { name: 'edge', dataPlane: 'traefik', nodeCluster: 'edge', readBack };
  return value(traefik.compile({ fleet, config: read, mirrors }));
}

function bytes(snapshot: Snapshot): string {
  return snapshot.types.get(TYPE_URL)?.resources.get(RESOURCE)?.body.toString() ?? '';
}

const served = (compiled: Compiled): any => JSON.parse(bytes(compiled.snapshot('document')));

test('the same is the same bytes, in whatever order it was written', (t) => {
  const turned = `
http:
  services: { origin: { loadBalancer: { servers: [{ url: "http://origin" }] } } }
  routers:
    api: { service: origin, rule: "Host(\`api\`)" }
    shop: { service: origin, rule: "Host(\`shop\`)" }
`;
  const [one, two] = [compile({ a: 1, b: 50 }), compile({ b: 50, a: 1 }, { config: turned })];
  t.is(bytes(one.snapshot('document')), bytes(two.snapshot('document')));
  t.is(one.structure, two.structure);
});

test('percents leave the structure alone, and 0 takes the mirror out', (t) => {
  const compiled = compile({ a: 10, b: 0 });
  const other = compiled.withPercents(new Map([['b', 500_000]]));
  t.is(other.structure, compiled.structure);
  t.is(compile({ a: 77, b: 3 }).structure, compiled.structure);
  t.not(compile({ a: 10, b: 0 }, { host: 'other' }).structure, compiled.structure);
  t.not(compile({ a: 10 }).structure, compiled.structure);
  const mirrors = (document: any): unknown => document.http.services['mirrorplane:shop']?.mirroring.mirrors;
  t.deepEqual(mirrors(served(compiled)), [{ name: 'mirrorplane-a', percent: 10 }]);
  t.deepEqual(mirrors(served(other)), [{ name: 'mirrorplane-b', percent: 50 }]);
  const none = served(compiled.withPercents(new Map()));
  t.is(none.http.routers.shop.service, 'origin');
  t.deepEqual(Object.keys(none.http.services), ['origin']);
  t.deepEqual(Object.keys(none.http.middlewares), ['mirrorplane:version']);
});

test('a percent is whole: never nothing of something, nor all of less than all', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: FULL }), (percent) => {
      const whole = rounded(percent);
      t.is(whole % 10_000, 0);
      t.is(whole === 0, percent === 0);
      t.is(whole === FULL, percent === FULL);
      t.true(Math.abs(whole - percent) < 10_000);
    }),
  );
  const compiled = compile({ a: 0.3, b: 25 });
  const type = compiled.snapshot('document').types.get(TYPE_URL);
  const acked = new Map(type === undefined ? [] : [[TYPE_URL, type]]);
  t.is(traefik.effectivePercent('a', acked), 10_000);
  t.is(traefik.effectivePercent('b', acked), 250_000);
  t.is(traefik.effectivePercent('c', acked), undefined);
  t.deepEqual(
    compiled.warnings.filter(({ path }) => path.endsWith('.percent')).map(({ path }) => path),
    ['mirrors.a.percent'],
  );
});

/** What Traefik's API would say of a document that it has taken. */
function rawData(compiled: Compiled): any {
  const { http } = served(compiled);
  const named = (items: object): object =>
    Object.fromEntries(
      Object.entries(items).map(([name, item]) => [`${name}@http`, { ...item, status: 'enabled' }]),
    );
  return {
    routers: { ...named(http.routers), 'api@internal': { status: 'enabled' } },
    services: named(http.services),
    middlewares: named(http.middlewares),
  };
}

function judge(compiled: Compiled, raw: unknown): Finding | undefined {
  return traefik.readBack?.judge(compiled.snapshot('document'), new Map([['/api/rawdata', raw]]));
}

test('in force is the document with its very version, and nothing of it disabled', (t) => {
  const compiled = compile({ a: 10 });
  t.deepEqual(judge(compiled, rawData(compiled)), { state: 'applied' });
  for (const other of [compile({ a: 11 }), compile({ a: 10 }, { host: 'other' }), compile({ a: 0 })])
    t.deepEqual(judge(compiled, rawData(other)), { state: 'other' });
  for (const nothing of [{}, [], null, 'text', { routers: null, middlewares: [] }])
    t.deepEqual(judge(compiled, nothing), { state: 'other' });
  t.deepEqual(traefik.readBack?.judge(compiled.snapshot('document'), new Map()), { state: 'other' });
});

test("what is disabled is refused, in Traefik's words", (t) => {
  const compiled = compile({ a: 10 });
  const raw = rawData(compiled);
  raw.routers['shop@http'] = { status: 'disabled', error: ['the service "x" does not exist', 'and more'] };
  raw.services['origin@http'].status = 'disabled';
  raw.routers['api@http'] = { status: 'warning', error: ['an entry point is missing'] };
  t.deepEqual(judge(compiled, raw), {
    state: 'refused',
    message: 'router "shop": the service "x" does not exist, and more; service "origin": disabled',
  });
  delete raw.services['origin@http'];
  t.deepEqual(judge(compiled, raw), { state: 'other' });
});

test('a mirror that copies to an entry point whose requests it copies is refused, and no other is', (t) => {
  const ask = (
    { host = '127.0.0.1', percent = 10 },
    {
      address = ':8445',
      using = ['web'] as readonly string[],
      tls = undefined as object | undefined,
      api = '',
    } = {},
  ): string => {
    const compiled = compile({ a: percent }, { host });
    const raw = rawData(compiled);
    for (const name of ['shop@http', 'api@http']) Object.assign(raw.routers[name], { using, tls });
    const entryPoints = [
      { name: 'traefik', address: ':8080' },
      { name: 'web', address },
      { name: 'dns', address: ':8445/udp' },
    ];
    const answers = new Map<string, unknown>([
      ['/api/rawdata', raw],
      ['/api/entrypoints?per_page=1000', entryPoints],
    ]);
    const found = traefik.readBack?.judge(compiled.snapshot('document'), answers, api);
    if (found?.state !== 'refused') return String(found?.state);
    t.deepEqual(found.harmful, ['a']);
    return found.message;
  };
  t.is(
    ask({}),
    'mirror "a" copies to 127.0.0.1:8445, where this Traefik itself listens (entry point web): each copy would be copied again; ' +
      "give its target the node's address",
  );
  const own = 'http://10.0.0.7:8080';
  const loops = [
    [{ host: 'localhost' }],
    [{ host: '::1' }, { address: '[::]:8445' }],
    [{ host: '127.0.0.1' }, { address: '127.0.0.1:8445' }],
    [{ host: '127.0.0.1' }, { address: 'localhost:8445/tcp' }],
    [{ host: '10.0.0.7' }, { address: '10.0.0.7:8445' }],
    [{ host: '10.0.0.7' }, { api: own }],
  ] as const;
  for (const [mirror, other] of loops)
    t.regex(ask(mirror, other), /entry point web/, JSON.stringify([mirror, other]));
  const good = [
    [{ percent: 0 }],
    [{ host: '10.0.0.8' }],
    [{ host: '10.0.0.8' }, { api: own }],
    [{ host: '10.0.0.7' }, { api: 'http://10.0.0.7:18080' }],
    [{ host: '10.0.0.7' }, { address: '127.0.0.1:8445', api: own }],
    [{ host: '127.0.0.1' }, { address: '10.0.0.7:8445' }],
    [{}, { address: ':8444' }],
    [{}, { using: ['other'] }],
    [{}, { tls: {} }],
  ] as const;
  for (const [mirror, other] of good) t.is(ask(mirror, other), 'applied', JSON.stringify([mirror, other]));
});

test('a router of several entry points is looked for under each', (t) => {
  const compiled = compile({ a: 10 });
  const raw = rawData(compiled);
  const { 'shop@http': shop, ...routers } = raw.routers;
  raw.routers = { ...routers, 'web-shop@http': shop, 'tls-shop@http': shop };
  t.deepEqual(judge(compiled, raw), { state: 'applied' });
  raw.routers['tls-shop@http'] = { status: 'disabled', error: ['no'] };
  t.deepEqual(judge(compiled, raw), { state: 'refused', message: 'router "shop": no' });
});

test('a mirror of every router leaves alone what is inside Traefik, unless it is named', (t) => {
  const config = CONFIG.replace('services: {', 'services: {').replace(
    '    api:',
    '    dashboard: { rule: "Host(`d`)", service: api@internal }\n    api:',
  );
  t.is(served(compile({ a: 100 }, { config })).http.routers.dashboard.service, 'api@internal');
});

test('what a mirror costs the primary is told, once for all that share it', (t) => {
  const told = (compiled: Compiled, what: RegExp): readonly string[] =>
    compiled.warnings.filter(({ message }) => what.test(message)).map(({ path }) => path);
  const checked = CONFIG.replace(
    'origin: { loadBalancer: {',
    'origin: { loadBalancer: { healthCheck: { path: / },',
  ).replace('  services: {', '  services: { split: { weighted: { services: [{ name: origin }] } },');
  const health = /until its next check/;
  const path = 'http.services.origin.loadBalancer.healthCheck';
  t.deepEqual(told(compile({ a: 1, b: 2 }, { config: checked }), health), [path]);
  const behind = checked.replaceAll('service: origin', 'service: split');
  t.deepEqual(told(compile({ a: 1 }, { config: behind }), health), [path]);
  t.deepEqual(told(compile({}, { config: checked }), health), []);
  t.deepEqual(told(compile({ a: 1 }), health), []);
  const buffer = /limits.bufferBytes of/;
  t.deepEqual(told(compile({ a: 1 }), buffer), ['mirrors.a.target']);
  t.deepEqual(told(compile({ a: 1 }, { limits: { bufferBytes: 262_144 } }), buffer), []);
  const entryPoint = /cannot be told from here/;
  for (const host of ['127.0.0.1', '::1', 'localhost', '0.0.0.0']) {
    t.deepEqual(told(compile({ a: 1 }, { host }), entryPoint), ['mirrors.a.target'], host);
    t.deepEqual(
      told(compile({ a: 1 }, { host, readBack: { '*': 'http://10.0.0.7:8080' } }), entryPoint),
      [],
      host,
    );
  }
  t.deepEqual(told(compile({ a: 1 }, { host: '10.0.0.8' }), entryPoint), []);
});
