import fc from 'fast-check';
import test from 'ava';
import { canonicalHost, coversHost, isLocal, isSamePlace, reaches } from '../../../src/model/place.ts';

for (const [host, canonical] of [
  ['Shop.Example.', 'shop.example'],
  ['10.0.0.7', '10.0.0.7'],
  ['[::1]', '::1'],
  ['0:0:0:0:0:0:0:1', '::1'],
  ['2001:DB8:0::7', '2001:db8::7'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['fe80::1%eth0', 'fe80::1%eth0'],
] as const) {
  test(`${host} is written ${canonical}`, (t) => {
    t.is(canonicalHost(host), canonical);
  });
}

for (const [to, listener, expected] of [
  ['10.0.0.7', '10.0.0.7', true],
  ['10.0.0.7', '10.0.0.8', false],
  ['127.0.0.1', '0.0.0.0', true],
  ['127.0.3.4', '0.0.0.0', true],
  ['localhost', '0.0.0.0', true],
  ['0.0.0.0', '127.0.0.1', true],
  ['10.0.0.7', '0.0.0.0', false],
  // Another machine's, for all that is known.
  ['edge.example', '0.0.0.0', false],
  ['::1', '0.0.0.0', false],
  ['::1', '::', true],
  ['127.0.0.1', '[::]', true],
  ['::ffff:127.0.0.1', '127.0.0.1', true],
  ['localhost', '127.0.0.1', true],
  ['127.0.0.1', 'localhost', true],
  ['127.0.0.2', '127.0.0.1', false],
  ['Edge.Example', 'edge.example.', true],
] as const) {
  test(`${to} ${expected ? 'reaches' : 'does not reach'} a listener at ${listener}`, (t) => {
    t.is(reaches({ host: to, port: 80 }, { host: listener, port: 80 }), expected);
    t.false(reaches({ host: to, port: 81 }, { host: listener, port: 80 }));
  });
}

for (const [pattern, host, expected] of [
  ['shop.example', 'shop.example', true],
  ['shop.example', 'www.shop.example', false],
  ['*.shop.example', 'www.shop.example', true],
  ['*.shop.example', 'a.b.shop.example', true],
  ['*.shop.example', 'shop.example', false],
  ['*-eu.shop.example', 'www-eu.shop.example', true],
  ['*-eu.shop.example', '-eu.shop.example', false],
  ['shop.*', 'shop.example', true],
  ['shop.*', 'shop.', false],
  ['shop.*', 'workshop.example', false],
] as const) {
  test(`${pattern} ${expected ? 'covers' : 'does not cover'} ${host}`, (t) => {
    t.is(coversHost(pattern, host), expected);
  });
}

test('places are one by any spelling of their host', (t) => {
  t.true(isSamePlace({ host: 'A.example', port: 80 }, { host: 'a.example.', port: 80 }));
  t.false(isSamePlace({ host: 'a.example', port: 80 }, { host: 'a.example', port: 81 }));
  t.false(isSamePlace({ host: 'a.example', port: 80 }, { host: 'b.example', port: 80 }));
  t.true(isSamePlace({ host: 'localhost', port: 80 }, { host: '::1', port: 80 }));
});

test('what is local is so in every spelling', (t) => {
  for (const host of [
    'localhost',
    'a.localhost',
    '127.1.2.3',
    '::1',
    '[::1]',
    '0.0.0.0',
    '::',
    '::ffff:127.0.0.1',
  ])
    t.true(isLocal(host), host);
  for (const host of ['localhost.example', '128.0.0.1', '127.example', '::2', '10.0.0.7'])
    t.false(isLocal(host), host);
});

test('a place is reached by itself, and spellings of an address are one', (t) => {
  const host = fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6());
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 65_535 }), (one, port) => {
      const spelt = one.includes(':') ? `[${one.toUpperCase()}]` : one.toUpperCase();
      t.true(reaches({ host: one, port }, { host: spelt, port }), one);
      t.true(isSamePlace({ host: one, port }, { host: spelt, port }), one);
      t.is(canonicalHost(canonicalHost(spelt)), canonicalHost(one));
    }),
  );
});
