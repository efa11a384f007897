import test from 'ava';
import fc from 'fast-check';
import { FULL } from '../../../src/model/percent.ts';
import { MAX_HASH, isInShare, nodeHash, percentOn, thresholdFor } from '../../../src/model/spread.ts';

const nodes = fc.uniqueArray(fc.string({ minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 60 });
const share = fc.integer({ min: 1, max: FULL });

function chosen(ids: readonly string[], threshold: number): string[] {
  return ids.filter((node) => isInShare({ rollout: 'canary', threshold }, node));
}

test('a share has as many nodes as it says, rounded up: at least one, at most all', (t) => {
  fc.assert(
    fc.property(nodes, share, (ids, ppm) => {
      const count = chosen(ids, thresholdFor('canary', ids, ppm)).length;
      t.is(count, Math.ceil((ids.length * ppm) / FULL));
    }),
  );
  t.is(chosen(['only'], thresholdFor('canary', ['only'], 1)).length, 1, 'a fleet of one');
});

test('a larger share only adds nodes', (t) => {
  fc.assert(
    fc.property(nodes, share, share, (ids, a, b) => {
      const [small, large] = [Math.min(a, b), Math.max(a, b)];
      const few = chosen(ids, thresholdFor('canary', ids, small));
      const many = new Set(chosen(ids, thresholdFor('canary', ids, large)));
      t.true(few.every((node) => many.has(node)));
    }),
  );
});

test('who was chosen stays so, whoever comes and goes, as long as the threshold before is given', (t) => {
  fc.assert(
    fc.property(nodes, nodes, share, share, (first, second, a, b) => {
      const before = thresholdFor('canary', first, Math.min(a, b));
      const then = thresholdFor('canary', second, Math.max(a, b), before);
      const stays = new Set(chosen([...first, ...second], then));
      t.true(chosen(first, before).every((node) => stays.has(node)));
    }),
  );
});

test('the order in which nodes are known does not matter, nor how often it is asked', (t) => {
  fc.assert(
    fc.property(nodes, share, (ids, ppm) => {
      t.is(thresholdFor('canary', ids, ppm), thresholdFor('canary', new Set([...ids].reverse()), ppm));
    }),
  );
});

test('without nodes the share is of those to come, and all are all', (t) => {
  t.is(thresholdFor('canary', [], FULL / 4), Math.floor(MAX_HASH / 4));
  t.is(thresholdFor('canary', [], FULL), MAX_HASH);
  t.true(isInShare({ rollout: 'canary', threshold: MAX_HASH }, 'any'));
});

test('nodes that are called alike are spread evenly', (t) => {
  const [cells, perCell] = [64, 200];
  for (const [salt, name] of [
    ['canary', (n: number) => `edge-${n}`],
    ['r', (n: number) => `${n}.edge.example`],
    ['a-b', (n: number) => `pod-7f9c-${n.toString(36)}`],
  ] as const) {
    const counts = new Array<number>(cells).fill(0);
    for (let n = 0; n < cells * perCell; n++) {
      const cell = Math.floor((nodeHash(salt, name(n)) / (MAX_HASH + 1)) * cells);
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
    const chiSquare = counts.reduce((sum, count) => sum + (count - perCell) ** 2 / perCell, 0);
    // 63 degrees of freedom: of even spreads, one in ten thousand is above 112, and one below 28.
    t.true(chiSquare > 28 && chiSquare < 112, `${salt}: ${chiSquare}`);
  }
});

test('another rollout chooses other nodes', (t) => {
  const ids = Array.from({ length: 1000 }, (_, n) => `edge-${n}`);
  const of = (rollout: string): Set<string> => {
    const threshold = thresholdFor(rollout, ids, FULL / 10);
    return new Set(ids.filter((node) => isInShare({ rollout, threshold }, node)));
  };
  const [one, other] = [of('one'), of('two')];
  const both = [...one].filter((node) => other.has(node)).length;
  // 10 are expected; more than 25 come by chance less than once in 100,000.
  t.is(one.size, 100);
  t.true(both <= 25, `${both} of 100`);
});

test('a node has the percent of its side', (t) => {
  const spread = { rollout: 'canary', fleetPercent: 500_000, rest: 3 };
  const hash = nodeHash('canary', 'edge-1');
  t.is(percentOn({ percent: 9 }, 'edge-1'), 9);
  t.is(percentOn({ percent: 9, spread: { ...spread, threshold: hash } }, 'edge-1'), 9);
  t.is(percentOn({ percent: 9, spread: { ...spread, threshold: hash - 1 } }, 'edge-1'), 3);
});
