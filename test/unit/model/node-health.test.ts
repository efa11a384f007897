import test from 'ava';
import { isRefuted, nextHealth, unwell } from '../../../src/model/node-health.ts';
import type { NodeHealth, ProbeResult } from '../../../src/model/node-health.ts';
import { NO_COPIES } from '../../../src/model/observation.ts';

const OK: ProbeResult = { ok: true };
const SICK: ProbeResult = { ok: false, answered: true, reason: 'it answered 503' };
const SILENT: ProbeResult = { ok: false, answered: false, reason: 'connect ECONNREFUSED' };

/** After these answers, a second apart. */
function after(...results: readonly ProbeResult[]): NodeHealth {
  const health = results.reduce<NodeHealth | undefined>(
    (h, result, n) => nextHealth(h, result, n * 1000),
    undefined,
  );
  if (health === undefined) throw new Error('nothing was asked');
  return health;
}

test('one good answer makes a node healthy, and three bad ones in a row unhealthy', (t) => {
  t.is(after(OK).healthy, true);
  t.is(after(SICK, SICK).healthy, undefined, 'not known yet');
  t.like(after(SICK, SICK, SICK), { healthy: false, since: 2000, reason: 'it answered 503', answered: true });
  t.like(after(OK, SICK, SILENT), {
    healthy: true,
    since: 0,
    reason: 'connect ECONNREFUSED',
    answered: false,
  });
  t.is(after(OK, SICK, SICK, OK, SICK, SICK).healthy, true);
  t.like(after(OK, SICK, SICK, SILENT, SILENT), { healthy: false, since: 3000 });
});

test('it takes two good answers to get well again', (t) => {
  t.is(after(SICK, SICK, SICK, OK).healthy, false);
  t.like(after(SICK, SICK, SICK, OK, OK), { healthy: true, since: 4000 });
  t.false('reason' in after(SICK, SICK, SICK, OK, OK));
});

test('a target is unwell when every one of its nodes is', (t) => {
  const sick = after(SICK, SICK, SICK);
  t.is(unwell([]), undefined);
  t.is(unwell([sick, undefined]), undefined, 'one is not known');
  t.is(unwell([sick, after(OK)]), undefined);
  t.deepEqual(unwell([sick]), { said: true, reason: 'its healthcheck fails: it answered 503' });
  const both = unwell([sick, after(SILENT, SILENT, SILENT)]);
  t.is(both?.said, false);
  t.regex(both?.reason ?? '', /all 2 nodes fail: connect ECONNREFUSED; it answered 503/);
});

test('copies that arrive speak against silence, and not against what a node says', (t) => {
  const good = { ...NO_COPIES, succeeded: 100 };
  const [said, silent] = [
    { said: true, reason: '' },
    { said: false, reason: '' },
  ];
  t.false(isRefuted(said, good));
  t.true(isRefuted(silent, good));
  t.false(isRefuted(silent, undefined));
  t.false(isRefuted(silent, { ...good, succeeded: 4 }));
  t.false(isRefuted(silent, { ...good, failed: 60, dropped: 40 }));
});
