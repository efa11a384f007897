import test, { type ExecutionContext } from 'ava';
import { sightOf } from '../../../src/control/surroundings.ts';
import { ControlError } from '../../../src/control/types.ts';
import type { Listener, Surroundings } from '../../../src/dataplanes/data-plane.ts';
import { DEFAULT_COPY } from '../../../src/model/mirror.ts';
import { EMPTY_STATE, type State, applyChanges } from '../../../src/model/state.ts';
import { DEFAULT_LIMITS, type Endpoint } from '../../../src/model/target.ts';
import {
  ME,
  type OpenControl,
  TARGET,
  fakeConfig,
  furnish,
  openControl,
} from '../../support/open-control.ts';

const LISTENER = { host: '0.0.0.0', port: 80 };

type CopiedBy = Listener['copiedBy'];

/** Where every mirror copies what comes in, unless something else is said. */
function around(
  {
    listeners = [],
    ...fields
  }: Partial<Omit<Surroundings, 'listeners'>> & { listeners?: readonly Endpoint[] },
  copiedBy: CopiedBy = () => true,
): Surroundings {
  return { hosts: [], origins: [], ...fields, listeners: listeners.map((at) => ({ ...at, copiedBy })) };
}

/** Fleets with a mirror each to the one target; the first has two. */
function stateOf(endpoints: readonly Endpoint[], fleets: readonly string[] = ['edge']): State {
  const target = { name: 't', endpoints, protocol: 'http1', limits: DEFAULT_LIMITS } as const;
  const mirrors = fleets.flatMap((fleet, index) =>
    index === 0 ? [`${fleet}-a`, `${fleet}-b`] : [`${fleet}-a`],
  );
  return applyChanges(EMPTY_STATE, 1, [
    ...fleets.map((name) => ({
      ...({ kind: 'fleet', name, before: undefined } as const),
      after: { name, dataPlane: 'envoy', nodeCluster: name },
    })),
    { kind: 'target', name: 't', before: undefined, after: target },
    ...mirrors.map((name) => ({
      ...({ kind: 'mirror', name, before: undefined } as const),
      after: {
        ...{ name, fleet: name.slice(0, -2), target: 't', percent: 0, copy: DEFAULT_COPY },
        ...{ routes: [], exclude: [] },
      },
    })),
  ]);
}

const EDGE = around({
  listeners: [LISTENER, { host: '10.0.0.1', port: 8080 }],
  hosts: [
    { name: '*', path: 'everything' },
    { name: 'shop.example', path: 'domains of shop' },
    { name: '*.api.example', path: 'domains of api' },
    { name: 'localhost', path: 'domains of itself' },
    { name: '10.0.0.9', path: 'domains of an address' },
  ],
  origins: [
    { host: 'httpbin', port: 80, path: 'clusters[httpbin]' },
    { host: 'anyport.example', path: 'clusters[anyport]' },
    { host: '127.0.0.1', port: 9000, path: 'clusters[local]' },
  ],
});

