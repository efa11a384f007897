import test from 'ava';
import type { Finding } from '../../../src/dataplanes/data-plane.ts';
import { Confirmations } from '../../../src/delivery/confirmations.ts';
import type { Fleets } from '../../../src/delivery/fleets.ts';
import { NodeRecord } from '../../../src/delivery/node-record.ts';
import { makeResource, makeSnapshot, makeTypeSnapshot } from '../../../src/snapshot/build.ts';
import type { XdsStream } from '../../../src/xds/types.ts';
import { VirtualTimers } from '../../support/virtual-timers.ts';

const HOSTS = 'type/hosts';
const ROUTES = 'type/routes';

function snapshotOf(routes: string) {
  return makeSnapshot([
    makeTypeSnapshot(HOSTS, [makeResource('a', Buffer.from('host'))]),
    makeTypeSnapshot(ROUTES, [makeResource('a', Buffer.from(routes))]),
  ]);
}

test('while one type is new, that something else is in force takes nothing from the others', async (t) => {
  const timers = new VirtualTimers();
  const said: string[] = [];
  let finding: Finding = { state: 'applied' };
  let address: string | undefined = 'http://10.0.0.1';
  const fleet = {
    dataPlane: { readBack: { paths: ['/what'], judge: () => finding } },
    addressOf: () => address,
  };
  const confirmations = new Confirmations({
    fleets: { get: () => fleet } as unknown as Fleets,
    timers,
    ask: () => Promise.resolve({}),
    applied: (_node, record, type) => void (record.acked = type),
    refused: () => t.fail(),
    changed: () => undefined,
    log: { warn: (_fields, message) => void said.push(message) },
  });
  const node = new NodeRecord({ id: 'a', cluster: 'mesh', version: undefined }, 0);
  node.fleet = 'mesh';
  const stream = { id: 1 } as XdsStream;
  node.streams.add(stream);
  const take = (snapshot: ReturnType<typeof snapshotOf>): void => {
    node.wanted = snapshot;
    for (const [typeUrl, type] of snapshot.types) {
      node.own(typeUrl, stream);
      const record = node.record(typeUrl, stream);
      if (record !== undefined) confirmations.take(node, record, type);
    }
  };
  const acked = (): readonly string[] => [...node.acked().keys()].sort();
  const isAt = (snapshot: ReturnType<typeof snapshotOf>): boolean =>
    node.acked().get(ROUTES)?.version === snapshot.types.get(ROUTES)?.version;

  const [first, second] = [snapshotOf('first'), snapshotOf('second')];
  take(first);
  await timers.passAsync(1);
  t.true(isAt(first));
  finding = { state: 'other' };
  take(second);
  await timers.passAsync(100);
  t.deepEqual(acked(), [HOSTS, ROUTES]);
  t.true(isAt(first), 'the routes are not there yet');
  t.deepEqual(said, []);
  finding = { state: 'applied' };
  await timers.passAsync(2000);
  t.true(isAt(second));
  finding = { state: 'other' };
  await timers.passAsync(10_000);
  t.deepEqual(acked(), []);
  t.deepEqual(said, ['what was in force on a node is no longer']);

  finding = { state: 'applied' };
  await timers.passAsync(2000);
  t.true(isAt(second));
  address = undefined;
  confirmations.look(node);
  take(first);
  t.deepEqual(acked(), [], 'nobody can know what is in force any more');
  t.is(node.state(), 'unconfirmed');
  confirmations.stop();
});
