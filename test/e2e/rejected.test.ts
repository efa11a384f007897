import test from 'ava';
import { cluster, edgeConfig, toOrigin, type Json } from '../support/edge-config.ts';
import { startLoad } from '../support/load.ts';
import { settled, startRig, updates } from '../support/rig.ts';
import { until } from '../support/until.ts';

test('a bad config is refused with every error at once, and Envoy hears nothing of it', async (t) => {
  const { origin, plane, envoy: join } = await startRig(t);
  const envoy = await join();
  const before = await updates(envoy);
  const config = await plane.done('GET', '/v1/fleets/edge/config');
  const { revision } = await plane.done('GET', '/v1/mirrors/edge-wallarm');

  const bad = edgeConfig({
    origin: origin.port,
    virtualHosts: [
      { name: 'all', domains: ['*'], routes: [toOrigin('/'), { match: { prefix: '/x' }, rout: {} }] },
    ],
    manager: { stat_prefix: '', codec_type: 'HTTP9' },
    clusters: [{ name: 'late', connect_timeout: '-1s' }],
  });
  const { status, headers, body } = await plane.call('PUT', '/v1/fleets/edge/config', bad);
  t.is(status, 400);
  t.regex(headers.get('content-type') ?? '', /^application\/problem\+json/);
  const paths = body.errors.map(({ path }: { path: string }) => path).sort();
  const manager = 'static_resources.listeners[0].filter_chains[0].filters[0].typed_config';
  for (const path of [
    `${manager}.stat_prefix`,
    `${manager}.codec_type`,
    `${manager}.route_config.virtual_hosts[0].routes[1].rout`,
    'static_resources.clusters[1].connect_timeout',
  ]) {
    t.true(paths.includes(path), `${path} in ${paths.join(' ')}`);
  }
  t.deepEqual(await plane.done('GET', '/v1/fleets/edge/config'), config);

  const answer = await plane.call('PATCH', '/v1/mirrors/edge-wallarm', { percent: 101, target: 'nowhere' });
  t.is(answer.status, 400);

  // What follows it on the stream would come after what the bad ones had sent.
  await plane.done('PATCH', '/v1/mirrors/edge-wallarm?wait=acked', { percent: 50 });
  const runtime = 'runtime.update_success';
  t.deepEqual(await updates(envoy), { ...before, [runtime]: (before[runtime] ?? 0) + 1 });
  t.is((await plane.done('GET', '/v1/mirrors/edge-wallarm')).revision, revision + 1);
});

/** Right by the schema and its rules; only Envoy knows its formatters. */
const UNKNOWN_FORMATTER: Json = {
  access_log: [
    {
      name: 'envoy.access_loggers.file',
      typed_config: {
        '@type': 'type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog',
        path: '/dev/null',
        log_format: { text_format_source: { inline_string: '%NOT_A_COMMAND%\n' } },
      },
    },
  ],
};

function endpointsAt(name: string, address: string): Json {
  const endpoint = { address: { socket_address: { address, port_value: 80 } } };
  return { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] };
}

const CASES = [
  {
    what: 'a cluster',
    type: 'envoy.config.cluster.v3.Cluster',
    counter: 'cluster_manager.cds.update_rejected',
    bad: { clusters: [{ ...cluster('odd', 80), load_assignment: endpointsAt('odd', 'not-an-address') }] },
    words: /odd: malformed IP address/,
  },
  {
    what: 'a listener',
    type: 'envoy.config.listener.v3.Listener',
    counter: 'listener_manager.lds.update_rejected',
    bad: { manager: UNKNOWN_FORMATTER },
    words: /NOT_A_COMMAND/,
  },
  {
    what: 'a route',
    type: 'envoy.config.route.v3.RouteConfiguration',
    counter: 'http.edge.rds.edge-routes.update_rejected',
    bad: {
      virtualHosts: [
        {
          name: 'all',
          domains: ['*'],
          request_headers_to_add: [{ header: { key: 'x-a', value: '%NOT_A_COMMAND%' } }],
          routes: [toOrigin('/')],
        },
      ],
    },
    words: /NOT_A_COMMAND/,
  },
] as const;

for (const { what, type, counter, bad, words } of CASES) {
  test(`${what} that only Envoy rejects is shown with Envoy's words; traffic goes on; a right one is taken`, async (t) => {
    const { origin, wallarm, plane, envoy: join } = await startRig(t);
    const envoy = await join();
    const load = startLoad({ port: await envoy.port(), connections: 4 });
    t.teardown(() => load.stop());
    const config = (more: object): object => edgeConfig({ origin: origin.port, ...more });

    const write = '/v1/fleets/edge/config?wait=acked&timeout=20s';
    const { delivery } = await plane.done('PUT', write, config(bad));
    t.like(delivery, { nodes: 1, acked: 0, rejected: 1, pending: 0 });
    t.like(delivery.verdict, { fleet: 'edge', verdict: 'rejected', node: 'edge-1' });
    t.regex(delivery.verdict.message, words);
    t.true(delivery.verdict.typeUrl.endsWith(type));
    t.is(await envoy.stat(counter), 1);
    const node = await plane.done('GET', '/v1/nodes/edge-1');
    t.is(node.state, 'rejected');
    const shown = node.types.find(({ typeUrl }: { typeUrl: string }) => typeUrl.endsWith(type));
    t.regex(shown.rejected.message, words);
    const { items } = await plane.done('GET', '/v1/nodes');
    t.deepEqual(items, [node]);
    const { status } = await plane.done('GET', '/v1/mirrors/edge-wallarm');
    t.deepEqual(status.nodes, { total: 1, acked: 0, rejected: 1, pending: 0 });
    await load.more(500);

    // A percent does not need the rejected resource: it is taken all the same.
    await plane.done('PATCH', '/v1/mirrors/edge-wallarm', { percent: 0 });
    await until('the runtime layer has 0 %', async () => (await envoy.stat('runtime.update_success')) >= 2);
    await load.more(8);
    await settled(envoy);
    const copied = wallarm.count;
    await load.more(200);
    t.is(wallarm.count, copied);

    const right = config({ manager: { server_name: 'edge' } });
    const answer = await plane.done('PUT', write, right);
    t.deepEqual(answer.delivery, { nodes: 1, acked: 1, rejected: 0, pending: 0 });
    const healed = await plane.done('GET', '/v1/nodes/edge-1');
    t.is(healed.state, 'acked');
    t.false(healed.types.some((entry: object) => 'rejected' in entry));
    const dump = JSON.stringify(await envoy.configDump('?resource=dynamic_listeners'));
    t.true(dump.includes('"server_name":"edge"'));
    const result = await load.stop();
    t.is(result.failed, 0, result.failures.join('; '));
  });
}
