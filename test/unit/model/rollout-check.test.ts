import test from 'ava';
import fc from 'fast-check';
import { checkRollout, isRollout } from '../../../src/model/check-rollout.ts';
import { presentRollout } from '../../../src/model/present-rollout.ts';
import { PENDING } from '../../../src/model/rollout.ts';
import type { Rollout } from '../../../src/model/rollout.ts';
import { after, planned, saying } from './support/rollouts.ts';
import { command } from '../../../src/model/rollout-commands.ts';

const SMALL = { mirror: 'edge', steps: [{ percent: 1 }] };

function pathsOf(change: Record<string, unknown>): string[] {
  const checked = checkRollout('r', { ...SMALL, ...change });
  return checked.ok ? [] : checked.issues.map(({ path }) => path).sort();
}

function gatePaths(gate: unknown): string[] {
  return pathsOf({ gates: [gate] }).map((path) => path.replace(/^gates\[0\]\.?/, ''));
}

function warningsOf(change: Record<string, unknown>): string[] {
  const checked = checkRollout('r', { ...SMALL, ...change });
  return checked.ok ? checked.warnings.map(({ path }) => path) : ['not ok'];
}

test('a mirror and a step are enough; the rest has defaults', (t) => {
  const checked = checkRollout('r', SMALL);
  t.true(checked.ok);
  t.deepEqual(checked.ok && checked.value, {
    name: 'r',
    mirrors: ['edge'],
    steps: [{ percent: 10_000, fleetPercent: 1_000_000, holdMs: 0, minRequests: 0, approval: 'none' }],
    gates: [],
    onFail: 'abort',
    missingData: 'pause',
    intervalMs: 10_000,
    failureLimit: 0,
    ackTimeoutMs: 30_000,
    windows: [],
    freezes: [],
    webhooks: [],
  });
  t.true(checked.ok && Object.isFrozen(checked.value.steps[0]));
});

test('everything wrong is said at once, each with its path', (t) => {
  t.deepEqual(
    pathsOf({
      mirror: 'a b',
      steps: [{ percent: 101, fleetPercent: 0, hold: 5, minRequests: -1, approval: 'maybe', speed: 1 }, {}],
      gates: [{ metric: 'weather', max: 1 }, {}],
      onFail: 'cry',
      missingData: 'guess',
      interval: '1ms',
      failureLimit: 0.5,
      ackTimeout: 'soon',
      startAt: 'tomorrow',
      windows: [
        { cron: '61 * * * *', duration: '1h' },
        { cron: '0 9 * * *', duration: '8h', timezone: 'Mars/Base' },
      ],
      freezes: [{ from: '2026-12-24T00:00:00Z', to: '2026-12-23T00:00:00Z' }],
      webhooks: [{ when: 'during', url: 'ftp://x' }],
      colour: 'red',
    }),
    [
      'ackTimeout',
      'colour',
      'failureLimit',
      'freezes[0].to',
      'gates[0].metric',
      'gates[1]',
      'interval',
      'missingData',
      'mirror',
      'onFail',
      'startAt',
      'steps[0].approval',
      'steps[0].fleetPercent',
      'steps[0].hold',
      'steps[0].minRequests',
      'steps[0].percent',
      'steps[0].speed',
      'steps[1].percent',
      'webhooks[0].url',
      'webhooks[0].when',
      'windows[0].cron',
      'windows[1].timezone',
    ].sort(),
  );
});

test('a rollout moves one mirror or several, each once', (t) => {
  t.deepEqual(pathsOf({ mirror: undefined }), ['mirror']);
  t.deepEqual(pathsOf({ mirrors: ['edge'] }), ['mirror']);
  t.deepEqual(pathsOf({ mirror: undefined, mirrors: [] }), ['mirrors']);
  t.deepEqual(pathsOf({ mirror: undefined, mirrors: ['a', 'a'] }), ['mirrors[1]']);
  t.deepEqual(pathsOf({ mirror: undefined, mirrors: ['a', 'b'] }), []);
});

test('there are 1 to 100 steps', (t) => {
  const steps = (count: number): unknown[] => Array.from({ length: count }, () => ({ percent: 1 }));
  t.deepEqual(pathsOf({ steps: undefined }), ['steps']);
  t.deepEqual(pathsOf({ steps: steps(0) }), ['steps']);
  t.deepEqual(pathsOf({ steps: steps(100) }), []);
  t.deepEqual(pathsOf({ steps: steps(101) }), ['steps']);
});

