/** Everything a test of the whole needs: origin, stand-in Wallarm node, control plane, and Envoys of its fleet `edge`. */
import type { ExecutionContext } from 'ava';
import { dump, load } from 'js-yaml';
import { ControlPlane } from './control-plane.ts';
import { edgeConfig, type Json } from './edge-config.ts';
import { Envoy } from './envoy.ts';
import type { HttpHead } from './http-messages.ts';
import { Origin, type Answer } from './origin.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { until } from './until.ts';
import { WallarmStandIn } from './wallarm-stand-in.ts';

/** The mirror's cluster, as Envoy's statistics spell it. */
export const MIRROR_STATS = 'cluster.mirrorplane_edge-wallarm';

export interface RigOptions {
  /** Default: an edge that sends everything to the origin. */
  readonly config?: (ports: { origin: number; wallarm: number }) => Json | string;
  /** Fields of the mirror `edge-wallarm` to the target `wallarm` besides its fleet and target; `false`: neither is written. */
  readonly mirror?: Json | false;
  /** Limits of the target. */
  readonly limits?: Json;
  readonly answer?: Answer;
  /** Of the control plane. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Told of each copy. */
  readonly onCopy?: (head: HttpHead) => void;
}

export interface Rig {
  readonly origin: Origin;
  readonly wallarm: WallarmStandIn;
  readonly plane: ControlPlane;
  /** Directory of the control plane's database. */
  readonly data: string;
  /** Starts an Envoy from the fleet's bootstrap, which `edit` may change; resolves when it is ready and all is acknowledged. */
  readonly envoy: (id?: string, edit?: (bootstrap: Bootstrap) => void) => Promise<Envoy>;
}

export interface Bootstrap {
  dynamic_resources: { ads_config: Json };
  layered_runtime?: { layers: Json[] };
}

export async function startRig(t: ExecutionContext, options: RigOptions = {}): Promise<Rig> {
  const origin = await Origin.start(options.answer === undefined ? {} : { answer: options.answer });
  t.teardown(() => origin.stop());
  const wallarm = await WallarmStandIn.start(options.onCopy === undefined ? {} : { onHead: options.onCopy });
  t.teardown(() => wallarm.stop());
  const data = temporaryDirectory(t);
  const plane = await ControlPlane.start({
    data,
    ...(options.environment && { environment: options.environment }),
  });
  t.teardown(() => plane.stop());
  const ports = { origin: origin.port, wallarm: wallarm.port };
  await plane.done('PUT', '/v1/fleets/edge/config', (options.config ?? edgeConfig)(ports));
  if (options.mirror !== false) {
    const endpoints = [{ host: '127.0.0.1', port: wallarm.port }];
    await plane.done('PUT', '/v1/targets/wallarm', {
      endpoints,
      ...(options.limits && { limits: options.limits }),
    });
    await plane.done('PUT', '/v1/mirrors/edge-wallarm', {
      fleet: 'edge',
      target: 'wallarm',
      percent: 100,
      ...options.mirror,
    });
  }
  return {
    origin,
    wallarm,
    plane,
    data,
    envoy: async (id = 'edge-1', edit) => {
      const envoy = await Envoy.start(await bootstrapOf(plane, id, edit));
      t.teardown(() => envoy.stop());
      await until(`${id} has acknowledged everything`, async () => {
        const { state } = await plane.done('GET', `/v1/nodes/${id}`);
        return state === 'acked';
      });
      return envoy;
    },
  };
}

/** `GET /v1/fleets/edge/bootstrap` with the admin on any free port. */
export async function bootstrapOf(
  plane: ControlPlane,
  id: string,
  edit?: (bootstrap: Bootstrap) => void,
): Promise<string> {
  const text = (await plane.done('GET', `/v1/fleets/edge/bootstrap?node=${id}&adminPort=0`)) as string;
  if (edit === undefined) return text;
  const bootstrap = load(text) as Bootstrap;
  edit(bootstrap);
  return dump(bootstrap);
}

/** Resolves when no copy is under way any more. */
export async function settled(envoy: Envoy, cluster = MIRROR_STATS): Promise<void> {
  await until('no copy under way', async () => {
    const stats = await envoy.stats(`^${cluster}\\.upstream_rq_(pending_)?active$`);
    return Object.values(stats).every((value) => value === 0);
  });
}

/**
 * How often Envoy took configuration of each kind, endpoints included: what must not move when nothing was sent. Its
 * counters of attempts are none of them: these count lost connections, too.
 */
export function updates(envoy: Envoy): Promise<Readonly<Record<string, number>>> {
  const kinds = [
    '(cds|lds|rds\\..*|runtime|cluster\\.[^.]+)\\.(update_(success|rejected)|config_reload)$',
    '^listener_manager\\.listener_(added|modified|removed)$',
    '^cluster_manager\\.cluster_(added|modified|removed)$',
  ];
  return envoy.stats(kinds.join('|'));
}
