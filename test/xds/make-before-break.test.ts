import test from 'ava';
import type { XdsClient } from '../support/xds-client.ts';
import { CDS, type Contents, EDS, LDS, RDS, RTDS, SDS, snapshotOf, startXds } from '../support/xds-server.ts';

const BEFORE: Contents = {
  [CDS]: { old: '1' },
  [EDS]: { e: '1' },
  [LDS]: { l: '1' },
  [RDS]: { r: 'to old' },
};
const AFTER: Contents = { [CDS]: { new: '1' }, [EDS]: { e: '2' }, [LDS]: { l: '2' }, [RDS]: { r: 'to new' } };

/** Takes all there is, as Envoy asks for it. */
async function start(one: XdsClient): Promise<void> {
  for (const [type, names] of [
    [CDS, []],
    [EDS, ['e']],
    [LDS, []],
    [RDS, ['r']],
  ] as const) {
    one.send({ type, names, subscribe: names });
    one.ack(await one.expect(type), { names });
  }
  await one.fence();
}

for (const protocol of ['sotw', 'delta'] as const) {
  const sotw = protocol === 'sotw';

  test(`${protocol}: each type waits for the one before to be acknowledged, removals come last (xds bugs 15, 18)`, async (t) => {
    const { owner, client } = await startXds(t);
    owner.serve(snapshotOf(BEFORE));
    const one = client(protocol);
    await start(one);
    owner.serve(snapshotOf(AFTER));

    const clusters = await one.expect(CDS);
    t.deepEqual(clusters.resources, sotw ? { old: '1', new: '1' } : { new: '1' });
    t.deepEqual([clusters.removed, await one.fence()], [[], []]);
    one.ack(clusters);
    const endpoints = await one.expect(EDS);
    t.deepEqual([endpoints.resources, await one.fence()], [{ e: '2' }, []]);
    one.ack(endpoints, { names: ['e'] });
    const listeners = await one.expect(LDS);
    t.deepEqual([listeners.resources, await one.fence()], [{ l: '2' }, []]);
    one.ack(listeners);
    const routes = await one.expect(RDS);
    t.deepEqual([routes.resources, await one.fence()], [{ r: 'to new' }, []]);
    t.false(owner.has(CDS));
    one.ack(routes, { names: ['r'] });
    const last = await one.expect(CDS);
    t.deepEqual([last.resources, last.removed], sotw ? [{ new: '1' }, []] : [{}, ['old']]);
    one.ack(last);
    t.deepEqual(await one.fence(), []);
    t.true([CDS, EDS, LDS, RDS].every((type) => owner.has(type)));
  });

  test(`${protocol}: a listener is removed with its update: the next one may need its address`, async (t) => {
    const { owner, client } = await startXds(t);
    owner.serve(snapshotOf({ [LDS]: { a: ':80' } }));
    const one = client(protocol);
    one.send({ type: LDS });
    one.ack(await one.expect(LDS));
    await one.fence();
    owner.serve(snapshotOf({ [LDS]: { b: ':80' } }));
    const next = await one.expect(LDS);
    t.deepEqual([next.resources, next.removed], [{ b: ':80' }, sotw ? [] : ['a']]);
  });

  test(`${protocol}: a secret goes after what named it (xds bug 19)`, async (t) => {
    const { owner, client } = await startXds(t);
    owner.serve(snapshotOf({ [SDS]: { cert: '1' }, [LDS]: { l: 'cert' } }));
    const one = client(protocol);
    one.send({ type: SDS, names: ['cert'], subscribe: ['cert'] });
    one.ack(await one.expect(SDS), { names: ['cert'] });
    one.send({ type: LDS });
    one.ack(await one.expect(LDS));
    await one.fence();
    owner.serve(snapshotOf({ [LDS]: { l: 'plain' } }));
    const listeners = await one.expect(LDS);
    t.deepEqual(await one.fence(), []);
    one.ack(listeners);
    const rest = await one.fence();
    t.deepEqual(
      rest.map(({ typeUrl, removed }) => [typeUrl, removed]),
      sotw ? [] : [[SDS, ['cert']]],
    );
  });

  test(`${protocol}: what the client asks for anew is answered at once, with what it has of the rest unchanged`, async (t) => {
    const { owner, client } = await startXds(t);
    owner.serve(snapshotOf({ ...BEFORE, [RDS]: { r: 'to old', s: 'to old' } }));
    const one = client(protocol);
    await start(one);
    owner.serve(
      snapshotOf({ ...AFTER, [EDS]: BEFORE[EDS] ?? {}, [RDS]: { r: 'to new', s: 'to new', n: 'to new' } }),
    );
    const clusters = await one.expect(CDS);
    const names = ['r', 's', 'n'];
    one.send({ type: RDS, names, subscribe: ['s', 'n'] });
    const answer = await one.expect(RDS);
    t.deepEqual(answer.resources, {
      ...(sotw && { r: 'to old' }),
      s: 'to old',
      n: 'to new',
    });
    one.ack(answer, { names });
    t.deepEqual(await one.fence(), []);
    one.ack(clusters);
    one.ack(await one.expect(LDS));
    const routes = await one.expect(RDS);
    t.deepEqual(routes.resources, { r: 'to new', s: 'to new', ...(sotw && { n: 'to new' }) });
  });

  test(`${protocol}: a route rejected because its cluster was not there yet is sent again after the cluster`, async (t) => {
    const { owner, client } = await startXds(t);
    owner.serve(snapshotOf({ [CDS]: { old: '1' }, [RDS]: {} }));
    const one = client(protocol);
    one.send({ type: CDS });
    one.ack(await one.expect(CDS));
    await one.fence();
    owner.serve(snapshotOf({ [CDS]: { old: '1', new: '1' }, [RDS]: { r: 'to new' } }));
    const clusters = await one.expect(CDS);
    one.send({ type: RDS, names: ['r'], subscribe: ['r'] });
    one.nack(await one.expect(RDS), "unknown cluster 'new'", { names: ['r'] });
    t.deepEqual(await one.fence(), []);
    one.ack(clusters);
    const again = await one.expect(RDS);
    t.deepEqual(again.resources, { r: 'to new' });
    one.ack(again, { names: ['r'] });
    await one.fence();
    t.true(owner.has(RDS));
  });

  test(`${protocol}: after a rejection, what changed with it is held; what is new goes at once (xds bugs 12, 13)`, async (t) => {
    const { owner, client } = await startXds(t);
    owner.serve(snapshotOf(BEFORE));
    const one = client(protocol);
    await start(one);
    const bad: Contents = { ...BEFORE, [CDS]: { old: '1', new: 'bad' }, [RDS]: { r: 'to new' } };
    owner.serve(snapshotOf(bad));
    one.nack(await one.expect(CDS), 'malformed');
    t.deepEqual(await one.fence(), []);
    // Another change, which has nothing to do with it: endpoints that moved, and a percent.
    owner.serve(snapshotOf({ ...bad, [EDS]: { e: 'moved' }, [RTDS]: { layer: '1' } }));
    const endpoints = await one.expect(EDS);
    t.deepEqual(endpoints.resources, { e: 'moved' });
    one.ack(endpoints, { names: ['e'] });
    t.deepEqual(await one.fence(), []);
    // The operator takes the cluster out of the routes.
    owner.serve(snapshotOf({ ...bad, [EDS]: { e: 'moved' }, [RDS]: { r: 'to old, too' } }));
    const routes = await one.expect(RDS);
    t.deepEqual(routes.resources, { r: 'to old, too' });
    one.ack(routes, { names: ['r'] });
    owner.serve(snapshotOf({ ...bad, [CDS]: { old: '1', new: 'good' }, [EDS]: { e: 'moved' } }));
    one.ack(await one.expect(CDS));
    const back = await one.expect(RDS);
    t.deepEqual(back.resources, { r: 'to new' });
    one.ack(back, { names: ['r'] });
    await one.fence();
    t.true([CDS, EDS, LDS, RDS].every((type) => owner.has(type)));
  });

  test(`${protocol}: a percent goes at once, whatever else is under way`, async (t) => {
    const { owner, client } = await startXds(t);
    owner.serve(snapshotOf({ ...BEFORE, [RTDS]: { layer: '1' } }));
    const one = client(protocol);
    one.send({ type: RTDS, names: ['layer'], subscribe: ['layer'] });
    one.ack(await one.expect(RTDS), { names: ['layer'] });
    await start(one);
    owner.serve(snapshotOf({ ...AFTER, [RTDS]: { layer: '2' } }));
    const [runtime, clusters, ...rest] = await one.fence();
    t.deepEqual([runtime?.typeUrl, runtime?.resources], [RTDS, { layer: '2' }]);
    t.deepEqual([clusters?.typeUrl, rest], [CDS, []]);
  });

  test(`${protocol}: a change on top of one under way loses nothing that is in use`, async (t) => {
    const { owner, client } = await startXds(t);
    owner.serve(snapshotOf(BEFORE));
    const one = client(protocol);
    await start(one);
    owner.serve(snapshotOf({ ...BEFORE, [CDS]: { mid: '1' }, [RDS]: { r: 'to mid' } }));
    const mid = await one.expect(CDS);
    owner.serve(snapshotOf({ ...BEFORE, [CDS]: { new: '1' }, [RDS]: { r: 'to new' } }));
    one.ack(mid);
    const clusters = await one.expect(CDS);
    t.deepEqual(clusters.resources, sotw ? { old: '1', mid: '1', new: '1' } : { new: '1' });
    t.deepEqual(clusters.removed, []);
    one.ack(clusters);
    const routes = await one.expect(RDS);
    t.deepEqual(routes.resources, { r: 'to new' });
    one.ack(routes, { names: ['r'] });
    const last = await one.expect(CDS);
    t.deepEqual([last.resources, [...last.removed].sort()], sotw ? [{ new: '1' }, []] : [{}, ['mid', 'old']]);
  });
}
