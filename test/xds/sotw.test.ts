import test from 'ava';
import { CDS, EDS, LDS, RDS, RTDS, snapshotOf, startXds } from '../support/xds-server.ts';

const ONE = { [CDS]: { a: '1' }, [LDS]: { l: '1' }, [RDS]: { r: '1', q: '1' } };

test('the first request of a type is always answered, whatever version and nonce it brings', async (t) => {
  const { owner, client } = await startXds(t);
  const snapshot = snapshotOf(ONE);
  owner.serve(snapshot);
  const version = snapshot.types.get(CDS)?.version ?? '';
  const first = client('sotw');
  first.send({ type: CDS, version, nonce: 'of a former life' });
  const answer = await first.expect(CDS);
  t.deepEqual(answer.resources, { a: '1' });
  t.is(answer.version, version);
  // It was no acknowledgement.
  t.deepEqual(owner.events, ['opened edge-1', 'sent Cluster a']);
  first.ack(answer);
  t.deepEqual(await first.fence(), []);
  t.deepEqual(owner.events.slice(2), ['acked Cluster a']);
});

test('without a snapshot nothing is answered, and what was asked is answered when there is one', async (t) => {
  const { owner, client } = await startXds(t);
  const one = client('sotw');
  one.send({ type: CDS });
  one.send({ type: RDS, names: ['r'] });
  one.send({ type: RDS, names: ['r', 'q'] });
  await owner.until(() => [...owner.streams].some((stream) => stream.subscriptions().get(RDS)?.has('q')));
  owner.serve(snapshotOf(ONE));
  t.deepEqual((await one.expect(CDS)).resources, { a: '1' });
  t.deepEqual((await one.expect(RDS)).resources, { r: '1', q: '1' });
});

test('a snapshot that is taken away takes nothing from the client', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('sotw');
  one.send({ type: CDS });
  one.ack(await one.expect(CDS));
  await one.fence();
  owner.serve(undefined);
  owner.serve(snapshotOf(ONE));
  t.deepEqual(await one.fence(), []);
});

test('a rejection is told by error_detail alone: an old version without it acknowledges (xds bug 2)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('sotw');
  one.send({ type: CDS });
  const first = await one.expect(CDS);
  one.send({ type: CDS, nonce: first.nonce, version: '' });
  await one.fence();
  t.is(owner.events.at(-1), 'acked Cluster a');
  owner.serve(snapshotOf({ ...ONE, [CDS]: { a: '2' } }));
  const second = await one.expect(CDS);
  one.send({ type: CDS, nonce: second.nonce, version: second.version, error: 'no' });
  await one.fence();
  t.is(owner.events.at(-1), 'rejected Cluster a: no');
});

test('what was rejected is not sent again until its content changes; then it is, at once (xds bug 1)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('sotw');
  one.send({ type: CDS });
  one.ack(await one.expect(CDS));
  owner.serve(snapshotOf({ ...ONE, [CDS]: { a: 'bad' } }));
  one.nack(await one.expect(CDS), 'malformed');
  t.deepEqual(await one.fence(), []);
  // The same content, made anew.
  owner.serve(snapshotOf({ ...ONE, [CDS]: { a: 'bad' } }));
  t.deepEqual(await one.fence(), []);
  t.is(owner.events.at(-1), 'rejected Cluster a: malformed');
  owner.serve(snapshotOf({ ...ONE, [CDS]: { a: 'good' } }));
  one.ack(await one.expect(CDS));
  t.deepEqual(await one.fence(), []);
  t.true(owner.has(CDS));
});

test('a return to what was accepted before a rejection is sent: some of the rejected may be in force', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('sotw');
  one.send({ type: CDS });
  one.ack(await one.expect(CDS));
  owner.serve(snapshotOf({ ...ONE, [CDS]: { a: '1', b: 'bad', c: '1' } }));
  one.nack(await one.expect(CDS), 'b is malformed');
  await one.fence();
  owner.serve(snapshotOf(ONE));
  t.deepEqual((await one.expect(CDS)).resources, { a: '1' });
});

test('a stale nonce neither completes nor rolls back (xds bug 3)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('sotw');
  one.send({ type: CDS });
  const first = await one.expect(CDS);
  one.ack(first);
  await one.fence();
  owner.serve(snapshotOf({ ...ONE, [CDS]: { a: '2' } }));
  const second = await one.expect(CDS);
  one.ack(first);
  one.nack(first, 'late');
  t.deepEqual(await one.fence(), []);
  t.is(owner.events.at(-1), 'sent Cluster a');
  one.ack(second);
  await one.fence();
  t.true(owner.has(CDS));
});

test('names in a request with a stale nonce count when the latest response is answered', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('sotw');
  one.send({ type: RDS, names: ['r'] });
  const first = await one.expect(RDS);
  one.ack(first, { names: ['r'] });
  await one.fence();
  owner.serve(snapshotOf({ ...ONE, [RDS]: { r: '2', q: '2' } }));
  const second = await one.expect(RDS);
  t.deepEqual(second.resources, { r: '2' });
  one.send({ type: RDS, nonce: first.nonce, names: ['r', 'q'] });
  t.deepEqual(await one.fence(), []);
  one.ack(second, { names: ['r', 'q'] });
  t.deepEqual((await one.expect(RDS)).resources, { r: '2', q: '2' });
});

