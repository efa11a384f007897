import test from 'ava';
import { Envoy } from '../support/envoy.ts';
import { HttpConnection, get } from '../support/http-client.ts';
import { startLoad } from '../support/load.ts';
import { Origin } from '../support/origin.ts';
import { until } from '../support/until.ts';
import { WallarmStandIn, type Mode } from '../support/wallarm-stand-in.ts';

/** Envoy as the seed has it: a static mirror at 100 %. */
function bootstrap(origin: number, wallarm: number): string {
  const cluster = (name: string, port: number): object => ({
    name,
    type: 'STATIC',
    load_assignment: {
      cluster_name: name,
      endpoints: [
        {
          lb_endpoints: [
            { endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } } },
          ],
        },
      ],
    },
  });
  const route = { cluster: 'origin', request_mirror_policies: [{ cluster: 'wallarm' }] };
  return JSON.stringify({
    admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
    static_resources: {
      clusters: [cluster('origin', origin), cluster('wallarm', wallarm)],
      listeners: [
        {
          name: 'edge',
          address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
          filter_chains: [
            {
              filters: [
                {
                  name: 'envoy.filters.network.http_connection_manager',
                  typed_config: {
                    '@type':
                      'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
                    stat_prefix: 'edge',
                    route_config: {
                      virtual_hosts: [
                        { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route }] },
                      ],
                    },
                    http_filters: [
                      {
                        name: 'envoy.filters.http.router',
                        typed_config: {
                          '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
                        },
                      },
                    ],
                  },
                },
              ],
            },
          ],
        },
      ],
    },
  });
}

test('an Envoy without mirrorplane: its copy says -shadow, and every instrument counts the same', async (t) => {
  const origin = await Origin.start();
  const wallarm = await WallarmStandIn.start();
  const envoy = await Envoy.start(bootstrap(origin.port, wallarm.port));
  t.teardown(() => Promise.all([envoy.stop(), origin.stop(), wallarm.stop()]));
  const load = await startLoad({ port: await envoy.port(), requests: 500 }).done;
  t.like(load, { sent: 500, ok: 500, failed: 0 });
  t.is(origin.count, 500);
  await until(
    'all copies are answered',
    async () => (await envoy.stat('cluster.wallarm.upstream_rq_active')) === 0,
  );
  t.is(wallarm.count, 500);
  t.is(wallarm.heads.at(-1)?.get('host'), 'shop.example-shadow');
  t.is(await envoy.stat('http.edge.downstream_rq_total'), 500);
});

test('the stand-in is unwell on request', async (t) => {
  const origin = await Origin.start();
  const wallarm = await WallarmStandIn.start();
  const envoy = await Envoy.start(bootstrap(origin.port, wallarm.port));
  t.teardown(() => Promise.all([envoy.stop(), origin.stop(), wallarm.stop()]));
  const client = await HttpConnection.open(await envoy.port());
  t.teardown(() => client.close());
  const stat = (name: string): Promise<number> => envoy.stat(`cluster.wallarm.${name}`);
  /** Waits until Envoy knows that the connections of before are gone. */
  const mode = async (next: Mode): Promise<void> => {
    await wallarm.setMode(next);
    await until('no connection', async () => (await stat('upstream_cx_active')) === 0);
  };
  const once = async (): Promise<void> => void (await client.send(get('/')));

  await mode('refuse');
  await once();
  await until('a failed connection', async () => (await stat('upstream_cx_connect_fail')) === 1);
  await mode('503');
  await once();
  await until('a 503', async () => (await stat('upstream_rq_503')) === 2);
  t.is(wallarm.count, 1);
  await mode({ slowMs: 20 });
  await once();
  await until('a late answer', async () => (await stat('upstream_rq_200')) === 1);
  await mode('not-reading');
  await once();
  await until('a connection', () => wallarm.connections === 3);
  t.is(wallarm.count, 2);
  await mode('hang');
  await once();
  await until('a third request', () => wallarm.count === 3);
  t.is(await stat('upstream_rq_200'), 1);
});

test('an Envoy that refuses its bootstrap says why', async (t) => {
  const error = await t.throwsAsync(Envoy.start('{"admin": {"adress": 1}}'));
  t.regex(error?.message ?? '', /adress/);
});
