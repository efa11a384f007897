import test from 'ava';
import fc from 'fast-check';
import { checkTarget } from '../../../src/model/check-target.ts';
import { presentTarget } from '../../../src/model/present.ts';
import type { Target } from '../../../src/model/target.ts';

const HEALTH = { port: 9445, path: '/-/healthcheck', intervalMs: 5000, timeoutMs: 3000 };
const STATUS = { port: 80, path: '/wallarm-status', intervalMs: 5000, timeoutMs: 3000 };

function target(input: object): Target {
  const checked = checkTarget('wallarm', { kind: 'wallarm', endpoints: [{ host: 'node' }], ...input });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}

function issues(input: object): Record<string, string> {
  const checked = checkTarget('wallarm', { kind: 'wallarm', endpoints: [{ host: 'node' }], ...input });
  return Object.fromEntries(checked.ok ? [] : checked.issues.map(({ path, message }) => [path, message]));
}

test('a Wallarm node listens on 8445 unless it is said where, and is asked nothing unless that is wanted', (t) => {
  const endpoints = [{ host: 'a' }, { host: 'b', port: 80 }];
  t.like(target({ endpoints }), {
    kind: 'wallarm',
    endpoints: [
      { host: 'a', port: 8445 },
      { host: 'b', port: 80 },
    ],
  });
  for (const node of [undefined, {}, { health: false, status: false }]) t.false('node' in target({ node }));
});

test('health and counters have defaults, each of which can be another', (t) => {
  t.deepEqual(target({ node: { health: true, status: {} } }).node, { health: HEALTH, status: STATUS });
  t.deepEqual(target({ node: { health: { port: 81 }, status: { path: '/s', interval: '1s' } } }).node, {
    health: { ...HEALTH, port: 81 },
    status: { ...STATUS, path: '/s', intervalMs: 1000 },
  });
  t.deepEqual(target({ node: { status: { url: 'https://{host}:444/s?x=1', timeout: '1s' } } }).node, {
    status: { url: 'https://{host}:444/s?x=1', intervalMs: 5000, timeoutMs: 1000 },
  });
});

test('of any other target neither goes without saying', (t) => {
  t.deepEqual(Object.keys(issues({ kind: undefined })), ['endpoints[0].port']);
  t.deepEqual(issues({ kind: undefined, endpoints: [{ host: 'a', port: 1 }], node: { health: true } }), {
    node: 'is for a Wallarm node: add "kind": "wallarm"',
  });
  t.deepEqual(Object.keys(issues({ kind: 'other', endpoints: [{ host: 'a', port: 1 }] })), ['kind']);
});

test('everything wrong is said at once, each with its path', (t) => {
  const node = {
    health: { port: 0, path: 'x', interval: '1ms', url: 'http://x/' },
    status: { url: 'ftp://{host}/', port: 80, timeout: '1h' },
    ready: true,
  };
  t.deepEqual(Object.keys(issues({ endpoints: [{ host: 'a', port: 0 }], node })).sort(), [
    'endpoints[0].port',
    'node.health.interval',
    'node.health.path',
    'node.health.port',
    'node.health.url',
    'node.ready',
    'node.status.timeout',
    'node.status.url',
  ]);
  t.deepEqual(Object.keys(issues({ node: { health: 'on', status: 5 } })).sort(), [
    'node.health',
    'node.status',
  ]);
  t.deepEqual(Object.keys(issues({ node: { status: { url: 'http://h/s', port: 1, path: '/' } } })).sort(), [
    'node.status.path',
    'node.status.port',
  ]);
  for (const url of [
    'http://user:word@{host}/',
    'http://{host}/#x',
    'http://{name}/',
    '{host}',
    'http://a b/',
    5,
  ])
    t.deepEqual(Object.keys(issues({ node: { status: { url } } })), ['node.status.url'], String(url));
});

test('hosts with counters of their own have addresses of their own', (t) => {
  const node = { status: { url: 'http://status.example/s' } };
  t.deepEqual(issues({ node }), {});
  t.deepEqual(issues({ node, endpoints: [{ host: 'a' }, { host: 'A', port: 1 }] }), {});
  t.regex(issues({ node, endpoints: [{ host: 'a' }, { host: 'b' }] })['node.status.url'] ?? '', /\{host\}/);
});

test('what is shown of it is read back as the same', (t) => {
  const some = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
  const pace = { interval: some(fc.constant('1.5s')), timeout: some(fc.constant('250ms')) };
  const place = { port: some(fc.integer({ min: 1, max: 65_535 })), path: some(fc.constant('/x?y')) };
  const probe = (...more: fc.Arbitrary<unknown>[]) =>
    some(fc.oneof(fc.boolean(), fc.record({ ...place, ...pace }), ...more));
  const url = fc.record({ url: fc.constant('http://{host}:8/'), ...pace });
  const node = some(fc.record({ health: probe(), status: probe(url) }));
  fc.assert(
    fc.property(node, some(fc.integer({ min: 1, max: 65_535 })), (asked, port) => {
      const json = { kind: 'wallarm', endpoints: [{ host: '::1', port }], node: asked };
      const first = checkTarget('t', JSON.parse(JSON.stringify(json)));
      if (!first.ok) throw new Error(JSON.stringify(first.issues));
      t.deepEqual(checkTarget('t', JSON.parse(JSON.stringify(presentTarget(first.value)))), first);
    }),
  );
});