test('a name that is added is answered with all names; one that is dropped is not answered', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('sotw');
  one.send({ type: RDS, names: ['r'] });
  const first = await one.expect(RDS);
  t.deepEqual(first.resources, { r: '1' });
  one.ack(first, { names: ['r'] });
  one.send({ type: RDS, nonce: first.nonce, names: ['r', 'q'] });
  const both = await one.expect(RDS);
  t.deepEqual(both.resources, { r: '1', q: '1' });
  t.not(both.version, first.version);
  one.ack(both, { names: ['r', 'q'] });
  one.send({ type: RDS, nonce: both.nonce, names: ['r'] });
  t.deepEqual(await one.fence(), []);
  // Dropped and asked for again: the client has forgotten it (xds bug 7).
  one.send({ type: RDS, nonce: both.nonce, names: ['r', 'q'] });
  t.deepEqual((await one.expect(RDS)).resources, { r: '1', q: '1' });
});

test('names without resources are answered with those there are, and kept (xds bugs 6, 12, 14)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf({ [EDS]: { a: '1' } }));
  const one = client('sotw');
  one.send({ type: EDS, names: ['a', 'later'] });
  const first = await one.expect(EDS);
  t.deepEqual(first.resources, { a: '1' });
  one.ack(first, { names: ['a', 'later'] });
  owner.serve(snapshotOf({ [EDS]: { a: '1', later: '1' } }));
  t.deepEqual((await one.expect(EDS)).resources, { a: '1', later: '1' });
});

test('a change of what a client did not ask for is acknowledged without a response', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('sotw');
  one.send({ type: RDS, names: ['r'] });
  one.ack(await one.expect(RDS), { names: ['r'] });
  await one.fence();
  owner.serve(snapshotOf({ ...ONE, [RDS]: { r: '1', q: '2', p: '1' } }));
  t.deepEqual(await one.fence(), []);
  t.true(owner.has(RDS));
});

test('no names at first ask for everything, and for nothing once names were given', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf({ [CDS]: { a: '1', b: '1' } }));
  const one = client('sotw');
  one.send({ type: CDS, names: [] });
  const all = await one.expect(CDS);
  t.deepEqual(all.resources, { a: '1', b: '1' });
  one.ack(all, { names: [] });
  one.send({ type: CDS, nonce: all.nonce, names: ['a'] });
  const named = await one.expect(CDS);
  t.deepEqual(named.resources, { a: '1' });
  one.ack(named, { names: [] });
  await one.fence();
  owner.serve(snapshotOf({ [CDS]: { a: '2', b: '2' } }));
  t.deepEqual(await one.fence(), []);
});

test('`*` and names: dropping a name keeps everything, dropping `*` keeps the name (xds bug 21)', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf({ [CDS]: { a: '1', b: '1' } }));
  const one = client('sotw');
  one.send({ type: CDS, names: ['*', 'a'] });
  const all = await one.expect(CDS);
  t.deepEqual(all.resources, { a: '1', b: '1' });
  one.ack(all, { names: ['*'] });
  await one.fence();
  owner.serve(snapshotOf({ [CDS]: { a: '2', b: '2' } }));
  const second = await one.expect(CDS);
  t.deepEqual(second.resources, { a: '2', b: '2' });
  one.ack(second, { names: ['*', 'a'] });
  const asked = await one.expect(CDS);
  one.ack(asked, { names: ['a'] });
  await one.fence();
  owner.serve(snapshotOf({ [CDS]: { a: '3', b: '3' } }));
  t.deepEqual((await one.expect(CDS)).resources, { a: '3' });
});

test('one response of a type is unacknowledged at a time, and the latest wins (xds bug 16)', async (t) => {
  const { owner, client } = await startXds(t);
  const at = (percent: string): ReturnType<typeof snapshotOf> => snapshotOf({ [RTDS]: { layer: percent } });
  owner.serve(at('1'));
  const one = client('sotw');
  one.send({ type: RTDS, names: ['layer'] });
  const first = await one.expect(RTDS);
  owner.serve(at('2'));
  owner.serve(at('3'));
  t.deepEqual(await one.fence(), []);
  one.ack(first, { names: ['layer'] });
  const second = await one.expect(RTDS);
  t.deepEqual(second.resources, { layer: '3' });
  one.ack(second, { names: ['layer'] });
  t.deepEqual(await one.fence(), []);
});

test('a nonce never comes twice running, even for the same content', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('sotw');
  one.send({ type: RDS, names: ['r'] });
  let last = await one.expect(RDS);
  for (const names of [['r', 'q'], ['r'], ['r', 'q'], ['q'], ['q', 'r']]) {
    one.send({ type: RDS, nonce: last.nonce, names });
    const [next] = await one.fence();
    if (next === undefined) continue;
    t.not(next.nonce, last.nonce);
    last = next;
  }
  // Its answers are told apart all the same.
  one.ack(last, { names: ['q', 'r'] });
  await one.fence();
  t.true(owner.has(RDS));
});

test('endpoints are sent again after their cluster changed, though they did not (xds bug 10)', async (t) => {
  const { owner, client } = await startXds(t);
  const endpoints = { [EDS]: { a: '1', b: '1' } };
  owner.serve(snapshotOf({ [CDS]: { a: 'eds 1', b: 'eds 1' }, ...endpoints }));
  const one = client('sotw');
  one.send({ type: CDS });
  one.ack(await one.expect(CDS));
  one.send({ type: EDS, names: ['a', 'b'] });
  one.ack(await one.expect(EDS), { names: ['a', 'b'] });
  await one.fence();
  owner.serve(snapshotOf({ [CDS]: { a: 'eds 2', b: 'eds 1' }, ...endpoints }));
  const clusters = await one.expect(CDS);
  // Envoy answers for a changed cluster when it is warm, and it is warm when its endpoints have come again.
  t.deepEqual((await one.expect(EDS)).resources, { a: '1', b: '1' });
  one.ack(clusters);
  t.deepEqual(await one.fence(), []);
});
