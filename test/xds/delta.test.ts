import test from 'ava';
import { CDS, EDS, LDS, RDS, RTDS, SDS, snapshotOf, startXds } from '../support/xds-server.ts';

const ONE = { [CDS]: { a: '1', b: '1' }, [LDS]: { l: '1' }, [RDS]: { r: '1', q: '1' } };

test('a client with nothing gets everything, then only what changed', async (t) => {
  const { owner, client } = await startXds(t);
  const snapshot = snapshotOf(ONE);
  owner.serve(snapshot);
  const one = client('delta');
  one.send({ type: CDS });
  const first = await one.expect(CDS);
  t.deepEqual(first.resources, { a: '1', b: '1' });
  t.is(first.versions['a'], snapshot.types.get(CDS)?.resources.get('a')?.version);
  one.ack(first);
  await one.fence();
  t.deepEqual(owner.events, ['opened edge-1', 'sent Cluster a,b', 'acked Cluster a,b']);
  owner.serve(snapshotOf({ ...ONE, [CDS]: { a: '1', b: '2', c: '1' } }));
  t.deepEqual((await one.expect(CDS)).resources, { b: '2', c: '1' });
});

test('a wildcard of nothing is answered with nothing, and updates come after it (xds bug 5)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf({}));
  const one = client('delta');
  one.send({ type: CDS });
  const first = await one.expect(CDS);
  t.deepEqual([first.resources, first.removed], [{}, []]);
  one.ack(first);
  await one.fence();
  owner.serve(snapshotOf({ [CDS]: { a: '1' } }));
  const second = await one.expect(CDS);
  t.deepEqual(second.resources, { a: '1' });
  one.ack(second);
  await one.fence();
  owner.serve(snapshotOf({ [CDS]: { a: '2' } }));
  t.deepEqual((await one.expect(CDS)).resources, { a: '2' });
});

test('updates follow an immediate answer for named types, too (xds bug 5)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf({ [SDS]: { cert: '1' } }));
  const one = client('delta');
  one.send({ type: SDS, subscribe: ['cert'] });
  one.ack(await one.expect(SDS));
  await one.fence();
  for (const content of ['2', '3', '4']) {
    owner.serve(snapshotOf({ [SDS]: { cert: content } }));
    const next = await one.expect(SDS);
    t.deepEqual(next.resources, { cert: content });
    one.ack(next);
    await one.fence();
  }
});

test('an unknown name is answered as removed and stays subscribed (xds bugs 6, 12)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('delta');
  one.send({ type: EDS, subscribe: ['a'] });
  const first = await one.expect(EDS);
  t.deepEqual([first.resources, first.removed], [{}, ['a']]);
  one.ack(first);
  one.send({ type: EDS, subscribe: ['b'] });
  const second = await one.expect(EDS);
  t.deepEqual([second.resources, second.removed], [{}, ['b']]);
  one.ack(second);
  await one.fence();
  owner.serve(snapshotOf({ ...ONE, [EDS]: { a: '1', b: '1' } }));
  t.deepEqual((await one.expect(EDS)).resources, { a: '1', b: '1' });
});

test('a resource that is removed and made again comes again (xds bug 6)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('delta');
  one.send({ type: RDS, subscribe: ['r'] });
  one.ack(await one.expect(RDS));
  await one.fence();
  owner.serve(snapshotOf({ ...ONE, [RDS]: { q: '1' } }));
  const gone = await one.expect(RDS);
  t.deepEqual([gone.resources, gone.removed], [{}, ['r']]);
  one.ack(gone);
  await one.fence();
  owner.serve(snapshotOf(ONE));
  t.deepEqual((await one.expect(RDS)).resources, { r: '1' });
});

