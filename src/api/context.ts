import type { FastifyBaseLogger } from 'fastify';
import type { Control } from '../control/control.ts';
import type { DataPlane } from '../dataplanes/data-plane.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Fleet } from '../model/fleet.ts';
import type { NodeProbes } from '../rollout/node-probes.ts';
import type { RolloutDriver } from '../rollout/driver.ts';

export interface BootstrapRequest {
  readonly fleet: Fleet;
  readonly node: string | undefined;
  /** Host by which REST was called. */
  readonly xdsHost: string;
  readonly adminPort: number | undefined;
}

/** What the routes work with. */
export interface ApiOptions {
  readonly control: Control;
  readonly delivery: Delivery;
  /** By kind. */
  readonly dataPlanes: ReadonlyMap<
    string,
    Pick<DataPlane, 'capabilities' | 'polled' | 'renderings' | 'textType'>
  >;
  readonly probes: Pick<NodeProbes, 'nodes' | 'subscribe'>;
  readonly rollouts: Pick<RolloutDriver, 'readings' | 'before' | 'subscribe'>;
  /** Bearer token; undefined: REST is on loopback alone. */
  readonly token: string | undefined;
  /** Opens what nodes fetch, and nothing else; undefined: the token above does. */
  readonly nodeToken?: string | undefined;
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer } | undefined;
  readonly ready: () => boolean;
  readonly log: FastifyBaseLogger;
  readonly clock: () => Date;
  /** Undefined: nodes of that kind have none. */
  readonly renderBootstrap: (request: BootstrapRequest) => string | undefined;
}
