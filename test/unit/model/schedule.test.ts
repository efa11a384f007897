import test from 'ava';
import fc from 'fast-check';
import type { Freeze, Window } from '../../../src/model/rollout.ts';
import { mayStep } from '../../../src/model/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

function plan(windows: Window[], freezes: Freeze[] = []): { windows: Window[]; freezes: Freeze[] } {
  return { windows, freezes };
}

function window(cron: string, hours: number, timezone = 'UTC'): Window {
  return { cron, durationMs: hours * HOUR, timezone };
}

const BERLIN = plan([window('0 9 * * 1-5', 8, 'Europe/Berlin')]);

test('without windows and freezes steps may be taken at any time', (t) => {
  t.like(mayStep(plan([]), 0), { open: true });
  t.is(mayStep(plan([]), 0).until, undefined);
});

test('a window opens at its minute and closes after its duration, in its time zone', (t) => {
  // A Tuesday in winter: 9:00 in Berlin is 8:00 UTC.
  const open = Date.parse('2026-11-24T08:00:00Z');
  const at = (ms: number): unknown[] => {
    const { open: isOpen, until } = mayStep(BERLIN, open + ms);
    return [isOpen, until];
  };
  t.deepEqual(at(-1), [false, open]);
  t.deepEqual(at(0), [true, open + 8 * HOUR]);
  t.deepEqual(at(8 * HOUR - 1), [true, open + 8 * HOUR]);
  t.deepEqual(at(8 * HOUR), [false, open + 24 * HOUR]);
});

test('the clock on the wall counts, through both changes of it', (t) => {
  const opens = (day: string): string => new Date(mayStep(BERLIN, Date.parse(day)).until ?? 0).toISOString();
  t.is(opens('2026-03-27T22:00:00Z'), '2026-03-30T07:00:00.000Z');
  t.is(opens('2026-10-23T22:00:00Z'), '2026-10-26T08:00:00.000Z');
  // 2:30 does not come on the night the clock goes on, and comes twice when it goes back: it opens once, either way.
  const night = plan([window('30 2 * * *', 1, 'Europe/Berlin')]);
  for (const day of ['2026-03-29', '2026-10-25']) {
    let opened = 0;
    const start = Date.parse(`${day}T00:00:00Z`) - 3 * HOUR;
    for (let minute = 0; minute < 12 * 60; minute++) {
      const was = mayStep(night, start + (minute - 1) * MINUTE).open;
      if (mayStep(night, start + minute * MINUTE).open && !was) opened += 1;
    }
    t.is(opened, 1, day);
  }
});

test('any window will do, and its time stands for the next change', (t) => {
  const noon = Date.parse('2026-11-24T12:00:00Z');
  const two = plan([window('0 9 * * *', 1), window('0 12 * * *', 2)]);
  t.like(mayStep(two, noon), { open: true, until: noon + 2 * HOUR });
  t.like(mayStep(two, noon - HOUR), { open: false, until: noon });
});

test('a freeze closes what a window opens, and says why', (t) => {
  const from = Date.parse('2026-11-24T10:00:00Z');
  const iso = (ms: number): string => new Date(ms).toISOString();
  const frozen = { from: iso(from), to: iso(from + HOUR), reason: 'black friday' };
  for (const windows of [[], [window('0 9 * * *', 8)]]) {
    const at = (ms: number): ReturnType<typeof mayStep> => mayStep(plan(windows, [frozen]), from + ms);
    t.like(at(-1), { open: true, until: from });
    t.like(at(0), { open: false, until: from + HOUR });
    t.regex(at(0).why, /black friday/);
    t.false(at(HOUR - 1).open);
    t.true(at(HOUR).open);
  }
});

/** Minute, hour and day of the week on the wall, by Intl alone. */
function wall(ms: number, timezone: string): { minute: number; hour: number; weekday: string } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    ...{ timeZone: timezone, hour: '2-digit', minute: '2-digit', weekday: 'short', hourCycle: 'h23' },
  }).formatToParts(ms);
  const of = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
  return { minute: Number(of('minute')), hour: Number(of('hour')), weekday: of('weekday') };
}

test('it is open exactly when one of the minutes before named it, wherever on earth', (t) => {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe'];
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 59 }),
      // Hours in which no clock is changed: what then happens is tested above.
      fc.integer({ min: 5, max: 22 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 180 }),
      fc.integer({ min: 0, max: 366 * 24 * 60 - 1 }),
      (timezone, minute, hour, weekdays, minutes, offset) => {
        const cron = `${minute} ${hour} * * ${weekdays ? '1-5' : '*'}`;
        const now = Date.parse('2026-01-01T00:00:00Z') + offset * MINUTE;
        let expected = false;
        for (let ago = 0; ago < minutes && !expected; ago++) {
          const then = wall(now - ago * MINUTE, timezone);
          const isDay = !weekdays || !['Sat', 'Sun'].includes(then.weekday);
          expected = then.minute === minute && then.hour === hour && isDay;
        }
        const given = { cron, durationMs: minutes * MINUTE, timezone };
        t.is(
          mayStep(plan([given]), now + 1).open,
          expected,
          `${cron} ${timezone} ${new Date(now).toISOString()}`,
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('what is said of the next change holds until then', (t) => {
  const cron = fc.constantFrom('0 9 * * 1-5', '*/20 * * * *', '30 23 * * 0', '15 4 1 * *', '0 0 29 2 *');
  fc.assert(
    fc.property(
      fc.array(fc.record({ cron, hours: fc.integer({ min: 1, max: 30 }) }), { maxLength: 3 }),
      fc.integer({ min: 0, max: 400 * 24 * 60 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (given, offset, share) => {
        const windows = given.map(({ cron: text, hours }) => window(text, hours, 'Europe/Berlin'));
        const now = Date.parse('2026-01-01T00:00:00Z') + offset * MINUTE;
        const { open, until } = mayStep(plan(windows), now);
        t.is(until === undefined, windows.length === 0);
        if (until === undefined) return;
        t.true(until > now);
        t.is(mayStep(plan(windows), now + Math.floor((until - now) * share)).open, open);
      },
    ),
    { numRuns: 300 },
  );
});
