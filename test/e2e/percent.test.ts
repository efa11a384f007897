import test, { type ExecutionContext } from 'ava';
import { binomialInterval } from '../support/binomial.ts';
import type { Envoy } from '../support/envoy.ts';
import { get } from '../support/http-client.ts';
import { startLoad } from '../support/load.ts';
import { MIRROR_STATS, settled, startRig, updates, type Bootstrap } from '../support/rig.ts';

const PERCENTS = [0, 0.5, 1, 25, 50, 100];
const REQUESTS = 3_000;
const CONNECTIONS = 8;

test.serial(
  'percent by RTDS: the measured share is right, no request fails, no listener, route or cluster moves',
  async (t) => {
    const { envoy, changes, moved } = await shares(t);
    t.is(moved('runtime.update_success'), changes);
    unmoved(t, moved, ['rds', 'lds', 'cds', 'eds']);
    t.deepEqual(await policies(envoy), [{ runtime_key: 'mirrorplane.edge-wallarm' }]);
  },
);

test.serial(
  'percent in the route, for an Envoy without RTDS: the share is right, only routes move',
  async (t) => {
    const { envoy, plane, changes, moved } = await shares(t, withoutRtds);
    t.is(moved('http.edge.rds.edge-routes.update_success'), changes);
    unmoved(t, moved, ['lds', 'cds', 'eds']);
    await plane.done('PATCH', '/v1/mirrors/edge-wallarm?wait=acked', { percent: 12.5 });
    t.deepEqual(await policies(envoy), [{ default_value: { numerator: 125_000, denominator: 'MILLION' } }]);
    await plane.done('PATCH', '/v1/mirrors/edge-wallarm?wait=acked', { percent: 0 });
    t.deepEqual(await policies(envoy), [], 'at 0 there is no policy');
  },
);

test.serial('percent over state of the world ADS: the measured share is right', async (t) => {
  const { changes, moved } = await shares(t, stateOfTheWorld, [100, 25, 0]);
  t.is(moved('runtime.update_success'), changes);
  unmoved(t, moved, ['rds', 'lds', 'cds', 'eds']);
});

function withoutRtds(bootstrap: Bootstrap): void {
  delete bootstrap.layered_runtime;
}

function stateOfTheWorld(bootstrap: Bootstrap): void {
  bootstrap.dynamic_resources.ads_config['api_type'] = 'GRPC';
}

/** Sets each percent under load and measures; says how Envoy's update counters moved. */
async function shares(t: ExecutionContext, edit?: (bootstrap: Bootstrap) => void, percents = PERCENTS) {
  // Requests that are sent while a percent is known to be in force say so, and so do their copies.
  const sent = new Map<string, number>();
  const copied = new Map<string, number>();
  let phase = 'between';
  const count = (map: Map<string, number>, key: string): void => void map.set(key, (map.get(key) ?? 0) + 1);
  const {
    plane,
    envoy: join,
    wallarm,
  } = await startRig(t, {
    mirror: { percent: 100 },
    onCopy: (head) => count(copied, head.get('x-phase') ?? '?'),
  });
  // The first percent is a change, too.
  const envoy = await join('edge-1', edit);
  await plane.done('PATCH', '/v1/mirrors/edge-wallarm?wait=acked', { percent: 33 });
  const before = await updates(envoy);
  const load = startLoad({
    port: await envoy.port(),
    connections: CONNECTIONS,
    request: () => {
      count(sent, phase);
      return get('/', { 'X-Phase': phase });
    },
  });
  t.teardown(() => load.stop());
  let changes = 0;

  async function measure(percent: number, round: number): Promise<string> {
    const answer = await plane.done('PATCH', '/v1/mirrors/edge-wallarm?wait=acked&timeout=20s', { percent });
    t.deepEqual(answer.delivery, { nodes: 1, acked: 1, rejected: 0, pending: 0 });
    changes++;
    const { status } = await plane.done('GET', '/v1/mirrors/edge-wallarm');
    t.is(status.effectivePercent, percent);
    const name = `${percent}/${round}`;
    phase = name;
    await load.more(REQUESTS);
    phase = 'between';
    // Until every request of the phase is answered: each connection has one under way.
    await load.more(2 * CONNECTIONS);
    return name;
  }
  const isInside = (percent: number, name: string): boolean => {
    const [n, copies] = [sent.get(name) ?? 0, copied.get(name) ?? 0];
    const { low, high } = binomialInterval(n, percent / 100);
    t.log(
      `${percent} %: ${copies} of ${n} = ${((copies / n) * 100).toFixed(2)} %, expected ${low} to ${high}`,
    );
    return n >= REQUESTS && low <= copies && copies <= high;
  };

  const names = [];
  for (const percent of percents) names.push([percent, await measure(percent, 1)] as const);
  // A right share is outside its 99.9 % interval once in a thousand times: such a one is measured once more.
  const again = [];
  for (const [percent, name] of names) {
    if (isInside(percent, name)) continue;
    t.false(percent === 0 || percent === 100, 'none and all are exact');
    again.push([percent, await measure(percent, 2)] as const);
  }
  for (const [percent, name] of again) t.true(isInside(percent, name), `${percent} %, twice outside`);

  const result = await load.stop();
  await settled(envoy);
  t.is(result.failed, 0, result.failures.join('; '));
  t.is(await envoy.stat('http.edge.downstream_cx_total'), CONNECTIONS, 'no connection was closed');
  t.is(await envoy.stat(`${MIRROR_STATS}.upstream_rq_pending_overflow`), 0);
  t.is(await envoy.stat(`${MIRROR_STATS}.upstream_cx_connect_fail`), 0);
  t.is(wallarm.count, await envoy.stat(`${MIRROR_STATS}.upstream_rq_total`));
  const after = await updates(envoy);
  const moved = (name: string): number => {
    const value = after[name];
    if (value === undefined) throw new Error(`${name} is none of ${Object.keys(after).join(', ')}`);
    return value - (before[name] ?? 0);
  };
  return { envoy, plane, changes, moved };
}

const COUNTERS = {
  eds: ['cluster.mirrorplane_edge-wallarm.update_success'],
  rds: ['http.edge.rds.edge-routes.update_success', 'http.edge.rds.edge-routes.config_reload'],
  lds: [
    'listener_manager.lds.update_success',
    'listener_manager.listener_added',
    'listener_manager.listener_modified',
    'listener_manager.listener_removed',
  ],
  cds: [
    'cluster_manager.cds.update_success',
    'cluster_manager.cluster_added',
    'cluster_manager.cluster_modified',
    'cluster_manager.cluster_removed',
  ],
} as const;

function unmoved(
  t: ExecutionContext,
  moved: (name: string) => number,
  kinds: readonly (keyof typeof COUNTERS)[],
): void {
  for (const counter of kinds.flatMap((kind) => COUNTERS[kind])) t.is(moved(counter), 0, counter);
}

/** Fractions of the mirror policies that are in force in Envoy. */
async function policies(envoy: Envoy): Promise<unknown[]> {
  const dump = await envoy.configDump('?resource=dynamic_route_configs');
  return dump.configs.flatMap((config) => {
    const { request_mirror_policies: found = [] } = config['route_config'] as {
      request_mirror_policies?: { runtime_fraction: { default_value?: object; runtime_key?: string } }[];
    };
    return found.map(({ runtime_fraction: { default_value: fallback, runtime_key: key } }) =>
      key === undefined ? { default_value: fallback } : { runtime_key: key },
    );
  });
}
