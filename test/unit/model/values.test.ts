import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../../src/model/duration.ts';
import { deepFreeze, shareUnchanged } from '../../../src/model/freeze.ts';
import { isDnsName, HOST, DOMAIN } from '../../../src/model/host.ts';
import { isWithinDepth, mergePatch } from '../../../src/model/merge-patch.ts';
import { freeName, isName, toName } from '../../../src/model/name.ts';

test('names are 1 to 63 letters, digits, "-", "_" and "."', (t) => {
  for (const name of ['a', 'edge-wallarm', 'A_1.b', '-', '...', '9', 'x'.repeat(63), '__proto__']) {
    t.true(isName(name), name);
  }
  for (const name of ['', '.', '..', 'a b', 'a/b', 'ä', 'a\n', 'x'.repeat(64), 5, null, undefined]) {
    t.false(isName(name), String(name));
  }
});

test('any text has a name near it', (t) => {
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => isName(toName(text))));
  fc.assert(
    fc.property(
      fc.stringMatching(/^[A-Za-z0-9._][A-Za-z0-9._-]{0,62}$/),
      (name) => !isName(name) || toName(name) === name,
    ),
  );
  t.is(toName('outbound|80||shop.example'), 'outbound-80-shop.example');
  t.is(toName('..', 'fleet'), 'fleet');
});

test('a free name is a name that is not taken', (t) => {
  const taken = new Set(['edge', 'edge-2', 'y'.repeat(63)]);
  t.is(
    freeName('edge', (name) => taken.has(name)),
    'edge-3',
  );
  t.is(
    freeName('core', (name) => taken.has(name)),
    'core',
  );
  t.is(
    freeName('y'.repeat(63), (name) => taken.has(name)),
    `${'y'.repeat(61)}-2`,
  );
});

test('durations are read by their digits', (t) => {
  const read = {
    '500ms': 500,
    '0ms': 0,
    '1.5s': 1500,
    '1.001s': 1001,
    '2s': 2000,
    '5m': 300_000,
    '0.5m': 30_000,
    '1h': 3_600_000,
  };
  for (const [text, ms] of Object.entries(read)) t.is(parseDuration(text), ms, text);
  for (const text of [
    '',
    '5',
    '5 s',
    '-1s',
    '1.5ms',
    '1.0001s',
    '1s2',
    '1d',
    's',
    '1e3s',
    '99999999999s',
    5,
    null,
    undefined,
  ]) {
    t.is(parseDuration(text), undefined, String(text));
  }
});

test('every number of milliseconds is read back from its duration', (t) => {
  fc.assert(fc.property(fc.nat({ max: 100_000_000 }), (ms) => parseDuration(formatDuration(ms)) === ms));
  t.deepEqual([0, 999, 1000, 1500, 60_000, 90_000, 3_600_000].map(formatDuration), [
    '0ms',
    '999ms',
    '1s',
    '1.5s',
    '1m',
    '90s',
    '1h',
  ]);
});

test('hosts are DNS names and IP addresses', (t) => {
  for (const host of [
    'wallarm',
    'a.b.example',
    'a.b.example.',
    'node_1',
    '10.0.0.1',
    '::1',
    '2001:db8::1',
    'x1',
    '1a',
  ]) {
    t.true(HOST.test(host), host);
  }
  for (const host of [
    '',
    '.',
    'a..b',
    '-a',
    'a-',
    '1.2.3',
    '1.2.3.256',
    '300',
    '[::1]',
    'fe80::1%eth0',
    'http://a',
    'a:80',
    'a/b',
    'a b',
    '*.a',
    'ä.example',
    `${'a'.repeat(64)}.b`,
    'a.'.repeat(127),
  ]) {
    t.false(HOST.test(host), host);
  }
  t.false(isDnsName('a.'.repeat(130)));
});

test('domains are hosts, hosts below one, either with a port', (t) => {
  for (const domain of [
    'shop.example',
    '*.shop.example',
    'shop.example:8080',
    '*.shop.example:8080',
    '10.0.0.1',
  ]) {
    t.true(DOMAIN.test(domain), domain);
  }
  for (const domain of ['', '*', '*shop.example', 'a.*', 'shop.example:', '*.10.0.0.1', 'a b']) {
    t.false(DOMAIN.test(domain), domain);
  }
});

// RFC 7396, appendix A.
const CASES: readonly (readonly [target: unknown, patch: unknown, result: unknown])[] = [
  [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
  [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
  [{ a: 'b' }, { a: null }, {}],
  [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
  [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
  [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
  [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
  [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
  [
    ['a', 'b'],
    ['c', 'd'],
    ['c', 'd'],
  ],
  [{ a: 'b' }, ['c'], ['c']],
  [{ a: 'foo' }, null, null],
  [{ a: 'foo' }, 'bar', 'bar'],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: 'b', c: null }, { a: 'b' }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

test('merge patches do what RFC 7396 shows, and change neither argument', (t) => {
  for (const [target, patch, result] of CASES) {
    t.deepEqual(mergePatch(deepFreeze(structuredClone(target)), deepFreeze(structuredClone(patch))), result);
  }
});

test('a merge patch cannot reach a prototype', (t) => {
  const merged = mergePatch(
    {},
    JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}'),
  );
  t.false('polluted' in {});
  t.is(Object.getPrototypeOf(merged), Object.prototype);
  t.deepEqual(Object.keys(merged as object), ['__proto__', 'constructor']);
});

test('depth is measured without falling into it', (t) => {
  t.true(isWithinDepth({ a: [{ b: 1 }] }, 3));
  t.false(isWithinDepth({ a: [{ b: 1 }] }, 2));
  t.true(isWithinDepth('text', 0));
  let deep: unknown = 1;
  for (let n = 0; n < 1_000_000; n++) deep = [deep];
  t.false(isWithinDepth(deep, 50));
});

test('what is equal is shared, down to its parts', (t) => {
  const before = deepFreeze({
    percent: 1,
    routes: [{ route: 'a' }],
    copy: { setHeaders: { a: 'b' }, preset: 'none' },
  });
  t.is(shareUnchanged(before, structuredClone(before)), before);
  const after = shareUnchanged(before, { ...structuredClone(before), percent: 2 });
  t.is(after.percent, 2);
  t.is(after.routes, before.routes);
  t.is(after.copy, before.copy);
  const deeper = shareUnchanged(before, {
    ...structuredClone(before),
    copy: { setHeaders: { a: 'b' }, preset: 'wallarm' },
  });
  t.is(deeper.copy.setHeaders, before.copy.setHeaders);
  t.true(Object.isFrozen(deeper) && Object.isFrozen(deeper.copy));
});

test('sharing never changes what a value is', (t) => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (before, after) => {
      const copy = structuredClone(after);
      return isDeepStrictEqual(shareUnchanged(before, after), copy);
    }),
  );
  t.pass();
});
