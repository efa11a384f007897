import test from 'ava';
import { NodeRecord } from '../../../src/delivery/node-record.ts';
import { makeResource, makeSnapshot, makeTypeSnapshot } from '../../../src/snapshot/build.ts';
import type { XdsStream } from '../../../src/xds/types.ts';

const CDS = 'type/clusters';
const RDS = 'type/routes';
const RTDS = 'type/runtime';

function typeOf(typeUrl: string, options: Parameters<typeof makeTypeSnapshot>[2]) {
  return makeTypeSnapshot(typeUrl, [makeResource('a', Buffer.from(typeUrl))], options);
}

const SNAPSHOT = makeSnapshot([
  typeOf(RTDS, { order: 'independent' }),
  typeOf(CDS, { required: true }),
  typeOf(RDS, {}),
]);

test('a node that asks for routes and never asked for clusters has not acknowledged (xds bug 20)', (t) => {
  const stream = { id: 1 } as XdsStream;
  const node = new NodeRecord({ id: 'a', cluster: 'edge', version: '1.40.0' }, 0);
  node.streams.add(stream);
  node.wanted = SNAPSHOT;
  const take = (typeUrl: string): void => {
    node.own(typeUrl, stream);
    const record = node.record(typeUrl, stream);
    if (record !== undefined) record.acked = SNAPSHOT.types.get(typeUrl);
  };
  take(RTDS);
  t.deepEqual(node.missing(), [], 'a runtime layer names nothing');
  t.is(node.state(), 'acked');
  take(RDS);
  t.deepEqual(node.missing(), [CDS]);
  t.is(node.state(), 'pending');
  take(CDS);
  t.deepEqual(node.missing(), []);
  t.is(node.state(), 'acked');
});
