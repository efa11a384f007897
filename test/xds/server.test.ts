import { connect as connectTcp } from 'node:net';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Client, credentials, status } from '@grpc/grpc-js';
import test from 'ava';
import { LoadClient, XdsClient, connect, encodeRequest, nodeOf } from '../support/xds-client.ts';
import { CA, NODE, SERVER } from '../support/xds-certificates.ts';
import { ModelClient } from '../support/model-client.ts';
import { CDS, EDS, LDS, RDS, RTDS, SDS, snapshotOf, startXds } from '../support/xds-server.ts';

const ONE = { [CDS]: { a: '1' }, [RDS]: { r: '1' } };

test('one serialisation goes to all streams that ask for the same', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const nodes = ['edge-1', 'edge-2', 'edge-3'];
  for (const protocol of ['sotw', 'delta'] as const) {
    const clients = nodes.map((id) => client(protocol, id));
    const received = [];
    for (const one of clients) {
      one.send({ type: CDS });
      const response = await one.expect(CDS);
      one.ack(response);
      await one.fence();
      received.push(response);
    }
    t.deepEqual(new Set(received.map(({ nonce }) => nonce)).size, 1);
    owner.serve(snapshotOf({ ...ONE, [CDS]: { a: `${protocol} 2` } }));
    for (const one of clients) await one.expect(CDS);
    const [first, ...others] = clients.map(({ raw }) => raw);
    for (const other of others) t.deepEqual(other, first);
    owner.serve(snapshotOf(ONE));
    clients.forEach((one) => one.cancel());
    await owner.until(() => owner.streams.size === 0);
  }
});

for (const [service, type, name] of [
  ['runtime.v3.RuntimeDiscoveryService', RTDS, 'Runtime'],
  ['cluster.v3.ClusterDiscoveryService', CDS, 'Clusters'],
  ['endpoint.v3.EndpointDiscoveryService', EDS, 'Endpoints'],
  ['listener.v3.ListenerDiscoveryService', LDS, 'Listeners'],
  ['route.v3.RouteDiscoveryService', RDS, 'Routes'],
  ['secret.v3.SecretDiscoveryService', SDS, 'Secrets'],
] as const) {
  test(`${name} come over a service of their own, in both protocols`, async (t) => {
    const { owner, client } = await startXds(t);
    owner.serve(snapshotOf({ [type]: { x: '1' } }));
    for (const [protocol, prefix] of [
      ['sotw', 'Stream'],
      ['delta', 'Delta'],
    ] as const) {
      const one = client(protocol, 'edge-1', `/envoy.service.${service}/${prefix}${name}`);
      // The type may be left out.
      one.send({ names: ['x'], subscribe: ['x'] });
      const response = await one.expect(type);
      t.deepEqual(response.resources, { x: '1' });
      one.send({ type: type === CDS ? RDS : CDS });
      t.is((await one.ended).code, status.INVALID_ARGUMENT);
    }
    t.is(owner.streams.size, 0);
  });
}

test('what is malformed ends its own stream, with a status, and no other', async (t) => {
  const { owner, server, client, warnings } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const well = client('delta', 'well');
  well.send({ type: CDS });
  well.ack(await well.expect(CDS));
  for (const protocol of ['sotw', 'delta'] as const) {
    const garbage = client(protocol);
    garbage.sendBytes(Buffer.from('this is not protobuf'));
    t.is((await garbage.ended).code, status.INTERNAL);

    const nobody = client(protocol);
    nobody.send({ type: CDS, node: null });
    nobody.send({ type: CDS, node: nodeOf('too-late') });
    t.is((await nobody.ended).code, status.INVALID_ARGUMENT);

    const nameless = client(protocol);
    nameless.send({ type: CDS, node: nodeOf('') });
    t.is((await nameless.ended).code, status.INVALID_ARGUMENT);

    const typeless = client(protocol);
    typeless.send({});
    t.is((await typeless.ended).code, status.INVALID_ARGUMENT);

    // A node that is no Node: a string where its id should be begins, and ends early.
    const broken = client(protocol);
    const request = encodeRequest(protocol, { type: CDS });
    broken.sendBytes(
      Buffer.concat([request, Buffer.from([protocol === 'sotw' ? 0x12 : 0x0a, 2, 0x0a, 0x7f])]),
    );
    t.is((await broken.ended).code, status.INVALID_ARGUMENT);
  }
  t.deepEqual(
    owner.events.filter((event) => event.startsWith('opened')),
    ['opened well'],
  );
  t.deepEqual(warnings, []);
  owner.serve(snapshotOf({ ...ONE, [CDS]: { a: '2' } }));
  t.deepEqual((await well.expect(CDS)).resources, { a: '2' });
  t.true(server.load.subscriptions > 0);
});

