import test from 'ava';
import { Control } from '../../../src/control/control.ts';
import { ControlError } from '../../../src/control/types.ts';
import type { ControlErrorCode } from '../../../src/control/types.ts';
import type { ExecutionContext } from 'ava';
import type { Store } from '../../../src/store/store.ts';
import { StoreError } from '../../../src/store/store.ts';
import { ME, NOW, TARGET, fakeConfig, furnish, openControl } from '../../support/open-control.ts';
import type { OpenControl } from '../../support/open-control.ts';

async function refused(
  t: ExecutionContext,
  { control, store, published }: OpenControl,
  code: ControlErrorCode,
  write: () => Promise<unknown>,
): Promise<ControlError> {
  const before = control.state;
  const count = published.length;
  const error = await t.throwsAsync(write, { instanceOf: ControlError });
  t.is(error.code, code, error.message);
  t.is(control.state, before);
  t.is(published.length, count);
  t.deepEqual(await store.load(), before);
  return error;
}

const pathsOf = ({ issues }: ControlError) => issues.map(({ path }) => path).sort();

test('a write is stored with author, reason and time, and published', async (t) => {
  const open = await openControl(t);
  const outcome = await open.control.putTarget('wallarm', TARGET, { author: 'ann', reason: 'new node' });
  t.is(outcome.revision, 1);
  t.true(outcome.created);
  t.is(outcome.entry?.revision, 1);
  t.is(outcome.entry?.value.endpoints[0]?.host, 'wallarm');
  const revision = await open.control.revision(1);
  t.like(revision, { revision: 1, author: 'ann', reason: 'new node', time: NOW.toISOString() });
  t.like(revision.diff[0], { object: 'targets/wallarm', op: 'add', path: '' });
  t.is(open.published.length, 1);
  t.deepEqual(open.published[0]?.revision, revision);
  t.is(open.published[0]?.state, open.control.state);
});

test('everything is as it was after a restart, compiled again', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { state } = open.control;
  const version = open.control.compiled('edge')?.snapshot('only').types.get('test/mirror')?.version;
  const again = await open.reopen();
  t.deepEqual(again.control.state, state);
  t.is(again.control.compiled('edge')?.snapshot('only').types.get('test/mirror')?.version, version);
  t.truthy(version);
  t.deepEqual(again.control.nativeConfig('edge')?.counts, { listeners: 1, routes: 3 });
});

test('a write that changes nothing makes no revision', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control, published } = open;
  const { state } = control;
  const count = published.length;
  const outcomes = [
    await control.putTarget(
      'wallarm',
      { ...TARGET, protocol: 'http1', limits: { connectTimeout: '1s' } },
      ME,
    ),
    await control.putMirror('m', { percent: 5.0, target: 'wallarm', fleet: 'edge', routes: [] }, ME),
    await control.patchMirror('m', {}, ME),
    await control.patchMirror('m', { percent: 5 }, ME),
    await control.putFleet('edge', {}, ME),
    await control.putConfig('edge', fakeConfig({ listeners: 1, routes: ['a', 'b', 'c'] }), ME),
    await control.restore(3, ME),
  ];
  for (const { revision, changes, diff, created } of outcomes) {
    t.deepEqual({ revision, changes, diff, created }, { revision: 3, changes: [], diff: [], created: false });
  }
  t.is(outcomes[0]?.entry?.revision, 2);
  t.is(control.state, state);
  t.is(published.length, count);
});

test('a percent change recompiles with everything else being the very same objects', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  await open.control.putMirror(
    'other',
    { fleet: 'edge', target: 'wallarm', percent: 1, routes: [{ route: 'a' }] },
    ME,
  );
  await open.control.patchMirror('m', { exclude: [{ route: 'b' }], copy: { setHeaders: { a: 'b' } } }, ME);
  const before = open.envoy.compiled.at(-1);
  const reads = open.envoy.reads;
  const outcome = await open.control.patchMirror('m', { percent: 12.5 }, ME);
  const after = open.envoy.compiled.at(-1);
  t.is(open.envoy.reads, reads);
  t.is(after?.config, before?.config);
  t.is(after?.fleet, before?.fleet);
  t.is(
    after?.mirrors[1],
    after?.mirrors.find(({ mirror }) => mirror.name === 'other'),
  );
  t.is(after?.mirrors[1]?.mirror, before?.mirrors[1]?.mirror);
  t.is(after?.mirrors[0]?.target, before?.mirrors[0]?.target);
  t.is(after?.mirrors[0]?.mirror.exclude, before?.mirrors[0]?.mirror.exclude);
  t.is(after?.mirrors[0]?.mirror.routes, before?.mirrors[0]?.mirror.routes);
  t.is(after?.mirrors[0]?.mirror.copy, before?.mirrors[0]?.mirror.copy);
  t.is(after?.mirrors[0]?.mirror.percent, 125_000);
  t.deepEqual(outcome.diff, [
    { object: 'mirrors/m', op: 'replace', path: '/percent', before: 5, after: 12.5 },
  ]);
});

