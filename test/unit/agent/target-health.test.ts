import test from 'ava';
import { boundsOf, outcomeOf } from '../../../src/agent/copy-outcome.ts';
import { type HealthEvent, TargetHealth } from '../../../src/agent/target-health.ts';
import { DEFAULT_LIMITS } from '../../../src/model/target.ts';

const MIRRORS = new Map([['edge', 'a:1']]);
const WELL_ALL = { silent: [], all: 1 };
const SILENT = { silent: ['a:1'], all: 1 };

function begin(): { readonly health: TargetHealth; readonly events: HealthEvent[] } {
  const events: HealthEvent[] = [];
  const health = new TargetHealth((event) => void events.push(event));
  health.tick(MIRRORS, 0);
  return { health, events };
}

test('a target whose copies fail by half is switched off, tried again after a pause, and restored', (t) => {
  const { health, events } = begin();
  for (let n = 0; n < 9; n++) health.saw('edge', 'failed', 1, 10 * n);
  t.is(health.cap('edge'), undefined, 'nine tell nothing');
  health.saw('edge', 'failed', 1, 100);
  t.is(health.cap('edge'), 0);
  t.deepEqual(health.due(5000), []);
  t.deepEqual(health.due(5100), ['edge']);
  health.tryOut('edge', WELL_ALL, 5100);
  t.is(health.cap('edge'), 10_000);
  for (let n = 0; n < 10; n++) health.saw('edge', 'ok', 1, 5200);
  t.is(health.cap('edge'), undefined);
  t.deepEqual(
    events.map(({ state }) => state),
    ['off', 'trial', 'on'],
  );
});

/** Clients that send one request after the other, and wait for a copy as NGINX has them wait; resolves with what they waited. */
function closedLoop(options: {
  readonly clients: number;
  readonly requestMs: number;
  readonly untilMs: number;
  /** How long the copy takes that begins then, and whether it is answered. */
  readonly copy: (now: number, n: number) => readonly [tookMs: number, answered: boolean];
}): { readonly offAt: number | undefined; readonly waited: number; readonly reason: string | undefined } {
  const { health, events } = begin();
  const ends = Array.from({ length: options.clients }, (_, n) => ({
    at: (n * options.requestMs) / options.clients,
    tookMs: 0,
    answered: true,
  }));
  let waited = 0;
  let copies = 0;
  for (;;) {
    const next = ends.reduce((a, b) => (b.at < a.at ? b : a));
    if (next.at > options.untilMs) return { offAt: undefined, waited, reason: undefined };
    const { at, tookMs, answered } = next;
    if (tookMs > 0) {
      const outcome = outcomeOf({ failed: !answered, seconds: tookMs / 1000 }, BOUNDS);
      if (outcome === 'hung' || outcome === 'slow') waited++;
      health.saw('edge', outcome, tookMs, at);
      if (health.cap('edge') !== undefined) return { offAt: at, waited, reason: events[0]?.reason };
    }
    [next.tookMs, next.answered] = options.copy(at, copies++);
    next.at = at + Math.max(options.requestMs, next.tookMs);
  }
}

const BOUNDS = boundsOf(DEFAULT_LIMITS);
const HUNG = [2000, false] as const;
const WELL = [2, true] as const;

for (const clients of [1, 3, 8, 40]) {
  for (const requestMs of [2, 12, 300]) {
    test(`a node that begins to hang is off after three copies: ${clients} clients, a request in ${requestMs} ms`, (t) => {
      const { offAt = Infinity, reason } = closedLoop({
        ...{ clients, requestMs, untilMs: 15_000 },
        copy: (now) => (now < 5000 ? WELL : HUNG),
      });
      const rounds = Math.ceil(3 / clients);
      t.true(offAt <= 5000 + requestMs + rounds * 2000, `off at ${offAt}`);
      t.regex(reason ?? '', /3 of \d+ copies took 2000 ms each, 3 of them without a good answer/);
    });

    test(`a node that does not answer each third copy is off in one round or few: ${clients} clients, a request in ${requestMs} ms`, (t) => {
      const { offAt = Infinity } = closedLoop({
        ...{ clients, requestMs, untilMs: 15_000 },
        copy: (now, n) => (now >= 5000 && n % 3 === 0 ? HUNG : WELL),
      });
      const rounds = Math.ceil(3 / clients);
      t.true(offAt <= 5000 + rounds * 2000 + 20 * requestMs, `off at ${offAt}`);
    });

    test(`a node that answers late is off: ${clients} clients, a request in ${requestMs} ms`, (t) => {
      const { offAt = Infinity, reason } = closedLoop({
        ...{ clients, requestMs, untilMs: 15_000 },
        copy: (now) => [now < 5000 ? 2 : 1500, true],
      });
      t.true(offAt <= 5000 + requestMs + Math.max(3000, Math.ceil(3 / clients) * 1500), `off at ${offAt}`);
      t.regex(
        reason ?? '',
        /took 1500 ms each, 0 of them without a good answer: clients' next requests wait/,
      );
    });

    test(`a node that answers in 200 ms is well: ${clients} clients, a request in ${requestMs} ms`, (t) => {
      const { offAt } = closedLoop({
        ...{ clients, requestMs, untilMs: 20_000 },
        copy: () => [200, true],
      });
      t.is(offAt, undefined);
    });
  }
}

test('copies that are given up after half a second by a limit of their target are hung, however short that is', (t) => {
  const { offAt = Infinity } = closedLoop({
    ...{ clients: 8, requestMs: 2, untilMs: 15_000 },
    copy: (now) => (now < 5000 ? WELL : [500, false]),
  });
  t.true(offAt <= 5510, `off at ${offAt}`);
});