test('a gate has bounds that its metric can have, and at least one', (t) => {
  for (const metric of ['rejections', 'missingAcks', 'mirrorErrorRate', 'droppedRate']) {
    t.deepEqual(gatePaths({ metric, max: 0 }), [], metric);
    t.deepEqual(gatePaths({ metric }), [''], metric);
    t.deepEqual(gatePaths({ metric, max: 0, min: 0 }), ['min'], metric);
    t.deepEqual(gatePaths({ metric, max: 0, maxIncrease: 0 }), ['maxIncrease'], metric);
  }
  t.deepEqual(gatePaths({ metric: 'coverage', min: 0.9, max: 1.1 }), []);
  t.deepEqual(gatePaths({ metric: 'primaryErrorRate', maxIncrease: 0.01 }), []);
  t.deepEqual(gatePaths({ metric: 'primaryLatency', maxIncrease: 1.5 }), []);
  t.deepEqual(gatePaths({ metric: 'rejections', max: -1 }), ['max']);
  t.deepEqual(gatePaths({ metric: 'rejections', max: '0' }), ['max']);
});

test('a bound that could never be reached is refused', (t) => {
  // Rates are fractions: 5 was meant as five per cent.
  t.deepEqual(gatePaths({ metric: 'mirrorErrorRate', max: 5 }), ['max']);
  t.deepEqual(gatePaths({ metric: 'droppedRate', max: 1.01 }), ['max']);
  t.deepEqual(gatePaths({ metric: 'primaryErrorRate', max: 2, maxIncrease: 3 }), ['max', 'maxIncrease']);
  t.deepEqual(gatePaths({ metric: 'coverage', min: 90 }), ['min']);
  t.deepEqual(gatePaths({ metric: 'coverage', min: 0.9, max: 0.5 }), ['min']);
  t.deepEqual(gatePaths({ prometheus: { url: 'http://p', query: 'up' }, min: 2, max: 1 }), ['min']);
});

test('a Prometheus gate has an address, a query and a bound', (t) => {
  const prometheus = { url: 'https://prom.example/', query: 'up' };
  t.deepEqual(gatePaths({ prometheus, max: 0.5 }), []);
  t.deepEqual(gatePaths({ prometheus }), ['']);
  t.deepEqual(gatePaths({ prometheus: {}, max: 1 }), ['prometheus.query', 'prometheus.url']);
  t.deepEqual(gatePaths({ prometheus: { ...prometheus, url: 'file:///etc' }, max: 1 }), ['prometheus.url']);
  t.deepEqual(gatePaths({ prometheus, max: 1, metric: 'coverage' }), ['metric']);
});

test('a window must be able to open', (t) => {
  const cron = (text: string): string[] => pathsOf({ windows: [{ cron: text, duration: '1h' }] });
  t.deepEqual(cron('0 9 * * 1-5'), []);
  t.deepEqual(cron('0 0 29 2 *'), []);
  for (const text of ['0 0 30 2 *', '0 0 31 4,6 *', '* * * *', '* * * * * *', 'noon', '']) {
    t.deepEqual(cron(text), ['windows[0].cron'], text);
  }
});

test('plans that go down, and such as nothing watches, are warned of', (t) => {
  const gates = [{ metric: 'rejections', max: 0 }];
  t.deepEqual(warningsOf({ gates }), []);
  t.deepEqual(warningsOf({}), ['gates']);
  t.deepEqual(warningsOf({ gates: [{ ...gates[0], dryRun: true }] }), ['gates']);
  const steps = [
    { percent: 5, fleetPercent: 50 },
    { percent: 1, fleetPercent: 60 },
    { percent: 2, fleetPercent: 10 },
  ];
  t.deepEqual(warningsOf({ gates, steps }), ['steps[1].percent', 'steps[2].fleetPercent']);
});

