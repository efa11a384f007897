import test from 'ava';
import { Contact } from '../../../src/agent/contact.ts';

test('a mirror expires when nothing was heard for its time, also over a restart, and comes back', async (t) => {
  const time = { wall: 1_000_000, now: 50 };
  const clock = { wall: () => time.wall, now: () => time.now };
  let saved: number | undefined;
  const disk = { saveContact: (at: number) => Promise.resolve(void (saved = at)) };
  const failed = (error: unknown): void => t.fail(String(error));
  const contact = new Contact({ disk, clock, before: undefined, failed });
  const mirror = { expiresAfterMs: 2000 };
  t.true(contact.hasExpired(mirror), 'never heard');
  t.false(contact.hasExpired({}));
  contact.heard();
  t.is(saved, 1_000_000);
  time.now += 2000;
  t.false(contact.hasExpired(mirror));
  time.now += 1;
  t.true(contact.hasExpired(mirror));
  contact.heard();
  t.false(contact.hasExpired(mirror));

  const restarted = (wall: number): Contact =>
    new Contact({ disk, clock: { wall: () => wall, now: () => 0 }, before: 1_000_000, failed });
  t.false(restarted(1_001_500).hasExpired(mirror));
  t.true(restarted(1_002_500).hasExpired(mirror));
  t.false(restarted(900_000).hasExpired(mirror), 'a clock that was set back');
  await Promise.resolve();
});

test('how often is asked goes by who would end first', (t) => {
  const disk = { saveContact: () => Promise.resolve() };
  const clock = { wall: () => 0, now: () => 0 };
  const contact = new Contact({ disk, clock, before: undefined, failed: () => undefined });
  t.is(contact.askEveryMs(), 5000);
  contact.watch([{ expiresAfterMs: 4000 }, {}] as never);
  t.is(contact.askEveryMs(), 1000);
});
