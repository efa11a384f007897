import test from 'ava';
import { Throttle } from '../../../src/agent/throttle.ts';

test('one that comes alone never waits, many come once per interval, and what is urgent is let through', (t) => {
  const throttle = new Throttle(2000);
  t.is(throttle.wait(0, false), 0);
  throttle.take(0);
  t.is(throttle.wait(0, false), 0, 'twice at once');
  throttle.take(0);
  t.is(throttle.wait(0, false), 2000);
  t.is(throttle.wait(500, false), 1500);
  t.is(throttle.wait(500, true), 0);
  throttle.take(500);
  t.is(throttle.wait(500, true), 250);
  t.is(throttle.wait(2000, false), 2000, 'what was let through is made up for');
  for (let n = 0; n < 100; n++) throttle.take(2000);
  t.true(throttle.wait(2000, false) <= 4000, 'and not for ever');
});

test('at least one interval per reload in the long run', (t) => {
  const throttle = new Throttle(1000);
  let [now, reloads] = [0, 0];
  while (now < 60_000) {
    now += throttle.wait(now, false);
    throttle.take(now);
    reloads++;
  }
  t.true(reloads <= 62, String(reloads));
});
