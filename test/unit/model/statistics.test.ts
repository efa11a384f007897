import test from 'ava';
import { bounds, isMoreOften, meanLatency } from '../../../src/model/statistics.ts';

/** Seeded, so that a failure is found again: https://en.wikipedia.org/wiki/Linear_congruential_generator */
function uniform(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

/** Arrivals within `mean`, with exponential times between them. */
function poisson(mean: number, random: () => number): number {
  let count = -1;
  for (let time = 0; time < mean; time -= Math.log(random())) count += 1;
  return count;
}

test('the bounds of a proportion are those of Wilson', (t) => {
  // Newcombe 1998, table I, method 3: 95 %, two-sided. https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E
  for (const [hits, of, lower, upper] of [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ] as const) {
    const found = bounds({ hits, of }, 1.959964);
    t.true(Math.abs(found.lower - lower) < 1e-4, `${hits} of ${of}: ${found.lower}`);
    t.true(Math.abs(found.upper - upper) < 1e-4, `${hits} of ${of}: ${found.upper}`);
  }
  t.deepEqual(bounds({ hits: 0, of: 0 }), { lower: 0, upper: 1 });
});

test('equal rates are seldom taken for unequal, whatever the sizes', (t) => {
  const random = uniform(4);
  for (const [rate, size, other] of [
    [0.001, 1000, 1000],
    [0.01, 1000, 100_000],
    [0.01, 10_000, 500],
    [0.05, 2000, 2000],
  ] as const) {
    const [trials, wrong] = [4000, { count: 0 }];
    for (let trial = 0; trial < trials; trial++) {
      const a = { hits: Math.min(size, poisson(rate * size, random)), of: size };
      const b = { hits: Math.min(other, poisson(rate * other, random)), of: other };
      if (isMoreOften(a, b, 0)) wrong.count += 1;
    }
    t.true(wrong.count <= trials * 0.02, `${rate} of ${size} and ${other}: ${wrong.count} of ${trials}`);
  }
});

test('a rate that is really higher is found', (t) => {
  const random = uniform(5);
  let found = 0;
  for (let trial = 0; trial < 1000; trial++) {
    const a = { hits: poisson(50, random), of: 1000 };
    const b = { hits: poisson(10, random), of: 1000 };
    if (isMoreOften(a, b, 0.01)) found += 1;
  }
  t.true(found > 800, `${found} of 1000`);
});

test('nothing is more often than what was never looked at', (t) => {
  t.false(isMoreOften({ hits: 100, of: 100 }, { hits: 0, of: 0 }, 0));
  t.false(isMoreOften({ hits: 0, of: 0 }, { hits: 0, of: 100 }, 0));
});

test('the mean latency is that of Little, and as blurred as it says', (t) => {
  t.is(meanLatency({ requests: 0, errors: 0, requestSeconds: 0, variance: 0 }), undefined);
  const random = uniform(6);
  const [perSecond, latency, seconds, each] = [40, 0.25, 120, 2];
  const spread: number[] = [];
  let said = 0;
  for (let trial = 0; trial < 2000; trial++) {
    let [requestSeconds, variance] = [0, 0];
    for (let at = 0; at < seconds; at += each) {
      const underWay = poisson(perSecond * latency, random);
      requestSeconds += underWay * each;
      variance += underWay * each * each;
    }
    const requests = poisson(perSecond * seconds, random);
    const found = meanLatency({ requests, errors: 0, requestSeconds, variance });
    if (found === undefined) return t.fail();
    spread.push(found.seconds);
    said += found.error / 2000;
  }
  const mean = spread.reduce((a, b) => a + b) / spread.length;
  const deviation = Math.sqrt(spread.reduce((sum, one) => sum + (one - mean) ** 2, 0) / spread.length);
  t.true(Math.abs(mean - latency) < 0.003, `mean ${mean}`);
  t.true(Math.abs(deviation / said - 1) < 0.15, `scatters by ${deviation}, says ${said}`);
});

test('of none the lower bound is none, and of all the upper is all, to the last digit', (t) => {
  for (let of = 1; of < 5000; of += 1) {
    t.is(bounds({ hits: 0, of }).lower, 0, `0 of ${of}`);
    t.is(bounds({ hits: of, of }).upper, 1, `${of} of ${of}`);
  }
});
