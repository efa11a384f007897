import test from 'ava';
import { ControlError } from '../../../src/control/types.ts';
import type { FakePolicy } from '../../support/fake-data-plane.ts';
import { ME, TARGET, fakeConfig, openControl } from '../../support/open-control.ts';

const ROUTES = ['a', 'b', 'c'];

function policies(...list: FakePolicy[]) {
  return fakeConfig({ listeners: 1, routes: ROUTES, policies: list });
}

const POLICY: FakePolicy = { name: 'edge-wallarm', target: 'wallarm', host: 'wallarm', ppm: 250_000 };

test('mirror policies found in a config become targets and mirrors, in one revision', async (t) => {
  const { control } = await openControl(t);
  const outcome = await control.putConfig('edge', policies(POLICY), ME);
  t.deepEqual(outcome.adopted, { targets: ['wallarm'], mirrors: ['edge-wallarm'] });
  t.deepEqual(outcome.counts, { listeners: 1, routes: 3 });
  t.true(outcome.created);
  t.deepEqual(
    outcome.changes.map(({ kind, name }) => `${kind} ${name}`),
    ['fleet edge', 'config edge', 'target wallarm', 'mirror edge-wallarm'],
  );
  t.is(outcome.revision, 1);
  t.like(control.state.mirror.get('edge-wallarm')?.value, {
    fleet: 'edge',
    target: 'wallarm',
    percent: 250_000,
  });
  t.true(Object.isFrozen(control.state.mirror.get('edge-wallarm')?.value));
  t.like(control.state.target.get('wallarm')?.value.endpoints[0], TARGET.endpoints[0] ?? {});
});

test('nothing is adopted unless asked for', async (t) => {
  const { control } = await openControl(t);
  const config = fakeConfig({ policies: [POLICY] }, false);
  const outcome = await control.putConfig('edge', config, ME);
  t.deepEqual(outcome.adopted, { targets: [], mirrors: [] });
  t.is(control.state.mirror.size + control.state.target.size, 0);
});

test('an existing mirror keeps percent, target, copy and what it excludes, and takes the new routes', async (t) => {
  const { control } = await openControl(t);
  await control.putConfig('edge', policies({ ...POLICY, route: 'a' }), ME);
  await control.putTarget('other', TARGET, ME);
  await control.patchMirror(
    'edge-wallarm',
    { percent: 3, target: 'other', exclude: [{ pathPrefix: '/login' }], copy: { removeHeaders: ['cookie'] } },
    ME,
  );
  const before = control.state.mirror.get('edge-wallarm')?.value;
  const outcome = await control.putConfig('edge', policies({ ...POLICY, host: 'elsewhere', route: 'b' }), ME);
  t.deepEqual(control.state.mirror.get('edge-wallarm')?.value, {
    ...before,
    routes: [{ route: 'b' }],
  } as never);
  t.deepEqual(outcome.adopted, { targets: ['other'], mirrors: ['edge-wallarm'] });
  t.is(control.state.target.get('wallarm')?.value.endpoints[0]?.host, 'wallarm');
  t.deepEqual([...control.state.target.keys()], ['wallarm', 'other']);
});

test('the same config again adopts nothing anew', async (t) => {
  const { control } = await openControl(t);
  await control.putConfig('edge', policies(POLICY), ME);
  await control.patchMirror('edge-wallarm', { percent: 3, routes: [{ route: 'a' }] }, ME);
  const outcome = await control.putConfig('edge', policies(POLICY), ME);
  t.is(outcome.revision, 2);
  t.deepEqual(outcome.adopted, { targets: ['wallarm'], mirrors: ['edge-wallarm'] });
  t.deepEqual(outcome.counts, { listeners: 1, routes: 3 });
  await control.remove('mirror', 'edge-wallarm', ME);
  const gone = await control.putConfig('edge', policies(POLICY), ME);
  t.is(gone.revision, 3);
  t.deepEqual(gone.adopted.mirrors, []);
});

test('a target that goes to the same place is shared, whatever its limits', async (t) => {
  const { control } = await openControl(t);
  await control.putTarget('wallarm', { ...TARGET, limits: { maxRequests: 7 } }, ME);
  const outcome = await control.putConfig('edge', policies(POLICY), ME);
  t.deepEqual(outcome.adopted.targets, ['wallarm']);
  t.is(control.state.target.size, 1);
  t.is(control.state.target.get('wallarm')?.value.limits.maxRequests, 7);
});