test('a node that answers but a little late, and always, is off in a few seconds', (t) => {
  const { offAt = Infinity } = closedLoop({
    ...{ clients: 8, requestMs: 12, untilMs: 15_000 },
    copy: (now) => [now < 5000 ? 2 : 450, true],
  });
  t.true(offAt <= 8000, `off at ${offAt}`);
});

test('a pause of half a second is borne, with requests enough around it', (t) => {
  const { offAt, waited } = closedLoop({
    ...{ clients: 8, requestMs: 5, untilMs: 20_000 },
    copy: (now) => (now >= 5000 && now < 5500 ? [5500 - now, true] : WELL),
  });
  t.is(offAt, undefined);
  t.is(waited, 8);
});

test('what counts is how many clients are held up, of how many: 3 of 100 copies are too many, 3 of 10,000 are not', (t) => {
  const off = (copies: number, hung: number): boolean => {
    const { health } = begin();
    for (let n = 0; n < copies; n++) {
      const isHung = n % Math.ceil(copies / hung) === 1;
      health.saw('edge', isHung ? 'hung' : 'ok', isHung ? 2000 : 2, 10_000 + (3000 * n) / copies);
    }
    return health.cap('edge') === 0;
  };
  t.true(off(100, 3));
  t.false(off(10_000, 3));
  t.true(off(10_000, 15), 'one in 700, but for 2 s each');
  t.false(off(100, 2), 'two are chance');
});

test('a copy holds up its client from 400 ms on; limits that are shorter or longer than the default move that', (t) => {
  const bounds = (maxStreamDurationMs: number) => boundsOf({ ...DEFAULT_LIMITS, maxStreamDurationMs });
  t.deepEqual(bounds(2000), { hungMs: 400, slowMs: 400 });
  t.deepEqual(bounds(500), { hungMs: 400, slowMs: 400 });
  t.deepEqual(bounds(100), { hungMs: 90, slowMs: 90 });
  t.deepEqual(bounds(5000), { hungMs: 400, slowMs: 1000 });
  t.deepEqual(bounds(60_000), { hungMs: 400, slowMs: 1800 }, 'NGINX waits no longer than 2 s');
  const outcome = (failed: boolean, seconds: number | undefined) =>
    outcomeOf({ failed, seconds }, bounds(2000));
  t.is(outcome(false, 0.399), 'ok');
  t.is(outcome(false, 0.4), 'slow');
  t.is(outcome(true, 0.001), 'failed');
  t.is(outcome(true, undefined), 'failed');
  t.is(outcome(true, 2.001), 'hung');
});

test('a copy on trial that holds up a client ends the trial', (t) => {
  for (const outcome of ['hung', 'slow'] as const) {
    const { health, events } = begin();
    for (let n = 0; n < 10; n++) health.saw('edge', 'failed', 1, 0);
    health.tryOut('edge', WELL_ALL, 5000);
    for (let n = 0; n < 9; n++) health.saw('edge', 'ok', 1, 5100);
    health.saw('edge', outcome, 1500, 6600);
    t.is(health.cap('edge'), 0);
    t.regex(events.at(-1)?.reason ?? '', /^on trial 1 of 10 copies took 1500 ms/);
  }
});

test('failures of long ago do not count', (t) => {
  const { health } = begin();
  for (let n = 0; n < 9; n++) health.saw('edge', 'failed', 1, n);
  health.saw('edge', 'failed', 1, 4000);
  t.is(health.cap('edge'), undefined);
});

test('the pause doubles while it stays unwell, and starts over when it was well for a minute', (t) => {
  const { health } = begin();
  const fail = (now: number): void => {
    for (let n = 0; n < 10; n++) health.saw('edge', 'failed', 1, now);
  };
  fail(0);
  health.tryOut('edge', WELL_ALL, 5000);
  health.saw('edge', 'hung', 900, 6000);
  t.deepEqual(health.due(15_999), []);
  t.deepEqual(health.due(16_000), ['edge']);
  health.tryOut('edge', SILENT, 16_000);
  t.deepEqual(health.due(35_999), []);
  health.tryOut('edge', WELL_ALL, 36_000);
  for (let n = 0; n < 10; n++) health.saw('edge', 'ok', 1, 36_100);
  health.tick(MIRRORS, 100_000);
  fail(100_001);
  t.deepEqual(health.due(105_001), ['edge']);
});

test('a trickle in which there is too little traffic to tell is raised, and becomes all of it', (t) => {
  const { health } = begin();
  for (let n = 0; n < 10; n++) health.saw('edge', 'failed', 1, 0);
  health.tryOut('edge', WELL_ALL, 5000);
  const caps = [];
  for (let now = 10_000; now <= 25_000; now += 5000) {
    health.tick(MIRRORS, now);
    caps.push(health.cap('edge'));
  }
  t.deepEqual(caps, [100_000, 1_000_000, undefined, undefined]);
});

test('another target is another story, and a mirror that is gone is forgotten', (t) => {
  const { health } = begin();
  for (let n = 0; n < 10; n++) health.saw('edge', 'failed', 1, 0);
  health.tick(new Map([['edge', 'b:1']]), 1);
  t.is(health.cap('edge'), undefined);
  health.tick(new Map(), 2);
  health.saw('edge', 'failed', 1, 3);
  t.deepEqual(health.due(1e9), []);
});
