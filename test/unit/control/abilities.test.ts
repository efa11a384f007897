import test from 'ava';
import { inabilities } from '../../../src/control/abilities.ts';
import { ControlError } from '../../../src/control/types.ts';
import { checkMirror } from '../../../src/model/check-mirror.ts';
import type { Mirror } from '../../../src/model/mirror.ts';
import { FakeDataPlane } from '../../support/fake-data-plane.ts';
import { ME, TARGET, fakeConfig, openControl } from '../../support/open-control.ts';

function mirror(fields: object): Mirror {
  const checked = checkMirror('m', { fleet: 'edge', target: 'wallarm', percent: 5, ...fields });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return checked.value;
}

const UNABLE = new FakeDataPlane('plain', {
  copy: { setHeaders: false, removeHeaders: false, withoutBody: false },
  selectors: ['route'],
  expiresAfter: false,
}).capabilities;

test('everything that a data plane cannot do is said at once, with its path and what to do', (t) => {
  const asked = mirror({
    copy: { body: false, setHeaders: { 'x-a': '1' }, removeHeaders: ['cookie'] },
    expiresAfter: '1m',
    routes: [{ route: 'a' }, { domain: 'shop.example', pathPrefix: '/api' }],
  });
  const issues = inabilities('plain', UNABLE, asked);
  t.deepEqual(
    issues.map(({ path }) => path),
    [
      'mirrors.m.copy.body',
      'mirrors.m.copy.setHeaders',
      'mirrors.m.copy.removeHeaders',
      'mirrors.m.expiresAfter',
      'mirrors.m.routes[1].domain',
      'mirrors.m.routes[1].pathPrefix',
    ],
  );
  t.true(issues.every(({ message }) => message.startsWith('plain cannot ') && message.includes(': ')));
});

test('what it can do is no issue', (t) => {
  const able = new FakeDataPlane('able', {
    copy: { setHeaders: true, removeHeaders: true, withoutBody: true },
  }).capabilities;
  const asked = mirror({
    copy: { body: false, setHeaders: { 'x-a': '1' } },
    routes: [{ domain: 'a.example' }],
  });
  t.deepEqual(inabilities('able', able, asked), []);
  t.deepEqual(inabilities('plain', UNABLE, mirror({ routes: [{ route: 'a' }] })), []);
});

test('a mirror, or a plan, that its fleet cannot do is refused and changes nothing', async (t) => {
  const { control } = await openControl(t);
  await control.putFleet('plain', { dataPlane: 'nginx' }, ME);
  await control.putConfig('plain', fakeConfig({}), ME);
  await control.putTarget('wallarm', TARGET, ME);
  const body = { fleet: 'plain', target: 'wallarm', percent: 5 };
  const headless = await t.throwsAsync(control.putMirror('m', { ...body, copy: { body: false } }, ME), {
    instanceOf: ControlError,
  });
  t.like(headless, { code: 'invalid' });
  t.is(headless.issues[0]?.path, 'mirrors.m.copy.body');
  await control.putMirror('m', body, ME);
  const { state } = control;
  const steps = [{ percent: 1 }, { percent: 1, fleetPercent: 50 }];
  const shared = await t.throwsAsync(control.putRollout('r', { mirror: 'm', steps }, ME), {
    instanceOf: ControlError,
  });
  t.is(shared.issues[0]?.path, 'steps[1].fleetPercent');
  t.regex(shared.issues[0]?.message ?? '', /plain \(nginx\)/);
  t.is(control.state, state);
  await control.putRollout('r', { mirror: 'm', steps: [{ percent: 1 }] }, ME);
});