test('a type that nobody has is answered with nothing', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  for (const protocol of ['sotw', 'delta'] as const) {
    const one = client(protocol);
    one.send({ type: 'type.googleapis.com/nobody.has.This', names: ['a'], subscribe: ['a'] });
    t.deepEqual(await one.fence(), []);
  }
});

test('a client that asks for a thousand types is remembered for no more than 64', async (t) => {
  const { owner, client } = await startXds(t);
  const one = client('delta');
  for (let index = 0; index < 1000; index++) one.send({ type: `type.googleapis.com/made.up.T${index}` });
  one.end();
  await owner.until(() => owner.events.includes('closed edge-1'));
  t.is(owner.asked, 64);
  t.is((await one.ended).code, status.OK);
});

test('a thousand clients come and go, and nothing of them stays (xds bug 17)', async (t) => {
  const { owner, server, client } = await startXds(t);
  owner.serve(snapshotOf({ ...ONE, [EDS]: { e: '1' } }));
  const round = async (count: number): Promise<void> => {
    for (let from = 0; from < count; from += 50) {
      const clients = Array.from({ length: 50 }, (_, index) =>
        client(index % 2 === 0 ? 'sotw' : 'delta', `node-${from + index}`),
      );
      for (const [index, one] of clients.entries()) {
        one.send({ type: CDS });
        one.send({ type: EDS, names: ['e', `own-${from + index}`], subscribe: ['e', `own-${from + index}`] });
        await one.expect(CDS);
      }
      for (const [index, one] of clients.entries()) {
        if (index % 3 === 0) one.end();
        else one.cancel();
      }
      await owner.until(() => owner.streams.size === 0);
    }
  };
  await round(1000);
  t.is(owner.events.filter((event) => event.startsWith('opened')).length, 1000);
  t.is(owner.events.filter((event) => event.startsWith('closed')).length, 1000);
  t.is(server.load.subscriptions, 0);
});

test('ten thousand streams come and go, and memory is what it was (xds bug 17)', (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const used = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const model = new ModelClient('delta');
  const sotw = new ModelClient('sotw');
  const come = (count: number): void => {
    for (let index = 0; index < count; index++) {
      for (const one of [model, sotw]) {
        one.serve(snapshotOf({ [CDS]: { a: 'eds' }, [EDS]: { a: String(index % 7) } }));
        one.subscribe(CDS, ['*']);
        one.subscribe(EDS, ['a', `own-${index}`]);
        one.settle();
        one.unsubscribe(EDS, [`own-${index}`]);
        one.ask(`type.googleapis.com/own.T${index}`, ['a']);
        one.close();
        one.owner.events.length = 0;
      }
    }
  };
  come(1000);
  const before = used();
  come(5000);
  t.true(used() < before + 1024 * 1024, `${used()} bytes, ${before} before`);
  t.is(model.pool.size + sotw.pool.size, 0);
});

test('stopping ends every stream and every connection, also one that never said a word', async (t) => {
  const { server, port } = await startXds(t, { tls: SERVER });
  const silent = connectTcp(port, '127.0.0.1');
  silent.on('error', () => undefined);
  await once(silent, 'connect');
  const closed = once(silent, 'close');
  await server.stop();
  await closed;
  t.is(server.load.connections, 0);
});