test('a name asked for again is sent again, though its version is the same (xds bugs 7, 9)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('delta');
  one.send({ type: RDS, subscribe: ['r', 'q'] });
  one.ack(await one.expect(RDS));
  one.send({ type: RDS, unsubscribe: ['r'] });
  t.deepEqual(await one.fence(), []);
  one.send({ type: RDS, subscribe: ['r'] });
  const again = await one.expect(RDS);
  t.deepEqual(again.resources, { r: '1' });
  one.ack(again);
  // Without unsubscribing in between.
  one.send({ type: RDS, subscribe: ['q'] });
  t.deepEqual((await one.expect(RDS)).resources, { q: '1' });
});

test('what is not subscribed to is not sent', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('delta');
  one.send({ type: RDS, subscribe: ['r', 'q'] });
  one.ack(await one.expect(RDS), { unsubscribe: ['q'] });
  await one.fence();
  owner.serve(snapshotOf({ ...ONE, [RDS]: { q: '2', p: '1', r: '1' } }));
  t.deepEqual(await one.fence(), []);
  t.true(owner.has(RDS));
});

test('a client that connects again and has all is sent nothing, and counts as acknowledged', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const before = client('delta');
  before.send({ type: CDS });
  const clusters = await before.expect(CDS);
  before.ack(clusters);
  before.send({ type: RDS, subscribe: ['r'] });
  const routes = await before.expect(RDS);
  before.ack(routes);
  await before.fence();
  before.cancel();
  await owner.until(() => owner.streams.size === 0);

  // As after a restart: the same content, made anew.
  owner.serve(snapshotOf(ONE));
  const again = client('delta');
  again.send({ type: CDS, initial: clusters.versions });
  again.send({ type: RDS, subscribe: ['r'], initial: routes.versions });
  const mark = owner.events.length;
  t.deepEqual(await again.fence(), []);
  t.deepEqual(owner.events.slice(mark), [
    'opened edge-1',
    'acked Cluster a,b',
    'acked RouteConfiguration q,r',
  ]);
  // Updates come all the same (xds bug 5).
  owner.serve(snapshotOf({ ...ONE, [CDS]: { a: '2', b: '1' } }));
  t.deepEqual((await again.expect(CDS)).resources, { a: '2' });
});

test('a client that connects again is told of what changed and what is gone (xds bug 8)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('delta');
  one.send({ type: CDS, initial: { a: 'old', gone: 'x' } });
  const changed = await one.expect(CDS);
  t.deepEqual([changed.resources, changed.removed], [{ a: '1', b: '1' }, []]);
  one.ack(changed);
  const removed = await one.expect(CDS);
  t.deepEqual([removed.resources, removed.removed], [{}, ['gone']]);
  one.ack(removed);
  await one.fence();
  t.true(owner.has(CDS));
});

test('names that a client lists without having them are answered at once (xds bug 9)', async (t) => {
  const { owner, client } = await startXds(t);
  const snapshot = snapshotOf(ONE);
  owner.serve(snapshot);
  const r = snapshot.types.get(RDS)?.resources.get('r')?.version ?? '';
  const one = client('delta');
  one.send({ type: RDS, subscribe: ['r', 'q', 'unknown'], initial: { r } });
  const answer = await one.expect(RDS);
  t.deepEqual([answer.resources, answer.removed], [{ q: '1' }, ['unknown']]);
});

test('a reconnecting client keeps what it has until the clusters of its new routes are acknowledged', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf({ [CDS]: { a: '2' }, [RDS]: { r: '2', n: '1' } }));
  const one = client('delta');
  one.send({ type: CDS, initial: { a: 'old' } });
  one.send({ type: RDS, subscribe: ['r', 'n'], initial: { r: 'old' } });
  const clusters = await one.expect(CDS);
  const early = await one.expect(RDS);
  // It waits for the route it does not have; the one it has can wait.
  t.deepEqual(early.resources, { n: '1' });
  one.ack(early);
  t.deepEqual(await one.fence(), []);
  one.ack(clusters);
  t.deepEqual((await one.expect(RDS)).resources, { r: '2' });
});