const duration = fc.integer({ min: 1000, max: 3_600_000 }).map((ms) => `${ms}ms`);
const percent = fc.integer({ min: 1, max: 1_000_000 }).map((ppm) => Number((ppm / 10_000).toFixed(4)));
const plan = fc.record(
  {
    mirrors: fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }),
    steps: fc.array(
      fc.record(
        {
          percent,
          fleetPercent: percent,
          hold: duration,
          minRequests: fc.nat(),
          approval: fc.constantFrom('none', 'manual'),
        },
        { requiredKeys: ['percent'] },
      ),
      { minLength: 1, maxLength: 5 },
    ),
    gates: fc.array(
      fc.oneof(
        fc.record({
          metric: fc.constantFrom('rejections', 'missingAcks'),
          max: fc.nat(),
          dryRun: fc.boolean(),
        }),
        fc.record({
          metric: fc.constantFrom('primaryErrorRate', 'primaryLatency'),
          maxIncrease: fc.double({ min: 0, max: 1, noNaN: true }).map(Math.abs),
          minSamples: fc.integer({ min: 1, max: 1e6 }),
        }),
        fc.record({
          prometheus: fc.record({
            url: fc.webUrl({ validSchemes: ['http', 'https'] }),
            query: fc.constant('up > 1'),
          }),
          min: fc.nat(),
        }),
      ),
      { maxLength: 4 },
    ),
    onFail: fc.constantFrom('abort', 'pause'),
    missingData: fc.constantFrom('pause', 'wait', 'abort'),
    interval: duration,
    failureLimit: fc.nat({ max: 1000 }),
    ackTimeout: duration,
    startAt: fc.constant('2026-12-01T03:00:00+01:00'),
    windows: fc.constant([{ cron: '0 9 * * 1-5', duration: '8h', timezone: 'Europe/Berlin' }]),
    freezes: fc.constant([{ from: '2026-12-24T00:00:00Z', to: '2026-12-27T00:00:00Z', reason: 'Christmas' }]),
    webhooks: fc.constant([{ when: 'before', url: 'https://hook.example/' }]),
  },
  { requiredKeys: ['mirrors', 'steps'] },
);

test('what is presented is read back as the same plan, with its status ignored', (t) => {
  fc.assert(
    fc.property(plan, (input) => {
      const checked = checkRollout('r', input);
      if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
      const shown: unknown = JSON.parse(
        JSON.stringify({ ...presentRollout({ ...checked.value, status: PENDING }), revision: 7 }),
      );
      const again = checkRollout('r', shown);
      t.deepEqual(again.ok && again.value, checked.value);
    }),
  );
});

test('a status is presented in words of REST', (t) => {
  const rollout = after(planned(), command(planned(), 'start', saying({ reason: 'go' })));
  t.like(presentRollout(rollout).status, {
    ...{ state: 'applying', run: 1, step: 0, steps: 3, since: '2026-11-24T12:00:00.000Z' },
    baseline: { edge: 5 },
    actor: 'ann',
    reason: 'started: go',
  });
  t.false('since' in (presentRollout(planned()).status as object), 'what never began has no time');
});

test('what was stored is taken for a rollout as long as nothing in it is damaged', (t) => {
  const before = { requests: 10, errors: 1, requestSeconds: 2.5, variance: 3 };
  const started = after(planned(), command(planned(), 'start', saying({ before })));
  const rollout: Rollout = { ...started, status: { ...started.status, appliedAt: 5 } };
  const stored = (change: (copy: any) => void = () => {}): boolean => {
    const copy = JSON.parse(JSON.stringify(rollout));
    change(copy);
    try {
      return isRollout('canary', copy);
    } catch {
      return false;
    }
  };
  t.true(stored());
  t.true(isRollout('canary', planned()));
  t.false(isRollout('other', rollout));
  for (const key of Object.keys(rollout.status)) {
    if (key !== 'appliedAt' && key !== 'before')
      t.false(
        stored(({ status }) => delete status[key]),
        `without ${key}`,
      );
    t.false(
      stored(({ status }) => (status[key] = { no: [] })),
      `another ${key}`,
    );
  }
  for (const key of Object.keys(rollout))
    t.false(
      stored((copy) => delete copy[key]),
      `without ${key}`,
    );
  t.false(stored(({ status }) => (status.step = 3)));
  t.false(stored(({ status }) => (status.state = 'flying')));
  t.false(stored(({ status }) => (status.extra = 1)));
  t.false(stored(({ status }) => (status.baseline.edge = 1_000_001)));
  t.false(stored(({ status }) => delete status.before.variance));
  t.false(stored(({ status }) => (status.before.errors = -1)));
  t.false(
    stored(({ status }) => (status.baseline = {})),
    'an abort would not know where to go back to',
  );
});