test('all errors of an input are said at once and nothing changes', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control } = open;
  const put = await refused(t, open, 'invalid', () =>
    control.putMirror('m', { fleet: 5, percent: -1, x: 1 }, ME),
  );
  t.deepEqual(pathsOf(put), ['fleet', 'percent', 'target', 'x']);
  const patch = await refused(t, open, 'invalid', () =>
    control.patchMirror('m', { percent: '5', target: null }, ME),
  );
  t.deepEqual(pathsOf(patch), ['percent', 'target']);
  const target = await refused(t, open, 'invalid', () => control.putTarget('a/b', { endpoints: [] }, ME));
  t.deepEqual(pathsOf(target), ['endpoints', 'name']);
  const fleet = await refused(t, open, 'invalid', () =>
    control.putFleet('f', { dataPlane: 'iis', nodeCluster: 5 }, ME),
  );
  t.deepEqual(pathsOf(fleet), ['dataPlane', 'nodeCluster']);
  const config = await refused(t, open, 'invalid', () =>
    control.putConfig('edge', { text: '{"x": 1, "y": 2}', format: 'json', adopt: true }, ME),
  );
  t.deepEqual(pathsOf(config), ['x', 'y']);
});

test('a merge patch must be an object, not too deep, and leave alone what is read-only', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  let deep: unknown = 1;
  for (let n = 0; n < 100_000; n++) deep = { deep };
  for (const [patch, paths] of [
    [null, ['']],
    [[{ percent: 5 }], ['']],
    [{ match: deep }, ['']],
    [{ status: { percent: 1 }, revision: 3 }, ['revision', 'status']],
    [{ name: 'other' }, ['name']],
  ] as const) {
    t.deepEqual(pathsOf(await refused(t, open, 'invalid', () => open.control.patchMirror('m', patch, ME))), [
      ...paths,
    ]);
  }
});

test('a merge patch deletes with null and merges objects', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control } = open;
  await control.patchMirror('m', { copy: { setHeaders: { 'x-a': '1', 'x-b': '2' } } }, ME);
  const outcome = await control.patchMirror('m', { copy: { setHeaders: { 'x-a': null, 'x-c': '3' } } }, ME);
  t.deepEqual(outcome.entry?.value.copy.setHeaders, { 'x-b': '2', 'x-c': '3' });
  t.deepEqual(outcome.diff, [
    { object: 'mirrors/m', op: 'remove', path: '/copy/setHeaders/x-a', before: '1' },
    { object: 'mirrors/m', op: 'add', path: '/copy/setHeaders/x-c', after: '3' },
  ]);
  const target = await control.patchTarget(
    'wallarm',
    { tls: { caFile: '/ca.pem' }, limits: { maxRequests: 7 } },
    ME,
  );
  t.like(target.entry?.value, {
    tls: { caFile: '/ca.pem' },
    limits: { maxRequests: 7, maxConnections: 128 },
  });
  t.is((await control.patchTarget('wallarm', { tls: null }, ME)).entry?.value.tls, undefined);
  t.is((await control.patchFleet('edge', { nodeCluster: 'front' }, ME)).entry?.value.nodeCluster, 'front');
});

test('what is not there cannot be patched, removed, read or restored', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control } = open;
  for (const write of [
    () => control.patchMirror('x', { percent: 1 }, ME),
    () => control.patchTarget('x', {}, { ...ME, ifMatch: 3 }),
    () => control.patchFleet('x', {}, ME),
    () => control.remove('mirror', 'x', ME),
    () => control.remove('target', 'x', ME),
    () => control.remove('fleet', 'x', ME),
    () => control.restore(9, ME),
    () => control.restore(0, ME),
    () => control.revision(9),
    () => control.nativeConfigText('x'),
  ]) {
    await refused(t, open, 'not-found', write);
  }
});

