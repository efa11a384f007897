import test from 'ava';
import { cluster, edgeConfig, toOrigin, type Json } from '../support/edge-config.ts';
import type { Envoy } from '../support/envoy.ts';
import { FleetLoad } from '../support/fleet-load.ts';
import { startRig, updates } from '../support/rig.ts';
import { until } from '../support/until.ts';

const IDS = ['edge-1', 'edge-2', 'edge-3', 'edge-4', 'edge-5'];

function endpointsAt(name: string, address: string): Json {
  const endpoint = { address: { socket_address: { address, port_value: 80 } } };
  return { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] };
}

/** Right by the schema, its rules and all references; only Envoy itself knows better. */
const KINDS = {
  cluster: {
    // Of a rejected response Envoy takes the good clusters: `taken` is to be gone again afterwards.
    bad: {
      clusters: [
        cluster('taken', 9),
        { ...cluster('odd', 80), load_assignment: endpointsAt('odd', 'not-an-address') },
      ],
    },
    type: 'envoy.config.cluster.v3.Cluster',
    words: /malformed IP address: not-an-address/,
  },
  listener: {
    bad: {
      manager: {
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
      },
    },
    type: 'envoy.config.listener.v3.Listener',
    words: /NOT_A_COMMAND/,
  },
  route: {
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
    type: 'envoy.config.route.v3.RouteConfiguration',
    words: /NOT_A_COMMAND/,
  },
} as const;

/** What Envoy is configured with, without the times and versions of it. */
async function configured(envoy: Envoy): Promise<string> {
  const kinds = ['dynamic_active_clusters', 'dynamic_listeners', 'dynamic_route_configs'];
  const dumps = await Promise.all(kinds.map((kind) => envoy.configDump(`?resource=${kind}`)));
  const text = JSON.stringify(dumps.map(({ configs }) => configs.map((one) => JSON.stringify(one)).sort()));
  return text.replace(/\\"(last_updated|version_info)\\":\\"[^"]*\\"/g, '');
}

test.serial(
  'what only Envoy refuses: one of five saw it, it is back, and the others never had it',
  async (t) => {
    const load = new FleetLoad();
    const { origin, plane, envoy: join } = await startRig(t, { onCopy: load.onCopy });
    const envoys = new Map<string, Envoy>();
    for (const id of IDS) envoys.set(id, await join(id));
    t.teardown(() => load.stop());
    for (const [id, envoy] of envoys) await load.add(id, envoy);
    const write = '/v1/fleets/edge/config?wait=acked&timeout=20s';
    const settle = (): Promise<unknown> =>
      until('nothing is under way', async () => {
        const { status } = await plane.done('GET', '/v1/fleets/edge');
        return status.state !== 'delivering';
      });
    await settle();
    const before = new Map<string, readonly [string, object]>();
    for (const [id, envoy] of envoys) before.set(id, [await configured(envoy), await updates(envoy)]);

    for (const [kind, { bad, type, words }] of Object.entries(KINDS)) {
      const { delivery, revision } = await plane.done(
        'PUT',
        write,
        edgeConfig({ origin: origin.port, ...bad }),
      );
      t.like(delivery, { nodes: 5, acked: 0, rejected: 1, pending: 4 }, kind);
      const { verdict } = delivery;
      t.is(verdict.revision, revision);
      t.true(verdict.typeUrl.endsWith(type), kind);
      t.regex(verdict.message, words, kind);
      const fleet = await plane.done('GET', '/v1/fleets/edge');
      t.is(fleet.status.state, 'rejected');
      t.deepEqual(fleet.status.rejected, verdict);
      const { verdicts } = await plane.done('GET', `/v1/revisions/${revision}`);
      t.deepEqual(
        verdicts.map(({ verdict: one }: { verdict: string }) => one),
        ['begun', 'rejected'],
      );
      for (const [id, envoy] of envoys) {
        const [config, counters] = before.get(id) ?? ['', {}];
        if (id === verdict.node) {
          await until(`${id} is back on what it had`, async () => (await configured(envoy)) === config);
        } else {
          t.is(await configured(envoy), config, `${kind}: ${id} has what it had`);
          t.deepEqual(await updates(envoy), counters, `${kind}: ${id} was sent nothing`);
        }
      }
      // The probe's own counters have moved.
      for (const [id, envoy] of envoys) before.set(id, [(before.get(id) ?? [''])[0], await updates(envoy)]);
    }

    // The same again is not tried again; percents go on; what is right goes to all.
    const again = await plane.done('PUT', write, edgeConfig({ origin: origin.port, ...KINDS.route.bad }));
    t.is(again.diff.length, 0);
    const { delivery: percent } = await plane.done(
      'PATCH',
      '/v1/mirrors/edge-wallarm?wait=acked&timeout=20s',
      {
        percent: 50,
      },
    );
    t.is(percent.pending, 0);
    t.is((await plane.done('GET', '/v1/mirrors/edge-wallarm')).status.effectivePercent, 50);
    const right = edgeConfig({ origin: origin.port, manager: { server_name: 'edge' } });
    const { delivery: all } = await plane.done('PUT', write, right);
    t.deepEqual(all, { nodes: 5, acked: 5, rejected: 0, pending: 0 });
    for (const [id, envoy] of envoys) t.true((await configured(envoy)).includes('server_name'), id);
    t.deepEqual(await load.stop(), []);
  },
);