test('a target of that name that goes elsewhere is left alone; the new one is named after the fleet', async (t) => {
  const { control } = await openControl(t);
  for (const [name, host] of [
    ['wallarm', 'elsewhere'],
    ['edge-wallarm', 'elsewhere-too'],
  ] as const) {
    await control.putTarget(name, { endpoints: [{ host, port: 8445 }] }, ME);
  }
  const outcome = await control.putConfig('edge', policies(POLICY), ME);
  t.deepEqual(outcome.adopted.targets, ['edge-wallarm-2']);
  t.is(control.state.target.get('wallarm')?.value.endpoints[0]?.host, 'elsewhere');
  t.is(control.state.mirror.get('edge-wallarm')?.value.target, 'edge-wallarm-2');
  // A later mirror to the same place shares it.
  const more = await control.putConfig('edge', policies(POLICY, { ...POLICY, name: 'more' }), ME);
  t.deepEqual(more.adopted, { targets: ['edge-wallarm-2'], mirrors: ['edge-wallarm', 'more'] });
});

test("another fleet's mirror of that name is left alone; the new one gets a suffix, and keeps it", async (t) => {
  const { control } = await openControl(t);
  const named = (ppm: number) => ({ ...POLICY, name: 'all', ppm });
  await control.putConfig('edge', policies(named(1)), ME);
  const second = await control.putConfig('second', policies(named(2)), ME);
  t.deepEqual(second.adopted, { targets: ['wallarm'], mirrors: ['all-2'] });
  const again = await control.putConfig('second', policies({ ...named(3), route: 'a' }), ME);
  t.deepEqual(again.adopted.mirrors, ['all-2']);
  t.is(control.state.mirror.size, 2);
  t.is(control.state.mirror.get('all')?.value.percent, 1);
  t.like(control.state.mirror.get('all-2')?.value, { fleet: 'second', percent: 2, routes: [{ route: 'a' }] });
});

test('several policies of one name become several mirrors, the same ones each time', async (t) => {
  const { control } = await openControl(t);
  const twice = [
    { ...POLICY, route: 'a' },
    { ...POLICY, route: 'b' },
  ];
  await control.putConfig('edge', policies(...twice), ME);
  const again = await control.putConfig('edge', policies(...twice, { ...POLICY, name: 'x' }), ME);
  t.deepEqual(again.adopted.mirrors, ['edge-wallarm', 'edge-wallarm-2', 'x']);
  t.is(control.state.mirror.get('edge-wallarm-2')?.value.routes[0]?.route, 'b');
});

test('names of a native config that are no names of ours become some', async (t) => {
  const { control } = await openControl(t);
  const outcome = await control.putConfig(
    'edge',
    policies({ name: 'a|b', target: 'outbound|80||x', host: 'h' }),
    ME,
  );
  t.deepEqual(outcome.adopted, { targets: ['outbound-80-x'], mirrors: ['a-b'] });
});

test('a policy that makes no valid target or mirror is refused with its path, and all else with it', async (t) => {
  const { control } = await openControl(t);
  const error = await t.throwsAsync(
    control.putConfig('edge', policies({ ...POLICY, host: 'not a host', ppm: 0.5, route: '' }), ME),
    { instanceOf: ControlError },
  );
  t.is(error.code, 'invalid');
  t.deepEqual(
    error.issues.map(({ path }) => path),
    [
      'targets/wallarm.endpoints[0].host',
      'mirrors/edge-wallarm.percent',
      'mirrors/edge-wallarm.routes[0].route',
    ],
  );
  t.is(control.state.revision, 0);
});

test('a dry run tells what would be adopted', async (t) => {
  const { control } = await openControl(t);
  const outcome = await control.putConfig('edge', policies(POLICY), { ...ME, dryRun: true });
  t.deepEqual(outcome.adopted, { targets: ['wallarm'], mirrors: ['edge-wallarm'] });
  t.is(control.state.mirror.size, 0);
});

test('a target that another fleet copies to as well is named: a change of it moves both', async (t) => {
  const { control } = await openControl(t);
  const first = await control.putConfig('edge', policies(POLICY), ME);
  t.false(first.warnings.some(({ message }) => message.includes('too')));
  const second = await control.putConfig('core', policies({ ...POLICY, name: 'core-wallarm' }), ME);
  t.deepEqual(second.adopted, { targets: ['wallarm'], mirrors: ['core-wallarm'] });
  t.deepEqual(
    second.warnings.filter(({ path }) => path === 'mirrors.core-wallarm.target'),
    [
      {
        path: 'mirrors.core-wallarm.target',
        message: 'target "wallarm" is that of fleet edge, too: a change of it moves the copies of all',
      },
    ],
  );
});