test('a mirror of an unknown fleet and target is refused with both', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control } = open;
  const error = await refused(t, open, 'invalid', () =>
    control.putMirror('x', { fleet: 'none', target: 'no', percent: 1 }, ME),
  );
  t.deepEqual(pathsOf(error), ['fleet', 'target']);
  const patch = await refused(t, open, 'invalid', () => control.patchMirror('m', { target: 'no' }, ME));
  t.deepEqual(patch.issues, [{ path: 'target', message: 'there is no target "no"' }]);
});

test('what is in use is not removed; the answer names its users', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control } = open;
  await control.putMirror('n', { fleet: 'edge', target: 'wallarm', percent: 1 }, ME);
  for (const [kind, name] of [
    ['target', 'wallarm'],
    ['fleet', 'edge'],
  ] as const) {
    const error = await refused(t, open, 'conflict', () => control.remove(kind, name, ME));
    t.is(error.message, `${kind}s/${name} is in use by mirrors/m, mirrors/n`);
    t.deepEqual(pathsOf(error), ['mirrors/m', 'mirrors/n']);
  }
});

test('what is no longer in use is removed, a fleet with its config', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control, published } = open;
  t.is((await control.remove('mirror', 'm', ME)).entry, undefined);
  await control.remove('target', 'wallarm', ME);
  const outcome = await control.remove('fleet', 'edge', ME);
  t.deepEqual(
    outcome.diff.map(({ object, op }) => `${op} ${object}`),
    ['remove fleets/edge', 'remove fleets/edge/config'],
  );
  t.deepEqual(outcome.fleets, ['edge']);
  t.deepEqual([...(published.at(-1)?.fleets ?? [])], [['edge', undefined]]);
  t.is(control.compiled('edge'), undefined);
  t.is(control.state.config.size + control.state.fleet.size + control.state.target.size, 0);
});

test('two fleets cannot have the same nodes', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control } = open;
  const second = await refused(t, open, 'conflict', () =>
    control.putFleet('second', { nodeCluster: 'edge' }, ME),
  );
  t.deepEqual(second.issues, [
    { path: 'nodeCluster', message: '"edge" is that of the fleet "edge" already' },
  ]);
  await control.putFleet('second', {}, ME);
  const first = await refused(t, open, 'conflict', () =>
    control.patchFleet('edge', { nodeCluster: 'second' }, ME),
  );
  t.deepEqual(first.issues, [
    { path: 'nodeCluster', message: '"second" is that of the fleet "second" already' },
  ]);
  await control.patchFleet('edge', { nodeCluster: 'front' }, ME);
  await refused(t, open, 'conflict', () => control.putConfig('front', fakeConfig({}), ME));
});

test('If-Match is held against the revision of the object', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control } = open;
  const when = (ifMatch: number | '*') => ({ ...ME, ifMatch });
  await refused(t, open, 'precondition', () => control.patchMirror('m', { percent: 1 }, when(2)));
  await refused(t, open, 'precondition', () => control.putTarget('new', TARGET, when('*')));
  await refused(t, open, 'precondition', () => control.remove('mirror', 'm', when(1)));
  await refused(t, open, 'precondition', () =>
    control.putConfig('edge', fakeConfig({ listeners: 7 }), when(2)),
  );
  await refused(t, open, 'precondition', () => control.restore(1, when(2)));
  await refused(t, open, 'precondition', () => control.patchMirror('m', {}, when(2)));
  t.is((await control.patchMirror('m', { percent: 1 }, when(3))).revision, 4);
  t.is((await control.patchMirror('m', { percent: 2 }, when('*'))).revision, 5);
  t.is((await control.putConfig('edge', fakeConfig({ listeners: 7 }), when(1))).revision, 6);
  t.is((await control.restore(5, when(6))).revision, 7);
  t.is((await control.remove('mirror', 'm', when(5))).revision, 8);
});

test('what a fleet cannot be compiled with is refused with all of its issues', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control } = open;
  const routes = [{ route: 'a' }, { route: 'x' }, { route: 'y' }];
  const error = await refused(t, open, 'invalid', () => control.patchMirror('m', { routes }, ME));
  t.deepEqual(pathsOf(error), ['mirrors/m.routes[1].route', 'mirrors/m.routes[2].route']);
  await control.patchMirror('m', { routes: [{ route: 'a' }] }, ME);
  await refused(t, open, 'invalid', () => control.putConfig('edge', fakeConfig({ routes: ['b'] }), ME));
});