test.serial('a change that makes primary requests fail is taken back by itself', async (t) => {
  const broken = { name: 'all', domains: ['*'], routes: [toOrigin('/', { cluster: 'nobody' })] };
  const load = new FleetLoad();
  const { origin, plane, envoy: join } = await startRig(t, { onCopy: load.onCopy });
  const ids = IDS.slice(0, 3);
  const envoys = await Promise.all(ids.map((id) => join(id)));
  t.teardown(() => load.stop());
  for (const [index, envoy] of envoys.entries()) await load.add(ids[index] ?? '', envoy);
  await until('there are requests to compare with', async () => {
    const { status } = await plane.done('GET', '/v1/mirrors/edge-wallarm');
    return status.recent.primaryRequests > 500;
  });
  // A new backend at which nobody listens: every resource is right, and every request to it fails.
  const config = edgeConfig({
    origin: origin.port,
    virtualHosts: [broken],
    clusters: [{ ...cluster('nobody', 1), connect_timeout: '0.25s' }],
  });
  const { revision } = await plane.done('PUT', '/v1/fleets/edge/config', config);
  const { status } = await until('it is taken back', async () => {
    const fleet = await plane.done('GET', '/v1/fleets/edge');
    return fleet.status.state === 'rejected' && fleet;
  });
  t.is(status.rejected.revision, revision);
  t.regex(status.rejected.message, /primary errors rose/);
  const { items: targets } = await plane.done('GET', '/v1/targets');
  for (const target of targets)
    t.deepEqual(target.status.rejected, [status.rejected], 'its targets tell of it');
  const changed = await Promise.all(envoys.map((envoy) => envoy.stat('cluster_manager.cluster_added')));
  t.is(new Set(changed).size, 2, `one Envoy had it, and the others never: ${changed.join(', ')}`);
  await until('both are back', async () => {
    const { items } = await plane.done('GET', '/v1/nodes');
    return items.every(({ state }: { state: string }) => state === 'acked');
  });
  await load.more(50);
  const failed = (await load.stop()).length;
  t.true(failed > 0, 'requests failed while it was there');
});

test.serial('an Envoy that is asked first refuses it before any node has it', async (t) => {
  const { envoyBinary } = await import('../../scripts/fetch-envoy.ts');
  const {
    origin,
    plane,
    envoy: join,
  } = await startRig(t, {
    environment: { MIRRORPLANE_ENVOY: await envoyBinary() },
  });
  const envoy = await join();
  const lists = ({ ...counters }: Readonly<Record<string, number>>): object =>
    Object.fromEntries(Object.entries(counters).filter(([name]) => !name.startsWith('runtime.')));
  const before = lists(await updates(envoy));
  for (const [kind, { bad, words }] of Object.entries(KINDS)) {
    const answer = await plane.call(
      'PUT',
      '/v1/fleets/edge/config',
      edgeConfig({ origin: origin.port, ...bad }),
    );
    t.is(answer.status, 400, kind);
    t.regex(answer.body.errors[0].message, words, kind);
  }
  const { checks } = await plane.done('PATCH', '/v1/mirrors/edge-wallarm', { percent: 99 });
  t.deepEqual(checks, ['schema', 'references'], 'a percent is none of its business');
  await plane.done('PATCH', '/v1/mirrors/edge-wallarm?wait=acked', { percent: 100 });
  t.deepEqual(lists(await updates(envoy)), before);
  const right = edgeConfig({ origin: origin.port, manager: { server_name: 'edge' } });
  t.deepEqual((await plane.done('PUT', '/v1/fleets/edge/config', right)).checks, [
    'schema',
    'references',
    'envoy',
  ]);
});
