import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import type { Control } from '../../../src/control/control.ts';
import { ControlError } from '../../../src/control/types.ts';
import { EMPTY_STATE, KINDS, applyChanges } from '../../../src/model/state.ts';
import type { State } from '../../../src/model/state.ts';
import { ME, fakeConfig, openControl } from '../../support/open-control.ts';

type Write = (control: Control) => Promise<{ changes: Parameters<typeof applyChanges>[2]; revision: number }>;

const fleet = fc.constantFrom('f1', 'f2');
const target = fc.constantFrom('t1', 't2');
const mirror = fc.constantFrom('m1', 'm2', 'm3');
const route = fc.constantFrom('a', 'b');
const percent = fc.constantFrom(0, 0.5, 33.3333, 100);
const routes = fc.option(
  route.map((name) => [{ route: name }]),
  { nil: undefined },
);

/** Writes on few names, so that they meet; many are refused, which is part of it. */
const write: fc.Arbitrary<Write> = fc.oneof(
  fc.tuple(fleet, fleet).map(
    ([name, nodeCluster]): Write =>
      (control) =>
        control.putFleet(name, { nodeCluster }, ME),
  ),
  fc
    .tuple(fleet, fc.subarray(['a', 'b']), fc.option(mirror), target)
    .map(([name, list, policy, to]): Write => (control) => {
      const policies = policy === null ? [] : [{ name: policy, target: to, host: `${to}.${name}` }];
      return control.putConfig(name, fakeConfig({ routes: list, policies }), ME);
    }),
  fc.tuple(target, fc.nat({ max: 2 })).map(
    ([name, n]): Write =>
      (control) =>
        control.putTarget(name, { endpoints: [{ host: `h${n}`, port: 1 }] }, ME),
  ),
  fc.tuple(mirror, fleet, target, percent, routes).map(
    ([name, of, to, share, on]): Write =>
      (control) =>
        control.putMirror(name, { fleet: of, target: to, percent: share, ...(on && { routes: on }) }, ME),
  ),
  fc.tuple(mirror, percent).map(
    ([name, share]): Write =>
      (control) =>
        control.patchMirror(name, { percent: share }, ME),
  ),
  fc.oneof(
    fleet.map(
      (name): Write =>
        (control) =>
          control.remove('fleet', name, ME),
    ),
    target.map(
      (name): Write =>
        (control) =>
          control.remove('target', name, ME),
    ),
    mirror.map(
      (name): Write =>
        (control) =>
          control.remove('mirror', name, ME),
    ),
  ),
  fc.nat({ max: 12 }).map(
    (n): Write =>
      (control) =>
        control.restore(Math.max(1, control.state.revision - n), ME),
  ),
);

function danglingIn({ fleet: fleets, config, target: targets, mirror: mirrors }: State): string[] {
  const clusters = [...fleets.values()].map(({ value }) => value.nodeCluster);
  return [
    ...[...config.keys()].filter((name) => !fleets.has(name)),
    ...[...mirrors.values()].filter(({ value }) => !fleets.has(value.fleet)).map(({ value }) => value.name),
    ...[...mirrors.values()].filter(({ value }) => !targets.has(value.target)).map(({ value }) => value.name),
    ...clusters.filter((name, index) => clusters.indexOf(name) !== index),
  ];
}

function values(state: State): unknown {
  return KINDS.map((kind) => Object.fromEntries([...state[kind]].sort(([a], [b]) => (a < b ? -1 : 1))));
}

test('whatever is written, references hold, what is pushed compiles, and the store tells the same story', async (t) => {
  t.timeout(120_000);
  let accepted = 0;
  let refused = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(write, { minLength: 10, maxLength: 40 }), async (writes) => {
      const open = await openControl(t);
      const { control, store, published } = open;
      const states = [EMPTY_STATE];
      for (const one of writes) {
        const before = control.state;
        try {
          const { changes, revision } = await one(control);
          accepted++;
          if (changes.length === 0) t.is(control.state, before);
          else states.push(applyChanges(before, revision, changes));
          t.deepEqual(control.state, states.at(-1));
        } catch (error) {
          if (!(error instanceof ControlError)) throw error;
          refused++;
          t.is(control.state, before);
        }
        t.deepEqual(danglingIn(control.state), []);
        for (const name of control.state.fleet.keys()) {
          const mirrors = [...control.state.mirror.values()].filter(({ value }) => value.fleet === name);
          const pushed = control.compiled(name)?.resources()['mirrors'];
          t.is(pushed?.length, control.state.config.has(name) ? mirrors.length : undefined);
        }
      }
      t.deepEqual(
        published.map(({ revision }) => revision.revision),
        states.slice(1).map(({ revision }) => revision),
      );
      for (const state of states.slice(1)) {
        const stored = await store.stateAt(state.revision);
        t.true(
          stored !== undefined && isDeepStrictEqual(values(stored), values(state)),
          `revision ${state.revision}`,
        );
      }
      const { control: reopened, store: last } = await open.reopen();
      t.deepEqual(values(reopened.state), values(control.state));
      await last.close();
    }),
    { numRuns: 40 },
  );
  t.log(`${accepted} writes accepted, ${refused} refused`);
  t.true(accepted > 100 && refused > 100);
});