test('what was rejected is not sent again until its content changes; then it is, at once (xds bug 1)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('delta');
  one.send({ type: CDS });
  one.ack(await one.expect(CDS));
  await one.fence();
  const bad = { ...ONE, [CDS]: { a: 'bad', b: '1' } };
  owner.serve(snapshotOf(bad));
  one.nack(await one.expect(CDS), 'malformed');
  t.deepEqual(await one.fence(), []);
  owner.serve(snapshotOf(bad));
  t.deepEqual(await one.fence(), []);
  t.is(owner.events.at(-1), 'rejected Cluster a,b: malformed');
  owner.serve(snapshotOf({ ...ONE, [CDS]: { a: 'good', b: '1' } }));
  const good = await one.expect(CDS);
  t.deepEqual(good.resources, { a: 'good' });
  one.ack(good);
  t.deepEqual(await one.fence(), []);
  t.true(owner.has(CDS));
});

test('a return after a rejection repairs what the client may have taken of it', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('delta');
  one.send({ type: CDS });
  one.ack(await one.expect(CDS));
  await one.fence();
  owner.serve(snapshotOf({ ...ONE, [CDS]: { a: '2', b: '1', bad: '1' } }));
  one.nack(await one.expect(CDS), 'bad is malformed');
  await one.fence();
  owner.serve(snapshotOf(ONE));
  const back = await one.expect(CDS);
  t.deepEqual(back.resources, { a: '1' });
  one.ack(back);
  const removal = await one.expect(CDS);
  t.deepEqual(removal.removed, ['bad']);
  one.ack(removal);
  await one.fence();
  t.true(owner.has(CDS));
});

test('what was asked for in a rejected response is sent again with the next', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf({ [RDS]: { r: '1', good: '1', bad: '1' } }));
  const one = client('delta');
  one.send({ type: RDS, subscribe: ['r'] });
  one.ack(await one.expect(RDS));
  one.send({ type: RDS, subscribe: ['good', 'bad'] });
  one.nack(await one.expect(RDS), 'bad is bad');
  t.deepEqual(await one.fence(), []);
  owner.serve(snapshotOf({ [RDS]: { r: '1', good: '1', bad: '2' } }));
  t.deepEqual((await one.expect(RDS)).resources, { good: '1', bad: '2' });
});

test('a stale nonce acknowledges nothing, but its subscriptions count (xds bug 3)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('delta');
  one.send({ type: RDS, subscribe: ['r'] });
  const first = await one.expect(RDS);
  one.ack(first);
  await one.fence();
  owner.serve(snapshotOf({ ...ONE, [RDS]: { r: '2', q: '2' } }));
  const second = await one.expect(RDS);
  one.ack(first, { subscribe: ['q'] });
  one.nack(first, 'late');
  t.deepEqual(await one.fence(), []);
  t.is(owner.events.at(-1), 'sent RouteConfiguration q,r');
  one.ack(second);
  t.deepEqual((await one.expect(RDS)).resources, { q: '2' });
  t.true(owner.has(RDS));
});

test('`*` and names: dropping a name keeps everything, dropping `*` keeps the name (xds bug 21)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf({ [CDS]: { a: '1', b: '1' } }));
  const one = client('delta');
  one.send({ type: CDS, subscribe: ['*', 'a'] });
  const all = await one.expect(CDS);
  t.deepEqual(all.resources, { a: '1', b: '1' });
  // The client may have dropped it with the name.
  one.ack(all, { unsubscribe: ['a'] });
  const again = await one.expect(CDS);
  t.deepEqual(again.resources, { a: '1' });
  one.ack(again, { subscribe: ['b'] });
  one.ack(await one.expect(CDS), { unsubscribe: ['*'] });
  await one.fence();
  owner.serve(snapshotOf({ [CDS]: { a: '2', b: '2' } }));
  const named = await one.expect(CDS);
  t.deepEqual(named.resources, { b: '2' });
  one.ack(named, { subscribe: ['*'] });
  t.deepEqual((await one.expect(CDS)).resources, { a: '2' });
});

