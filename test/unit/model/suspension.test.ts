import test from 'ava';
import fc from 'fast-check';
import type { Suspension } from '../../../src/model/mirror.ts';
import { NO_COPIES } from '../../../src/model/observation.ts';
import type { CopyTotals } from '../../../src/model/observation.ts';
import { nextSuspension } from '../../../src/model/suspension.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const SECOND = 1000;

function copies(succeeded: number, failed: number, dropped = 0): CopyTotals {
  return { ...NO_COPIES, sent: succeeded + failed, succeeded, failed, dropped };
}

function open(times = 1): Suspension {
  return { state: 'open', since: NOW, until: NOW + 30 * SECOND, times, reason: 'it failed' };
}

function halfOpen(times = 1): Suspension {
  return { ...open(times), state: 'half-open', since: NOW + 30 * SECOND };
}

/** How a mirror that was never suspended stands after these copies: seconds it is suspended for, or 0. */
function suspendedFor(totals: CopyTotals | undefined, times = 0): number {
  const next = nextSuspension({}, totals, NOW, times);
  return next === undefined || next === 'none' ? 0 : (next.until - NOW) / SECOND;
}

test('copies are suspended when more than half of them fail or are dropped', (t) => {
  t.is(suspendedFor(copies(49, 51)), 30);
  t.is(suspendedFor(copies(49, 0, 51)), 30);
  t.is(suspendedFor(copies(49, 26, 25)), 30);
  t.is(suspendedFor(copies(50, 50)), 0);
  t.is(suspendedFor(copies(100, 0)), 0);
});

test('what is suspended says since when, until when, how often, and what was seen', (t) => {
  const next = nextSuspension({}, copies(10, 70, 20), NOW, 0);
  t.like(next, { state: 'open', since: NOW, until: NOW + 30 * SECOND, times: 1 });
  t.regex((next as Suspension).reason, /70 of 100 copies failed and 20 were dropped/);
});

test('few copies, none, and those under way tell nothing', (t) => {
  t.is(suspendedFor(undefined), 0);
  t.is(suspendedFor(NO_COPIES), 0);
  t.is(suspendedFor(copies(0, 19)), 0);
  t.is(suspendedFor(copies(0, 20)), 30);
  t.is(suspendedFor({ ...NO_COPIES, sent: 1000, inFlight: 1000 }), 0);
});

test('each time it is suspended for twice as long, up to ten minutes', (t) => {
  const bad = copies(0, 100);
  t.deepEqual(
    [0, 1, 2, 3, 4, 5, 6, 1000].map((times) => suspendedFor(bad, times)),
    [30, 60, 120, 240, 480, 600, 600, 600],
  );
  const again = nextSuspension({}, bad, NOW, 3);
  t.like(again, { times: 4 });
});

test('while it is suspended nothing is made of reports, and then a trickle is let through', (t) => {
  const suspension = open(3);
  for (const totals of [undefined, copies(1000, 0), copies(0, 1000)]) {
    t.is(nextSuspension({ suspension }, totals, suspension.until - 1, 3), undefined);
    const next = nextSuspension({ suspension }, totals, suspension.until, 3);
    t.like(next, { state: 'half-open', since: suspension.until, times: 3 });
  }
});

test('a trickle that is well ends it', (t) => {
  const at = NOW + 40 * SECOND;
  t.is(nextSuspension({ suspension: halfOpen() }, copies(5, 0), at, 1), 'none');
  t.is(nextSuspension({ suspension: halfOpen() }, copies(5, 5), at, 1), 'none');
});

test('a trickle that fails suspends it again, for longer', (t) => {
  const at = NOW + 40 * SECOND;
  const next = nextSuspension({ suspension: halfOpen(1) }, copies(2, 3), at, 1);
  t.like(next, { state: 'open', since: at, until: at + 60 * SECOND, times: 2 });
});