test('a target is compiled into every fleet that uses it', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control, published } = open;
  for (const fleet of ['second', 'third']) await control.putConfig(fleet, fakeConfig({}), ME);
  await control.putMirror('n', { fleet: 'second', target: 'wallarm', percent: 1 }, ME);
  const outcome = await control.patchTarget('wallarm', { endpoints: [{ host: 'b', port: 1 }] }, ME);
  t.deepEqual(outcome.fleets, ['edge', 'second']);
  t.deepEqual([...(published.at(-1)?.fleets.keys() ?? [])], ['edge', 'second']);
  t.is(published.at(-1)?.fleets.get('edge'), control.compiled('edge'));
});

test('a mirror moved to another fleet is compiled into both', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  await open.control.putConfig('second', fakeConfig({}), ME);
  const outcome = await open.control.patchMirror('m', { fleet: 'second' }, ME);
  t.deepEqual(outcome.fleets, ['edge', 'second']);
  t.deepEqual(open.control.compiled('edge')?.resources(), { mirrors: [] });
  t.is(open.control.compiled('second')?.resources()['mirrors']?.length, 1);
  t.deepEqual(
    outcome.warnings.map(({ message }) => message),
    ['fleet edge mirrors nothing'],
  );
});

test('a mirror may come before its fleet has a config', async (t) => {
  const open = await openControl(t);
  const { control, envoy } = open;
  await control.putFleet('edge', {}, ME);
  await control.putTarget('wallarm', TARGET, ME);
  const outcome = await control.putMirror('m', { fleet: 'edge', target: 'wallarm', percent: 1 }, ME);
  t.deepEqual(outcome.fleets, []);
  t.is(control.compiled('edge'), undefined);
  t.is(envoy.compiled.length, 0);
  await control.putConfig('edge', fakeConfig({}), ME);
  t.is(control.compiled('edge')?.resources()['mirrors']?.length, 1);
});

test('a fleet that changes its data plane has its config read by the new one', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control, nginx, envoy } = open;
  const dry = await control.patchFleet('edge', { dataPlane: 'nginx' }, { ...ME, dryRun: true });
  t.deepEqual(dry.fleets, ['edge']);
  t.is(nginx.reads, 1);
  const reads = envoy.reads;
  await control.patchMirror('m', { percent: 6 }, ME);
  t.is(envoy.reads, reads);
  await control.patchFleet('edge', { dataPlane: 'nginx' }, ME);
  t.is(nginx.reads, 1);
  t.is(nginx.compiled.at(-1)?.mirrors[0]?.mirror.percent, 60_000);
});

test('a dry run tells what would be and changes nothing', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control, store, published } = open;
  const before = control.state;
  const compiled = control.compiled('edge');
  const dry = { ...ME, dryRun: true };
  const count = published.length;
  const outcomes = [
    await control.putFleet('new', {}, dry),
    await control.putTarget('new', TARGET, dry),
    await control.putMirror('new', { fleet: 'edge', target: 'wallarm', percent: 1 }, dry),
    await control.patchMirror('m', { percent: 50 }, dry),
    await control.putConfig('edge', fakeConfig({ listeners: 2 }), dry),
    await control.putConfig('new', fakeConfig({ policies: [{ name: 'p', target: 'q', host: 'r' }] }), dry),
    await control.remove('mirror', 'm', dry),
    await control.restore(1, dry),
  ];
  for (const { revision, diff } of outcomes) {
    t.is(revision, 4);
    t.true(diff.length > 0);
  }
  t.deepEqual(
    outcomes.map(({ created }) => created),
    [true, true, true, false, false, true, false, false],
  );
  t.is(outcomes[3]?.entry?.revision, 4);
  t.is(control.state, before);
  t.is(control.compiled('edge'), compiled);
  t.deepEqual(await store.load(), before);
  t.is(published.length, count);
  await refused(t, open, 'invalid', () => control.putMirror('m', { percent: 101 }, dry));
  await refused(t, open, 'conflict', () => control.remove('target', 'wallarm', dry));
  await refused(t, open, 'precondition', () => control.remove('mirror', 'm', { ...dry, ifMatch: 1 }));
});

test('writes at once all land, in the order they came, each on top of the one before', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { control, published } = open;
  const headers = Array.from({ length: 30 }, (_, n) => `x-${n}`);
  const outcomes = await Promise.all(
    headers.map((header) => control.patchMirror('m', { copy: { setHeaders: { [header]: '1' } } }, ME)),
  );
  t.deepEqual(
    outcomes.map(({ revision }) => revision),
    headers.map((_, n) => n + 4),
  );
  t.deepEqual(Object.keys(control.state.mirror.get('m')?.value.copy.setHeaders ?? {}), headers);
  t.deepEqual(
    published.map(({ revision }) => revision.revision),
    Array.from({ length: 33 }, (_, n) => n + 1),
  );
});