test('one response of a type is unacknowledged at a time, and the latest wins (xds bug 16)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf({ [RTDS]: { layer: '1' } }));
  const one = client('delta');
  one.send({ type: RTDS, subscribe: ['layer'] });
  const first = await one.expect(RTDS);
  owner.serve(snapshotOf({ [RTDS]: { layer: '2' } }));
  owner.serve(snapshotOf({ [RTDS]: { layer: '3' } }));
  t.deepEqual(await one.fence(), []);
  one.ack(first);
  t.deepEqual((await one.expect(RTDS)).resources, { layer: '3' });
});

test('an independent resource that is gone is removed at once', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf({ [CDS]: { a: '1' }, [RTDS]: { layer: '1', own: '1' } }));
  const one = client('delta');
  one.send({ type: RTDS, subscribe: ['layer', 'own'] });
  one.ack(await one.expect(RTDS));
  one.send({ type: CDS });
  await one.expect(CDS);
  await one.fence();
  owner.serve(snapshotOf({ [CDS]: { a: '2' }, [RTDS]: { layer: '1' } }));
  const gone = await one.expect(RTDS);
  t.deepEqual([gone.resources, gone.removed], [{}, ['own']]);
  one.ack(gone);
  await one.fence();
  t.true(owner.has(RTDS));
});

test('endpoints are sent again after their cluster changed, though they did not (xds bug 10)', async (t) => {
  const { owner, client } = await startXds(t);
  const endpoints = { [EDS]: { a: '1', b: '1' } };
  owner.serve(snapshotOf({ [CDS]: { a: 'eds 1', b: 'eds 1' }, ...endpoints }));
  const one = client('delta');
  one.send({ type: CDS });
  one.ack(await one.expect(CDS));
  one.send({ type: EDS, subscribe: ['a', 'b'] });
  one.ack(await one.expect(EDS));
  await one.fence();
  owner.serve(snapshotOf({ [CDS]: { a: 'eds 2', b: 'eds 1' }, ...endpoints }));
  one.ack(await one.expect(CDS));
  const again = await one.expect(EDS);
  t.deepEqual(again.resources, { a: '1' });
  one.ack(again);
  t.deepEqual(await one.fence(), []);
});

test('after a rejection, endpoints of the clusters that were taken are sent again all the same (xds bugs 10, 13)', async (t) => {
  const { owner, client } = await startXds(t);
  const endpoints = { [EDS]: { a: '1' } };
  owner.serve(snapshotOf({ [CDS]: { a: 'eds 1' }, ...endpoints }));
  const one = client('delta');
  one.send({ type: CDS });
  one.ack(await one.expect(CDS));
  one.send({ type: EDS, subscribe: ['a'] });
  one.ack(await one.expect(EDS));
  await one.fence();
  owner.serve(snapshotOf({ [CDS]: { a: 'eds 2', bad: '1' }, ...endpoints }));
  one.nack(await one.expect(CDS), 'bad is malformed');
  t.deepEqual((await one.expect(EDS)).resources, { a: '1' });
});

test('a client that connects again gets the endpoints of a changed cluster, though it has them (xds bugs 10, 11)', async (t) => {
  const { owner, client } = await startXds(t);
  const snapshot = snapshotOf({ [CDS]: { a: 'eds 2', b: 'eds 1' }, [EDS]: { a: '1', b: '1' } });
  owner.serve(snapshot);
  const version = (type: string, name: string): string =>
    snapshot.types.get(type)?.resources.get(name)?.version ?? '';
  const one = client('delta');
  one.send({ type: CDS, initial: { a: 'old', b: version(CDS, 'b') } });
  one.send({
    type: EDS,
    subscribe: ['a', 'b', 'gone'],
    initial: { a: version(EDS, 'a'), b: version(EDS, 'b') },
  });
  const clusters = await one.expect(CDS);
  t.deepEqual(clusters.resources, { a: 'eds 2' });
  const waited = await one.expect(EDS);
  t.deepEqual([waited.resources, waited.removed], [{ a: '1' }, ['gone']]);
});
