import test from 'ava';
import { type HealthEvent, TargetHealth } from '../../../src/agent/target-health.ts';

const MIRRORS = new Map([['edge', 'a:1']]);

function begin(): { readonly health: TargetHealth; readonly events: HealthEvent[] } {
  const events: HealthEvent[] = [];
  const health = new TargetHealth((event) => void events.push(event));
  health.tick(MIRRORS, 0);
  return { health, events };
}

test('a target whose copies fail by half is switched off, tried again after a pause, and restored', (t) => {
  const { health, events } = begin();
  for (let n = 0; n < 9; n++) health.saw('edge', 'failed', 10 * n);
  t.is(health.cap('edge'), undefined, 'nine tell nothing');
  health.saw('edge', 'failed', 100);
  t.is(health.cap('edge'), 0);
  t.deepEqual(health.due(5000), []);
  t.deepEqual(health.due(5100), ['edge']);
  health.tryOut('edge', true, 5100);
  t.is(health.cap('edge'), 10_000);
  for (let n = 0; n < 3; n++) health.saw('edge', 'ok', 5200);
  t.is(health.cap('edge'), undefined);
  t.deepEqual(
    events.map(({ state }) => state),
    ['off', 'trial', 'on'],
  );
});

test('three copies that hang are enough, as each holds up a client; many that are answered are not hurt by three', (t) => {
  const { health } = begin();
  for (let n = 0; n < 3; n++) health.saw('edge', 'hung', n);
  t.is(health.cap('edge'), 0);
  const other = begin().health;
  for (let n = 0; n < 100; n++) other.saw('edge', 'ok', n);
  for (let n = 0; n < 3; n++) other.saw('edge', 'hung', 100 + n);
  t.is(other.cap('edge'), undefined);
});

test('failures of long ago do not count', (t) => {
  const { health } = begin();
  for (let n = 0; n < 9; n++) health.saw('edge', 'failed', n);
  health.saw('edge', 'failed', 4000);
  t.is(health.cap('edge'), undefined);
});

test('the pause doubles while it stays unwell, and starts over when it was well for a minute', (t) => {
  const { health } = begin();
  const fail = (now: number): void => {
    for (let n = 0; n < 10; n++) health.saw('edge', 'failed', now);
  };
  fail(0);
  health.tryOut('edge', true, 5000);
  health.saw('edge', 'hung', 6000);
  t.deepEqual(health.due(15_999), []);
  t.deepEqual(health.due(16_000), ['edge']);
  health.tryOut('edge', false, 16_000);
  t.deepEqual(health.due(35_999), []);
  health.tryOut('edge', true, 36_000);
  for (let n = 0; n < 3; n++) health.saw('edge', 'ok', 36_100);
  health.tick(MIRRORS, 100_000);
  fail(100_001);
  t.deepEqual(health.due(105_001), ['edge']);
});

test('a trickle in which there is too little traffic to tell is raised, and becomes all of it', (t) => {
  const { health } = begin();
  for (let n = 0; n < 10; n++) health.saw('edge', 'failed', 0);
  health.tryOut('edge', true, 5000);
  const caps = [];
  for (let now = 10_000; now <= 25_000; now += 5000) {
    health.tick(MIRRORS, now);
    caps.push(health.cap('edge'));
  }
  t.deepEqual(caps, [100_000, 1_000_000, undefined, undefined]);
});

test('another target is another story, and a mirror that is gone is forgotten', (t) => {
  const { health } = begin();
  for (let n = 0; n < 10; n++) health.saw('edge', 'failed', 0);
  health.tick(new Map([['edge', 'b:1']]), 1);
  t.is(health.cap('edge'), undefined);
  health.tick(new Map(), 2);
  health.saw('edge', 'failed', 3);
  t.deepEqual(health.due(1e9), []);
});
