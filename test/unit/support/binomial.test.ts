import test from 'ava';
import { binomialInterval } from '../../support/binomial.ts';

test('none and all have no spread', (t) => {
  t.deepEqual(binomialInterval(1_000, 0), { low: 0, high: 0 });
  t.deepEqual(binomialInterval(1_000, 1), { low: 1_000, high: 1_000 });
});

test('a fair coin thrown ten times: P(X < 2) = 11/1024, P(X < 3) = 56/1024', (t) => {
  t.deepEqual(binomialInterval(10, 0.5, 0.95), { low: 2, high: 8 });
  t.deepEqual(binomialInterval(10, 0.5, 1 - (2 * 55) / 1024), { low: 2, high: 8 });
  t.deepEqual(binomialInterval(10, 0.5, 1 - (2 * 57) / 1024), { low: 3, high: 7 });
});

test('a rare event: P(X = 0) = 0.99^100 = 0.366', (t) => {
  t.is(binomialInterval(100, 0.01, 0.2).low, 1);
  t.is(binomialInterval(100, 0.01, 0.3).low, 0);
});

test('for many requests it is the normal approximation', (t) => {
  const { low, high } = binomialInterval(100_000, 0.25);
  const spread = 3.2905 * Math.sqrt(100_000 * 0.25 * 0.75);
  t.true(Math.abs(low - (25_000 - spread)) < 5, `${low}`);
  t.true(Math.abs(high - (25_000 + spread)) < 5, `${high}`);
});

test('the share aimed at is inside, its double is not', (t) => {
  const n = 4_000;
  for (const p of [0.005, 0.01, 0.25, 0.5]) {
    const { low, high } = binomialInterval(n, p);
    t.true(low < n * p && n * p < high);
    t.true(n * Math.min(2 * p, 1) > high, `${p}`);
  }
});