test('of two writes at once on one revision the first wins', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const write = (percent: number) => open.control.patchMirror('m', { percent }, { ...ME, ifMatch: 3 });
  const [first, second] = await Promise.allSettled([write(1), write(2)]);
  t.is(first.status, 'fulfilled');
  t.true(second.status === 'rejected' && second.reason instanceof ControlError);
  t.is(open.control.state.mirror.get('m')?.value.percent, 10_000);
});

test('a refused write does not hold up the next', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const bad = open.control.patchMirror('m', { percent: 'x' }, ME);
  const good = open.control.patchMirror('m', { percent: 7 }, ME);
  await t.throwsAsync(bad);
  t.is((await good).revision, 4);
});

test('a listener that throws stops neither the write nor the other listeners', async (t) => {
  const { store, directory: _, envoy } = await openControl(t);
  const errors: unknown[] = [];
  const control = await Control.open({
    store,
    dataPlanes: new Map([['envoy', envoy]]),
    clock: () => NOW,
    onListenerError: (error) => errors.push(error),
  });
  const problem = new Error('listener');
  const seen: number[] = [];
  control.subscribe(() => {
    throw problem;
  });
  const unsubscribe = control.subscribe(({ revision }) => seen.push(revision.revision));
  await control.putTarget('a', TARGET, ME);
  unsubscribe();
  await control.putTarget('b', TARGET, ME);
  t.deepEqual(errors, [problem, problem]);
  t.deepEqual(seen, [1]);
  t.is(control.state.revision, 2);
});

test('a write that cannot be stored changes nothing, and the next one can', async (t) => {
  const { store, envoy } = await openControl(t);
  let full = true;
  const failing: Store = {
    load: () => store.load(),
    commit: (commit) => (full ? Promise.reject(new StoreError('disk full')) : store.commit(commit)),
    blob: (digest) => store.blob(digest),
    revisions: (page) => store.revisions(page),
    revision: (n) => store.revision(n),
    stateAt: (n) => store.stateAt(n),
    judge: (verdict) => store.judge(verdict),
    verdicts: (revision) => store.verdicts(revision),
    close: () => store.close(),
  };
  const control = await Control.open({
    store: failing,
    dataPlanes: new Map([['envoy', envoy]]),
    clock: () => NOW,
  });
  const published: unknown[] = [];
  control.subscribe((publication) => published.push(publication));
  await t.throwsAsync(control.putTarget('a', TARGET, ME), { instanceOf: StoreError, message: 'disk full' });
  t.is(control.state.revision, 0);
  t.deepEqual(published, []);
  full = false;
  t.is((await control.putTarget('a', TARGET, ME)).revision, 1);
});

test('closing waits for writes under way and refuses later ones', async (t) => {
  const { control } = await openControl(t);
  const write = control.putTarget('a', TARGET, ME);
  const closed = control.close();
  await t.throwsAsync(control.putTarget('b', TARGET, ME), { message: /stopping/ });
  await closed;
  t.is(control.state.revision, 1);
  t.is((await write).revision, 1);
});

test('the config is given back as its owner wrote it', async (t) => {
  const open = await openControl(t);
  const text = '{\n\t"listeners": 1 }\n\n';
  await open.control.putConfig('edge', { text, format: 'json', adopt: false }, ME);
  t.deepEqual(await open.control.nativeConfigText('edge'), { text, format: 'json' });
  const again = await open.reopen();
  t.deepEqual(await again.control.nativeConfigText('edge'), { text, format: 'json' });
});

test('a stored config that this version refuses stops the start in words', async (t) => {
  const open = await openControl(t);
  await furnish(open);
  const { store } = open;
  const dataPlane = Object.assign(Object.create(open.envoy) as typeof open.envoy, {
    readConfig: () => ({ ok: false, issues: [{ path: 'listeners', message: 'are out of fashion' }] }),
  });
  await t.throwsAsync(
    Control.open({ store, dataPlanes: new Map([['envoy', dataPlane]]), clock: () => NOW }),
    {
      instanceOf: StoreError,
      message: /config of the fleet "edge" .* listeners: are out of fashion/,
    },
  );
  await t.throwsAsync(Control.open({ store, dataPlanes: new Map(), clock: () => NOW }), {
    instanceOf: StoreError,
    message: /data plane "envoy" is not known/,
  });
});
