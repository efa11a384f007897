import test from 'ava';
import { applyPatch } from 'diff';
import { ME, TARGET, fakeConfig, furnish, openControl } from '../../support/open-control.ts';

test('restore brings back everything as it was, as a new revision', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control } = open;
  const goal = control.state;
  const pushed = control.compiled('edge')?.resources();
  await control.putConfig('edge', fakeConfig({ listeners: 2, routes: ['x'] }), ME);
  await control.patchMirror('m', { percent: 99, routes: [{ route: 'x' }] }, ME);
  await control.putTarget('extra', TARGET, ME);
  await control.putConfig('second', fakeConfig({}), ME);
  await control.remove('mirror', 'm', ME);
  await control.remove('target', 'wallarm', ME);
  const outcome = await control.restore(3, { author: 'ann' });
  t.is(outcome.revision, 10);
  t.deepEqual(outcome.fleets, ['edge', 'second']);
  for (const kind of ['fleet', 'config', 'target', 'mirror'] as const) {
    const values = (state: typeof goal) =>
      Object.fromEntries([...state[kind]].map(([name, { value }]) => [name, value]));
    t.deepEqual<unknown, unknown>(values(control.state), values(goal), kind);
  }
  t.deepEqual(control.compiled('edge')?.resources(), pushed);
  t.is(control.compiled('second'), undefined);
  t.deepEqual(
    (await control.nativeConfigText('edge')).text,
    fakeConfig({ listeners: 1, routes: ['a', 'b', 'c'] }).text,
  );
  t.like(await control.revision(10), { author: 'ann', reason: 'restore of revision 3' });
  const again = await open.reopen();
  t.deepEqual(again.control.state, control.state);
});

test('a restore can be restored', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control } = open;
  await control.patchMirror('m', { percent: 6 }, ME);
  await control.restore(3, { ...ME, reason: 'it was too much' });
  t.is(control.state.mirror.get('m')?.value.percent, 50_000);
  t.is((await control.revision(5)).reason, 'it was too much');
  await control.restore(4, ME);
  t.is(control.state.mirror.get('m')?.value.percent, 60_000);
});

test('revisions are listed newest first with what they changed', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const revisions = await open.control.revisions({ limit: 2 });
  t.deepEqual(
    revisions.map(({ revision }) => revision),
    [3, 2],
  );
  t.deepEqual(
    revisions[0]?.diff.map(({ object }) => object),
    ['mirrors/m'],
  );
  t.deepEqual(
    (await open.control.revisions({ limit: 2, before: 2 })).map(({ revision }) => revision),
    [1],
  );
});

test('a diff names each field by its pointer, with both values in REST form', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control } = open;
  const outcome = await control.putMirror(
    'm',
    {
      fleet: 'edge',
      target: 'wallarm',
      percent: 0.0001,
      routes: [{ route: 'a' }, { route: 'b' }],
      copy: { setHeaders: { 'a~b': '1' } },
    },
    ME,
  );
  t.deepEqual(outcome.diff, [
    { object: 'mirrors/m', op: 'replace', path: '/percent', before: 5, after: 0.0001 },
    {
      object: 'mirrors/m',
      op: 'replace',
      path: '/routes',
      before: [],
      after: [{ route: 'a' }, { route: 'b' }],
    },
    { object: 'mirrors/m', op: 'add', path: '/copy/setHeaders/a~0b', after: '1' },
  ]);
  const route = await control.patchMirror('m', { routes: [{ route: 'a' }, { route: 'c' }] }, ME);
  t.deepEqual(route.diff, [
    { object: 'mirrors/m', op: 'replace', path: '/routes/1/route', before: 'b', after: 'c' },
  ]);
  const target = await control.patchTarget('wallarm', { limits: { connectTimeout: '250ms' } }, ME);
  t.deepEqual(target.diff, [
    {
      object: 'targets/wallarm',
      op: 'replace',
      path: '/limits/connectTimeout',
      before: '1s',
      after: '250ms',
    },
  ]);
});

test("a config's diff has its counts, sizes and the changed lines", async (t) => {
  const { control } = await openControl(t);
  const first = fakeConfig({ listeners: 1, routes: ['a', 'b'] });
  const second = fakeConfig({ listeners: 2, routes: ['a', 'b'] });
  await control.putConfig('edge', first, ME);
  const { diff } = await control.putConfig('edge', second, ME);
  t.true(diff.every(({ object }) => object === 'fleets/edge/config'));
  t.deepEqual(
    diff.map(({ path }) => path),
    ['/digest', '/counts/listeners', '/text'],
  );
  t.is(applyPatch(first.text, diff.at(-1)?.patch ?? ''), second.text);
});

test("a large or wholly different config's diff has its sizes and no lines", async (t) => {
  const { control } = await openControl(t);
  const sized = (pad: string, listeners: number) => {
    const { text } = fakeConfig({ listeners });
    return { text: text + pad, format: 'json', adopt: true } as const;
  };
  const lines = (word: string) =>
    Array.from({ length: 30_000 }, (_, n) => ' '.repeat((n * word.length) % 7)).join('\n');
  await control.putConfig('edge', sized(' '.repeat(300_000), 1), ME);
  const large = await control.putConfig('edge', sized(' '.repeat(300_001), 2), ME);
  t.deepEqual(
    large.diff.map(({ path }) => path),
    ['/digest', '/bytes', '/counts/listeners'],
  );
  await control.putConfig('edge', sized(lines('one'), 3), ME);
  const different = await control.putConfig('edge', sized(lines('three'), 4), ME);
  t.false(different.diff.some(({ path }) => path === '/text'));
});
