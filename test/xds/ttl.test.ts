import test from 'ava';
import type { Received, XdsClient } from '../support/xds-client.ts';
import { CDS, RTDS, snapshotOf, startXds, typeOf } from '../support/xds-server.ts';
import { VirtualTimers } from '../support/virtual-timers.ts';

/** Longer than between two looks of the server, and less than a third of the shortest time here. */
const LOOK = 600;
const NAMES = ['on', 'lasting'];

class Timers extends VirtualTimers {
  /** Calls that are to come. */
  waiting = 0;

  override after(ms: number, call: () => void): () => void {
    this.waiting += 1;
    const callOff = super.after(ms, () => {
      this.waiting -= 1;
      call();
    });
    return () => {
      this.waiting -= 1;
      callOff();
    };
  }
}

async function start(t: Parameters<typeof startXds>[0]) {
  const timers = new Timers();
  const rig = await startXds(t, { timers });
  return { ...rig, timers };
}

async function take(one: XdsClient, type = RTDS, names: readonly string[] = NAMES): Promise<Received> {
  one.send({ type, names, subscribe: names });
  const response = await one.expect(type);
  one.ack(response, { names });
  await one.fence();
  return response;
}

for (const protocol of ['sotw', 'delta'] as const) {
  const sotw = protocol === 'sotw';

  /** Acknowledges one heartbeat; the client then has been told everything. */
  const beat = async (one: XdsClient): Promise<Received> => {
    const [response, ...more] = await one.fence();
    if (response === undefined || more.length > 0) throw new Error(`${1 + more.length} responses`);
    one.ack(response, { names: NAMES });
    return response;
  };

  test(`${protocol}: a time to live goes with its resource alone`, async (t) => {
    const { owner, client } = await start(t);
    const snapshot = snapshotOf({ [RTDS]: { on: '9s:1', lasting: '1' }, [CDS]: { a: '1' } });
    owner.serve(snapshot);
    const one = client(protocol);
    const runtime = await take(one);
    t.deepEqual(runtime.resources, { on: '1', lasting: '1' });
    t.deepEqual(runtime.ttls, { on: 9000 });
    t.is(runtime.versions['on'], snapshot.types.get(RTDS)?.resources.get('on')?.version);
    t.deepEqual((await take(one, CDS, [])).ttls, {});
  });

  test(`${protocol}: another time to live, or none any more, is sent though the content is the same`, async (t) => {
    const { owner, client } = await start(t);
    owner.serve(snapshotOf({ [RTDS]: { on: '9s:1' } }));
    const one = client(protocol);
    const first = await take(one);
    owner.serve(snapshotOf({ [RTDS]: { on: '30s:1' } }));
    const second = await one.expect(RTDS);
    t.deepEqual([second.resources, second.ttls], [{ on: '1' }, { on: 30_000 }]);
    t.not(second.version, first.version);
    one.ack(second, { names: NAMES });
    await one.fence();
    owner.serve(snapshotOf({ [RTDS]: { on: '1' } }));
    const third = await one.expect(RTDS);
    t.deepEqual([third.resources, third.ttls], [{ on: '1' }, {}]);
  });

  test(`${protocol}: what ends is sent again, in full, within every third of its time; it is no news to the owner`, async (t) => {
    const { owner, timers, client } = await start(t);
    owner.serve(snapshotOf({ [RTDS]: { on: '9s:1', lasting: '1' }, [CDS]: { a: '1' } }));
    const one = client(protocol);
    const first = await take(one);
    await take(one, CDS, []);
    const events = [...owner.events];
    timers.pass(LOOK);
    await beat(one);
    let last = first.nonce;
    for (let round = 0; round < 4; round++) {
      timers.pass(2000);
      t.deepEqual(await one.fence(), []);
      timers.pass(1000);
      const heartbeat = await beat(one);
      t.deepEqual(heartbeat.resources, sotw ? { on: '1', lasting: '1' } : { on: '1' });
      t.deepEqual(heartbeat.ttls, { on: 9000 });
      t.is(heartbeat.versions['on'], first.versions['on']);
      t.is(heartbeat.version, first.version);
      t.not(heartbeat.nonce, last);
      last = heartbeat.nonce;
      t.deepEqual(await one.fence(), []);
    }
    t.deepEqual(owner.events, events);
    t.true(owner.has(RTDS));
  });

  test(`${protocol}: the same heartbeat goes to all with the same subscription`, async (t) => {
    const { owner, timers, client } = await start(t);
    owner.serve(snapshotOf({ [RTDS]: { on: '9s:1', lasting: '1' } }));
    const clients = ['1', '2', '3'].map((id) => client(protocol, id));
    for (const one of clients) await take(one);
    for (let round = 0; round < 3; round++) {
      timers.pass(3000);
      const nonces = [];
      for (const one of clients) nonces.push((await beat(one)).nonce);
      t.is(new Set(nonces).size, 1);
      for (const one of clients) t.deepEqual(await one.fence(), []);
    }
  });

  test(`${protocol}: no heartbeat while a response is out, none for what was not acknowledged, and none of nothing`, async (t) => {
    const { owner, timers, client } = await start(t);
    owner.serve(snapshotOf({ [RTDS]: { on: '9s:1', lasting: '1' } }));
    const late = client(protocol, 'late');
    late.send({ type: RTDS, names: NAMES, subscribe: NAMES });
    const first = await late.expect(RTDS);
    const other = client(protocol, 'other');
    await take(other, RTDS, ['lasting']);
    timers.pass(60_000);
    t.deepEqual(await late.fence(), []);
    t.deepEqual(await other.fence(), []);
    late.ack(first, { names: NAMES });
    t.deepEqual(await late.fence(), []);
    timers.pass(3000);
    const [heartbeat, ...more] = await late.fence();
    t.deepEqual([heartbeat?.typeUrl, more], [RTDS, []]);
    // While that is out, neither another heartbeat nor the change.
    timers.pass(60_000);
    owner.serve(snapshotOf({ [RTDS]: { on: '9s:2', lasting: '1' } }));
    t.deepEqual(await late.fence(), []);
    if (heartbeat !== undefined) late.ack(heartbeat, { names: NAMES });
    const change = await late.expect(RTDS);
    t.is(change.resources['on'], '2');
    late.ack(change, { names: NAMES });
    t.deepEqual(await late.fence(), []);
    t.true(owner.has(RTDS));
  });

  test(`${protocol}: a client that says it has what may have ended gets it in full`, async (t) => {
    const { owner, client } = await start(t);
    const contents = { [RTDS]: { on: '9s:1', lasting: '1' } };
    owner.serve(snapshotOf(contents));
    const before = client(protocol);
    const first = await take(before);
    before.cancel();
    await owner.until(() => owner.streams.size === 0);
    owner.serve(snapshotOf(contents));
    const initial = Object.fromEntries(
      [...typeOf(RTDS, { ...contents[RTDS] }).resources].map(([name, { version }]) => [name, version]),
    );
    const again = client(protocol);
    again.send({ type: RTDS, names: NAMES, subscribe: NAMES, version: first.version, initial });
    const response = await again.expect(RTDS);
    t.deepEqual(response.resources, sotw ? { on: '1', lasting: '1' } : { on: '1' });
    t.deepEqual(response.ttls, { on: 9000 });
    again.ack(response, { names: NAMES });
    t.deepEqual(await again.fence(), []);
    t.true(owner.has(RTDS));
  });

  test(`${protocol}: what a client refuses is not pressed on it by heartbeats; what it has of before is kept alive`, async (t) => {
    const { owner, timers, client } = await start(t);
    owner.serve(snapshotOf({ [RTDS]: { on: '9s:1', lasting: '9s:1' } }));
    const one = client(protocol);
    await take(one);
    owner.serve(snapshotOf({ [RTDS]: { on: '9s:bad', lasting: '9s:1' } }));
    one.nack(await one.expect(RTDS), 'no', { names: NAMES });
    await one.fence();
    const events = owner.events.length;
    for (let round = 0; round < 3; round++) {
      timers.pass(3000);
      // Of the refused one an incremental client may have either.
      t.deepEqual((await beat(one)).resources, sotw ? { on: '1', lasting: '1' } : { lasting: '1' });
    }
    await one.fence();
    t.is(owner.events.length, events);
    owner.serve(snapshotOf({ [RTDS]: { on: '9s:2', lasting: '9s:1' } }));
    t.is((await one.expect(RTDS)).resources['on'], '2');
  });

  test(`${protocol}: a heartbeat that is refused is told of, and not repeated`, async (t) => {
    const { owner, timers, client } = await start(t);
    owner.serve(snapshotOf({ [RTDS]: { on: '9s:1' } }));
    const one = client(protocol);
    await take(one);
    timers.pass(LOOK);
    one.nack(await one.expect(RTDS), 'no more', { names: NAMES });
    await one.fence();
    t.is(owner.events.at(-1), 'rejected Runtime on: no more');
    const events = owner.events.length;
    timers.pass(60_000);
    t.deepEqual(await one.fence(), []);
    t.is(owner.events.length, events);
    owner.serve(snapshotOf({ [RTDS]: { on: '9s:2' } }));
    t.deepEqual((await one.expect(RTDS)).resources, { on: '2' });
  });

  test(`${protocol}: the clock runs only while something that is served ends`, async (t) => {
    const { owner, server, timers, client } = await start(t);
    owner.serve(snapshotOf({ [RTDS]: { on: '1' } }));
    const one = client(protocol);
    await take(one);
    t.is(timers.waiting, 0);
    owner.serve(snapshotOf({ [RTDS]: { on: '9s:1' } }));
    t.is(timers.waiting, 1);
    one.ack(await one.expect(RTDS), { names: NAMES });
    await one.fence();
    timers.pass(LOOK);
    await beat(one);
    t.is(timers.waiting, 1);
    const other = client(protocol, 'other');
    await take(other);
    t.is(timers.waiting, 1);
    one.cancel();
    other.cancel();
    await owner.until(() => owner.streams.size === 0);
    timers.pass(LOOK);
    t.is(timers.waiting, 0);
    await take(client(protocol));
    t.is(timers.waiting, 1);
    await server.stop();
    t.is(timers.waiting, 0);
  });
}