for (const [text, kind, path] of [
  ['127.0.0.1:80', 'loop', undefined],
  ['10.0.0.1:8080', 'loop', undefined],
  ['10.0.0.1:80', undefined, undefined],
  ['10.0.0.7:80', undefined, undefined],
  ['shop.example:8445', 'host', 'domains of shop'],
  ['SHOP.example.:8445', 'host', 'domains of shop'],
  ['v1.api.example:8445', 'host', 'domains of api'],
  ['wallarm:8445', undefined, undefined],
  // Nothing of the fleet listens there, and the name is the machine itself.
  ['localhost:8445', undefined, undefined],
  ['10.0.0.9:8445', undefined, undefined],
  ['10.0.0.9:8080', 'host', 'domains of an address'],
  ['httpbin:80', 'origin', 'clusters[httpbin]'],
  ['httpbin:8445', undefined, undefined],
  ['anyport.example:8445', 'origin', 'clusters[anyport]'],
  ['localhost:9000', 'origin', 'clusters[local]'],
] as const) {
  test(`a target at ${text}: ${kind ?? 'nothing to say'}`, (t) => {
    const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(text) ?? [];
    const { loops, warnings } = sightOf(stateOf([{ host, port: Number(port) }]), ['edge'], () => EDGE);
    if (kind === 'loop') {
      t.deepEqual(
        loops.map((issue) => issue.path),
        ['mirrors.edge-a.target', 'mirrors.edge-b.target'],
      );
      t.regex(loops[0]?.message ?? '', /where this fleet itself listens: .*give it the node's address/);
      t.deepEqual(warnings, []);
      return;
    }
    t.deepEqual(loops, []);
    t.is(warnings.length, kind === undefined ? 0 : 1, 'once for the target, however many mirrors it has');
    const [warning] = warnings;
    if (kind === undefined || warning === undefined) return;
    t.is(warning.path, 'targets.t.endpoints[0]');
    t.true(warning.message.includes(`(${path})`), warning.message);
    t.regex(warning.message, kind === 'host' ? /itself answers for .* without end/ : /gets there twice/);
  });
}

/** A target at a listener, of mirrors `edge-a` and `edge-b`; `edge-c` copies to somewhere else. */
function sightAt(copiedBy: CopiedBy, origins: Surroundings['origins'] = []) {
  const other = { name: 'elsewhere', endpoints: [{ host: 'node', port: 8445 }] };
  const state = stateOf([{ host: '127.0.0.1', port: 80 }]);
  const [mirror, target] = [state.mirror.get('edge-a')?.value, state.target.get('t')?.value];
  if (mirror === undefined || target === undefined) throw new Error('no state');
  const next = applyChanges(state, 2, [
    { kind: 'target', name: 'elsewhere', before: undefined, after: { ...target, ...other } },
    {
      ...{ kind: 'mirror', name: 'edge-c', before: undefined },
      after: { ...mirror, name: 'edge-c', target: 'elsewhere' },
    },
  ]);
  const edge = around({ listeners: [LISTENER], origins }, copiedBy);
  return sightOf(next, ['edge'], () => edge);
}

for (const [what, copying, loops, warning] of [
  ['by one of its mirrors', { 'edge-b': true }, ['mirrors.edge-b.target'], undefined],
  [
    'by one, and for others it is not known',
    { 'edge-a': undefined, 'edge-b': true },
    ['mirrors.edge-b.target'],
    undefined,
  ],
  ['by no mirror', {}, [], undefined],
  ['by a mirror that leads elsewhere', { 'edge-c': true }, [], /mirror "edge-c" copies what comes in there/],
  ['by whom it is not known', { 'edge-a': undefined }, [], /does not tell whether/],
  ['perhaps by a mirror that leads elsewhere', { 'edge-c': undefined }, [], undefined],
] as const) {
  test(`a target where the fleet listens, and what comes in is copied ${what}`, (t) => {
    const verdicts = new Map<string, boolean | undefined>(Object.entries(copying));
    const sight = sightAt(({ name }) => (verdicts.has(name) ? verdicts.get(name) : false));
    t.deepEqual(
      sight.loops.map(({ path }) => path),
      [...loops],
    );
    t.is(sight.warnings.length, warning === undefined ? 0 : 1);
    if (warning === undefined) return;
    t.is(sight.warnings[0]?.path, 'targets.t.endpoints[0]');
    t.regex(sight.warnings[0]?.message ?? '', warning);
  });
}

test('a listener of no copies, to which requests go themselves, gets each copied request twice', (t) => {
  const sight = sightAt(() => false, [{ host: '127.0.0.1', port: 80, path: 'clusters[chained]' }]);
  t.deepEqual(sight.loops, []);
  t.regex(sight.warnings[0]?.message ?? '', /gets there twice/);
});

test('a name that is answered for and an origin too is both; each endpoint is told apart', (t) => {
  const both = around({
    hosts: [{ name: 'shop.example', path: 'a' }],
    origins: [{ host: 'shop.example', port: 80, path: 'b' }],
  });
  const endpoints = [
    { host: 'wallarm', port: 80 },
    { host: 'shop.example', port: 80 },
  ];
  const { warnings } = sightOf(stateOf(endpoints), ['edge'], () => both);
  t.deepEqual(
    warnings.map(({ path }) => path),
    ['targets.t.endpoints[1]', 'targets.t.endpoints[1]'],
  );
});

test('a listener of another fleet is warned of by its own address, whichever of both is written', (t) => {
  const there = around({
    listeners: [LISTENER, { host: '10.0.0.2', port: 80 }, { host: '127.0.0.1', port: 8445 }],
    hosts: [{ name: 'other.example', path: 'of no matter' }],
  });
  const surroundings = (fleet: string) => (fleet === 'other' ? there : around({}));
  const said = (host: string, port: number, fleets: readonly string[]) =>
    sightOf(stateOf([{ host, port }], ['edge', 'third', 'other']), fleets, (fleet) =>
      fleet === 'third' ? undefined : surroundings(fleet),
    ).warnings.filter(({ message }) => message.includes('fleet "other" listens'));
  t.is(said('10.0.0.2', 80, ['edge']).length, 1);
  t.is(said('10.0.0.2', 80, ['other']).length, 2, 'of each fleet that copies there');
  t.is(said('10.0.0.2', 81, ['edge']).length, 0);
  t.is(said('127.0.0.1', 8445, ['edge']).length, 0, "any machine's");
  t.is(said('10.0.0.2', 80, []).length, 0);
  const quiet = { ...there, listeners: there.listeners.map((at) => ({ ...at, copiedBy: () => false })) };
  const state = stateOf([{ host: '10.0.0.2', port: 80 }], ['edge', 'other']);
  const { warnings } = sightOf(state, ['edge'], (fleet) => (fleet === 'other' ? quiet : around({})));
  t.deepEqual(warnings, [], 'where nothing is copied');
});

async function refusal(t: ExecutionContext, write: Promise<unknown>): Promise<ControlError> {
  return t.throwsAsync(write, { instanceOf: ControlError });
}

const SELF = { endpoints: [{ host: '127.0.0.1', port: 80 }] };

test('no write makes a loop: of a target, a mirror, a config or a dry run', async (t) => {
  const opened = await openControl(t);
  const { control } = opened;
  await furnish(opened);
  const listening = fakeConfig({ routes: ['a', 'b', 'c'], around: { listeners: [LISTENER] } });
  await control.putTarget('self', SELF, ME);
  await control.putConfig('edge', listening, ME);
  const { state } = control;
  const writes = [
    () => control.putTarget('wallarm', SELF, ME),
    () => control.putTarget('wallarm', SELF, { ...ME, dryRun: true }),
    () => control.patchMirror('m', { target: 'self' }, ME),
    () => control.putMirror('n', { fleet: 'edge', target: 'self', percent: 0 }, ME),
    () =>
      control.putConfig(
        'edge',
        fakeConfig({ routes: ['a'], around: { listeners: [{ host: 'wallarm', port: 8445 }] } }),
        ME,
      ),
  ];
  for (const write of writes) {
    const { code, issues } = await refusal(t, write());
    t.is(code, 'invalid');
    t.regex(issues[0]?.path ?? '', /^mirrors\.[mn]\.target$/);
  }
  t.is(control.state, state);
});

/** A loop as it was stored by a version that did not look. */
async function looping(t: ExecutionContext): Promise<OpenControl> {
  const opened = await openControl(t);
  await furnish(opened);
  const { store, control } = opened;
  const before = control.state.target.get('wallarm')?.value;
  if (before === undefined) throw new Error('no target');
  await control.putConfig('edge', fakeConfig({ routes: ['a'], around: { listeners: [LISTENER] } }), ME);
  const revision = control.state.revision + 1;
  await store.commit({
    revision: { revision, time: '2026-11-24T12:00:00.000Z', author: 'me', reason: undefined, diff: [] },
    changes: [{ kind: 'target', name: 'wallarm', before, after: { ...before, ...SELF } }],
    blobs: new Map(),
  });
  return opened.reopen();
}

test('a loop that is there already does not keep anybody from starting, nor from ending it', async (t) => {
  const { control } = await looping(t);
  t.regex(control.standing('m')[0]?.message ?? '', /itself listens/);
  const { warnings } = await control.patchMirror('m', { percent: 0 }, ME);
  t.true(warnings.some(({ message }) => message.includes('itself listens')));
  await control.stop('edge', ME);
  const another = control.putMirror('n', { fleet: 'edge', target: 'wallarm', percent: 0 }, ME);
  t.deepEqual(
    (await refusal(t, another)).issues.map(({ path }) => path),
    ['mirrors.n.target'],
  );
  await control.putTarget('wallarm', TARGET, ME);
  t.deepEqual(control.standing('m'), []);
});

test('a warning comes with each write that concerns it, and dry runs', async (t) => {
  const opened = await openControl(t);
  const { control } = opened;
  await furnish(opened);
  const config = fakeConfig({
    routes: ['a'],
    around: {
      hosts: [{ name: 'wallarm', path: 'routes[r]' }],
      origins: [{ host: 'wallarm', path: 'clusters[c]' }],
    },
  });
  await control.putMirror('second', { fleet: 'edge', target: 'wallarm', percent: 1 }, ME);
  for (const outcome of [
    await control.putConfig('edge', config, { ...ME, dryRun: true }),
    await control.putConfig('edge', config, ME),
    await control.putTarget('wallarm', { endpoints: [{ host: 'wallarm', port: 1 }] }, ME),
    await control.patchMirror('m', { percent: 6 }, ME),
    await control.putFleet('edge', { delivery: { watch: '1s' } }, ME),
  ])
    t.deepEqual(
      outcome.warnings.map(({ path }) => path),
      ['targets.wallarm.endpoints[0]', 'targets.wallarm.endpoints[0]'],
    );
  t.is(control.standing('m').length, 2);
});

test('percents find what was found before: a config is looked at once for a target', (t) => {
  const hosts = Array.from({ length: 1000 }, (_, index) => ({ name: `h${index}.example`, path: '' }));
  let reads = 0;
  const watched = <T extends object>(list: T): T =>
    new Proxy(list, {
      get(of, key, self) {
        reads += 1;
        return Reflect.get(of, key, self) as unknown;
      },
    });
  const edge = around({ hosts: watched(hosts) });
  const state = stateOf(watched([{ host: 'wallarm', port: 8445 }]));
  sightOf(state, ['edge'], () => edge);
  const once = reads;
  t.true(once >= 1000);
  sightOf(state, ['edge'], () => edge);
  t.is(reads, once);
});

test('what stands to be said of a mirror is of itself and its target, and goes when it is no longer so', async (t) => {
  const opened = await openControl(t);
  const { control } = opened;
  await control.putFleet('edge', {}, ME);
  await control.putTarget('wallarm', TARGET, ME);
  await control.putTarget('wallarm.b', { endpoints: [{ host: 'b.example', port: 8445 }] }, ME);
  for (const [name, target] of [
    ['m', 'wallarm'],
    ['m.b', 'wallarm.b'],
  ] as const)
    await control.putMirror(name, { fleet: 'edge', target, percent: 5 }, ME);
  t.deepEqual(control.standing('m'), [
    { path: 'mirrors.m.fleet', message: 'fleet "edge" has no config, so nothing is copied' },
  ]);
  t.is(control.standing('m.b')[0]?.path, 'mirrors.m.b.fleet');
  await control.putConfig(
    'edge',
    fakeConfig({ around: { origins: [{ host: 'b.example', path: 'c' }] } }),
    ME,
  );
  t.deepEqual(control.standing('m'), []);
  t.is(control.standing('m.b')[0]?.path, 'targets.wallarm.b.endpoints[0]');
  t.deepEqual(control.standing('none'), []);
});
