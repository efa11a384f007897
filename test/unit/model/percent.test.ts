import { inspect } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { FULL, formatPercent, parsePercent } from '../../../src/model/percent.ts';

test('every share in ppm is read back from its percent', (t) => {
  for (let ppm = 0; ppm <= FULL; ppm++) {
    // Through JSON, as the percent travels.
    const read = parsePercent(JSON.parse(JSON.stringify(formatPercent(ppm))));
    if (read !== ppm) return t.is(read, ppm);
  }
  return t.pass();
});

test('the percent of a share has at most four decimals', (t) => {
  for (let ppm = 0; ppm <= FULL; ppm++) {
    const text = String(formatPercent(ppm));
    if (!/^\d{1,3}(\.\d{1,4})?$/.test(text)) return t.fail(`${ppm} became ${text}`);
  }
  return t.pass();
});

test('a decimal of at most four digits is read by its digits', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 99 }), fc.integer({ min: 0, max: 9999 }), (whole, fraction) => {
      const text = `${whole}.${String(fraction).padStart(4, '0')}`;
      return parsePercent(Number(text)) === whole * 10_000 + fraction;
    }),
  );
  t.is(parsePercent(0.39), 3900);
  t.is(parsePercent(33.3333), 333_333);
  t.is(parsePercent(99.9999), 999_999);
});

test('only zero is read as 0', (t) => {
  t.is(parsePercent(0), 0);
  t.is(parsePercent(-0), 0);
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (percent) => percent === 0 || parsePercent(percent) !== 0),
  );
});

test('whatever is read lies from 0 to 1,000,000 and is the very number given', (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.double({ min: -1, max: 101 })), (percent) => {
      const ppm = parsePercent(percent);
      return (
        ppm === undefined ||
        (Number.isInteger(ppm) && ppm >= 0 && ppm <= FULL && formatPercent(ppm) === percent + 0)
      );
    }),
  );
  t.pass();
});

for (const percent of [-1, -0.0001, 100.0001, 101, 1e-7, 0.00001, 0.1 + 0.2, NaN, Infinity, 1e21]) {
  test(`${percent} is no percent`, (t) => {
    t.is(parsePercent(percent), undefined);
  });
}

for (const value of ['5', '', null, undefined, true, [5], { percent: 5 }, 5n]) {
  test(`${inspect(value)} is no percent`, (t) => {
    t.is(parsePercent(value), undefined);
  });
}
