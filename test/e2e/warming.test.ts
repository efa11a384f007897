import test from 'ava';
import { edgeConfig, type Json } from '../support/edge-config.ts';
import { get } from '../support/http-client.ts';
import { startLoad } from '../support/load.ts';
import { startRig } from '../support/rig.ts';

/** Longer than any of Envoy's own time-outs would take: none of them may be what ends the wait. */
const WAIT = '?wait=acked&timeout=30s';
const ALL = { nodes: 1, acked: 1, rejected: 0, pending: 0 };
/** Envoy waits for ever for the endpoints of a changed cluster. */
const PATIENT = { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: '0s' };

for (const protocol of ['DELTA_GRPC', 'GRPC']) {
  test(`${protocol}: a changed EDS cluster gets its endpoints before Envoy answers for it`, async (t) => {
    const config = ({ origin }: { origin: number }, timeout = '1s'): Json => {
      const plain = edgeConfig({ origin }).static_resources;
      const [one] = plain.clusters as { load_assignment: Json }[];
      const { load_assignment: endpoints, ...rest } = one ?? { load_assignment: {} };
      const cluster = {
        ...rest,
        type: 'EDS',
        eds_cluster_config: { eds_config: PATIENT },
        connect_timeout: timeout,
      };
      return { listeners: plain.listeners, clusters: [cluster], endpoints: [endpoints] };
    };
    const { origin, plane, envoy: join } = await startRig(t, { config });
    const envoy = await join('edge-1', (bootstrap) => {
      bootstrap.dynamic_resources.ads_config['api_type'] = protocol;
    });
    const load = startLoad({ port: await envoy.port(), connections: 4, request: () => get('/') });
    t.teardown(() => load.stop());
    const next = config({ origin: origin.port }, '2s');
    const answer = await plane.done('PUT', `/v1/fleets/edge/config${WAIT}`, next);
    t.deepEqual(answer.delivery, ALL);
    t.is(await envoy.stat('cluster_manager.warming_clusters'), 0);

    // A mirror's cluster is one, too, where its target has addresses.
    const copy = { removeHeaders: ['cookie'] };
    t.deepEqual((await plane.done('PATCH', `/v1/mirrors/edge-wallarm${WAIT}`, { copy })).delivery, ALL);
    const limits = { maxConnections: 7 };
    t.deepEqual((await plane.done('PATCH', `/v1/targets/wallarm${WAIT}`, { limits })).delivery, ALL);
    t.is(await envoy.stat('cluster.mirrorplane_edge-wallarm.init_fetch_timeout'), 0);
    await load.more(100);
    const result = await load.stop();
    t.is(result.failed, 0, result.failures.join('; '));
  });
}