test('a trickle of too few copies goes on', (t) => {
  const at = NOW + 40 * SECOND;
  for (const totals of [undefined, copies(4, 0), copies(0, 4)]) {
    t.is(nextSuspension({ suspension: halfOpen() }, totals, at, 1), undefined);
  }
});

test('a target that stays bad is asked ever more seldom, and one that is well again is left alone at once', (t) => {
  const wellAt = NOW + 3600 * SECOND;
  const opened: number[] = [];
  let suspension: Suspension | undefined;
  let times = 0;
  for (let now = NOW; now < NOW + 2 * 3600 * SECOND; now += SECOND) {
    const totals = now < wellAt ? copies(0, 100) : copies(100, 0);
    const next = nextSuspension(
      suspension === undefined ? {} : { suspension },
      suspension?.state === 'open' ? undefined : totals,
      now,
      suspension?.times ?? times,
    );
    if (next === undefined) continue;
    if (next === 'none') {
      times = suspension?.times ?? 0;
      suspension = undefined;
      // It was open for ten minutes at most when the target became well.
      t.true(now >= wellAt && now <= wellAt + 602 * SECOND);
    } else {
      if (next.state === 'open') opened.push(now);
      suspension = next;
    }
  }
  t.is(suspension, undefined);
  const gaps = opened.slice(1).map((at, index) => (at - (opened[index] ?? 0)) / SECOND);
  // Each suspension, and a look of a second at the trickle.
  t.deepEqual(gaps, [31, 61, 121, 241, 481, 601, 601, 601, 601]);
});

const SAID = { said: true, reason: 'its healthcheck fails: it answered 503' };
const SILENT = { said: false, reason: 'its healthcheck fails: no answer' };

test('a node that says it is unwell is suspended whatever becomes of copies, and gets no trickle until it says otherwise', (t) => {
  for (const totals of [undefined, copies(0, 0), copies(1000, 0)]) {
    const next = nextSuspension({}, totals, NOW, 0, SAID);
    t.like(next, { state: 'open', until: NOW + 30 * SECOND, times: 1, reason: SAID.reason });
  }
  const suspension = open();
  t.is(nextSuspension({ suspension }, undefined, suspension.until + 3600 * SECOND, 1, SAID), undefined);
  t.like(nextSuspension({ suspension }, undefined, suspension.until, 1), { state: 'half-open' });
  const again = nextSuspension({ suspension: halfOpen() }, copies(5, 0), NOW + 40 * SECOND, 1, SAID);
  t.like(again, { state: 'open', times: 2 });
});

test('a node that cannot be heard of is suspended, unless its copies arrive', (t) => {
  t.like(nextSuspension({}, undefined, NOW, 0, SILENT), { state: 'open', reason: SILENT.reason });
  t.is(nextSuspension({}, copies(20, 0), NOW, 0, SILENT), undefined);
  const suspension = open();
  t.like(nextSuspension({ suspension }, undefined, suspension.until, 1, SILENT), { state: 'half-open' });
  t.is(
    nextSuspension({ suspension: halfOpen() }, undefined, NOW, 1, SILENT),
    undefined,
    'nothing came of it yet',
  );
  t.is(nextSuspension({ suspension: halfOpen() }, copies(5, 0), NOW, 1, SILENT), 'none');
  t.like(nextSuspension({ suspension: halfOpen() }, copies(0, 5), NOW, 1, SILENT), { state: 'open' });
});

const count = fc.nat({ max: 1000 });

test('whatever is reported, it is never suspended for less than before, nor for more than ten minutes', (t) => {
  fc.assert(
    fc.property(count, count, count, fc.nat({ max: 40 }), (succeeded, failed, dropped, times) => {
      const totals = copies(succeeded, failed, dropped);
      const [now, later] = [suspendedFor(totals, times), suspendedFor(totals, times + 1)];
      t.true(later >= now && later <= 600);
      t.is(now > 0, failed + dropped > succeeded && succeeded + failed + dropped >= 20);
    }),
  );
});