test('with TLS, and with mTLS, only who may is served', async (t) => {
  const outcome = async (connection: Client): Promise<string> => {
    const one = new XdsClient(connection, 'delta', nodeOf('edge-1'));
    one.send({ type: CDS });
    const answer = one.expect(CDS).then(({ resources }) => JSON.stringify(resources));
    const result = await answer.catch(() => 'refused');
    one.cancel();
    connection.close();
    return result;
  };
  const plain = credentials.createInsecure();
  const tls = credentials.createSsl(CA);
  const mutual = credentials.createSsl(CA, NODE.key, NODE.cert);

  const open = await startXds(t, { tls: SERVER });
  open.owner.serve(snapshotOf(ONE));
  t.is(await outcome(connect(open.port, tls)), '{"a":"1"}');
  t.is(await outcome(connect(open.port, plain)), 'refused');

  const closed = await startXds(t, { tls: { ...SERVER, clientCa: CA } });
  closed.owner.serve(snapshotOf(ONE));
  t.is(await outcome(connect(closed.port, mutual)), '{"a":"1"}');
  t.is(await outcome(connect(closed.port, tls)), 'refused');
});

test('load reports: the interval is said, and again when it is another; sums per cluster are passed on', async (t) => {
  const { owner, server, channel } = await startXds(t);
  owner.intervalMs = 2500;
  const one = new LoadClient(channel());
  one.send({ node: nodeOf('edge-1') });
  const answer = await one.next();
  t.true(answer.send_all_clusters);
  t.is(Number(answer.load_reporting_interval.seconds), 2);
  t.is(answer.load_reporting_interval.nanos, 500_000_000);
  server.reviseLoadReports();
  owner.intervalMs = 1000;
  server.reviseLoadReports();
  const revised = await one.next();
  t.is(Number(revised.load_reporting_interval.seconds), 1);
  t.is(revised.load_reporting_interval.nanos, 0);
  one.send({
    node: nodeOf('edge-1'),
    cluster_stats: [
      {
        cluster_name: 'mirror',
        total_dropped_requests: 4,
        upstream_locality_stats: [
          {
            total_successful_requests: 10,
            total_error_requests: 1,
            total_requests_in_progress: 2,
            total_issued_requests: 12,
          },
          {
            total_successful_requests: 5,
            total_error_requests: 2,
            total_requests_in_progress: 0,
            total_issued_requests: 7,
          },
        ],
        load_report_interval: { seconds: 1, nanos: 1_000_000 },
      },
      { cluster_name: 'idle' },
    ],
  });
  await owner.until(() => owner.loads.length > 0);
  const [node, loads, intervalMs] = owner.loads[0] ?? [];
  t.is(intervalMs, 1001);
  t.is(node?.id, 'edge-1');
  t.is(node?.version, '1.40.0');
  t.deepEqual(loads, [
    { cluster: 'mirror', issued: 19, succeeded: 15, failed: 3, inProgress: 2, dropped: 4 },
    { cluster: 'idle', issued: 0, succeeded: 0, failed: 0, inProgress: 0, dropped: 0 },
  ]);
});

test('a node is read once: 60 KB of it in every request cost nothing more', async (t) => {
  const { owner, client } = await startXds(t);
  owner.serve(snapshotOf(ONE));
  const one = client('sotw');
  const extensions = Array.from({ length: 500 }, (_, index) => ({
    name: `envoy.some.extension.${index}`,
    category: 'envoy.some.category',
    type_urls: ['envoy.some.extension.v3.Config'],
  }));
  one.send({ type: CDS, node: { ...nodeOf('edge-1'), extensions } });
  const first = await one.expect(CDS);
  // Another node in a later request of a stream is not looked at.
  one.ack(first, { node: { ...nodeOf('other'), extensions } });
  await one.fence();
  t.deepEqual(
    [...owner.streams].map(({ node }) => node),
    [{ id: 'edge-1', cluster: 'edge', version: '1.40.0' }],
  );
  t.is(owner.events.at(-1), 'acked Cluster a');
});

test('a large snapshot goes in one message', async (t) => {
  const { owner, client } = await startXds(t);
  const large = 'x'.repeat(6 * 1024 * 1024);
  owner.serve(snapshotOf({ [RDS]: { r: large } }));
  const one = client('delta');
  one.send({ type: RDS, subscribe: ['r'] });
  t.is((await one.expect(RDS)).resources['r']?.length, large.length);
});
