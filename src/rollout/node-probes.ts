import { isDeepStrictEqual } from 'node:util';
import type { Control } from '../control/control.ts';
import type { Publication } from '../control/types.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Timers } from '../delivery/timers.ts';
import { evidence } from '../model/node-evidence.ts';
import type { CopyEvidence, NodeEvidence } from '../model/node-evidence.ts';
import { unwell } from '../model/node-health.ts';
import type { NodeHealth, Unwell } from '../model/node-health.ts';
import type { NodeView } from '../model/node-status.ts';
import type { Mirror } from '../model/mirror.ts';
import type { Endpoint, Target } from '../model/target.ts';
import { NodeWatch } from './node-watch.ts';
import type { Fetch } from './prometheus.ts';

export interface NodeProbesOptions {
  readonly control: Control;
  readonly delivery: Delivery;
  readonly timers: Timers;
  readonly fetch: Fetch;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** An edge that has not reported for so many intervals is silent. */
const LATE_REPORTS = 4;

/** A node of a target became well, or unwell, by its own healthcheck. */
export interface NodeHealthEvent {
  readonly target: string;
  readonly host: string;
  readonly port: number;
  readonly healthy: boolean | null;
  readonly reason: string | null;
}

/** Asks the nodes of all targets that want it, and says what they said. Lost with the process, and asked again. */
export class NodeProbes {
  readonly #options: NodeProbesOptions;
  readonly #watches = new Map<string, NodeWatch>();
  readonly #listeners = new Set<(event: NodeHealthEvent) => void>();
  /** By target: when something was last written that changes which copies it gets. */
  readonly #writtenAt = new Map<string, number>();
  #unsubscribe: (() => void) | undefined;

  constructor(options: NodeProbesOptions) {
    this.#options = options;
  }

  start(): void {
    const { control } = this.#options;
    this.#unsubscribe = control.subscribe((publication) => {
      this.#noteWrites(publication);
      if (publication.changes.some(({ kind }) => kind === 'target')) this.#watchAll();
    });
    this.#watchAll();
  }

  stop(): void {
    this.#unsubscribe?.();
    for (const watch of this.#watches.values()) watch.stop();
    this.#watches.clear();
  }

  subscribe(listener: (event: NodeHealthEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Of a target that is a Wallarm node, whether it is asked anything or not. */
  nodes(target: string): readonly NodeView[] | undefined {
    const found = this.#options.control.state.target.get(target)?.value;
    if (found?.kind === undefined) return undefined;
    return this.#watches.get(target)?.nodes ?? found.endpoints;
  }

  unwell(target: string): Unwell | undefined {
    const watch = this.#watches.get(target);
    return watch && unwell(watch.health);
  }

  /** What the nodes of a target counted since `from`, epoch milliseconds. */
  evidence(target: string, from: number): NodeEvidence | undefined {
    const watch = this.#watches.get(target);
    const intervalMs = watch?.target.node?.status?.intervalMs;
    if (watch === undefined || intervalMs === undefined) return undefined;
    const { timers } = this.#options;
    const copies = this.#copies(target, from);
    return evidence({ rounds: watch.rounds, from, now: timers.now(), intervalMs, copies });
  }

  /** A reading that began before a target was changed tells of the old one. */
  #watchAll(): void {
    const { control, timers, fetch, log } = this.#options;
    for (const [name, watch] of this.#watches) {
      if (isSame(watch.target, control.state.target.get(name)?.value)) continue;
      watch.stop();
      this.#watches.delete(name);
    }
    for (const { value: target } of control.state.target.values()) {
      if (target.node === undefined || this.#watches.has(target.name)) continue;
      const onHealth = (endpoint: Endpoint, health: NodeHealth): void => this.#tell(target, endpoint, health);
      const onError = (error: unknown): void =>
        log.warn({ err: error, target: target.name }, 'a node could not be asked');
      const watch = new NodeWatch(target, { timers, fetch, onHealth, onError });
      this.#watches.set(target.name, watch);
      watch.start();
    }
  }

  #tell({ name: target }: Target, { host, port }: Endpoint, health: NodeHealth): void {
    const event = { target, host, port, healthy: health.healthy ?? null, reason: health.reason ?? null };
    if (health.healthy === true) this.#options.log.info(event, 'a node is healthy');
    else this.#options.log.warn(event, 'a node is not healthy, by its own healthcheck');
    for (const listener of this.#listeners) listener(event);
  }

  /** Nodes drop what they count across a change, so that copies are not known around it. */
  #noteWrites({ changes, fleets, state }: Publication): void {
    const now = this.#options.timers.now();
    for (const { value } of state.mirror.values()) {
      if (fleets.has(value.fleet)) this.#writtenAt.set(value.target, now);
    }
    for (const { kind, before } of changes) {
      if (kind === 'mirror' && before !== undefined) this.#writtenAt.set(before.target, now);
    }
  }

  /** Copies of all mirrors of all fleets to a target. */
  #copies(target: string, from: number): CopyEvidence | string {
    const { control, delivery, timers } = this.#options;
    const points = new Map<number, number>();
    let [reportMs, inFlight] = [0, 0];
    for (const { value: mirror } of control.state.mirror.values()) {
      if (mirror.target !== target) continue;
      const everyMs = this.#reportMs(mirror);
      reportMs = Math.max(reportMs, everyMs);
      const lately = Math.max(from, timers.now() - LATE_REPORTS * everyMs);
      const view = delivery.inspector.view(mirror.fleet, mirror.name, lately);
      const groups = view === undefined ? [] : [view.chosen, view.rest];
      const silent = groups.reduce((sum, { nodes, reporting }) => sum + nodes - reporting, 0);
      if (silent > 0) return `${silent} nodes of fleet ${mirror.fleet} have not reported their copies`;
      inFlight += groups.reduce((sum, { copies }) => sum + copies.inFlight, 0);
      for (const { at, copies } of delivery.inspector.load(mirror.fleet, mirror.name)?.points(from) ?? []) {
        points.set(at, (points.get(at) ?? 0) + copies.sent);
      }
    }
    return {
      steadySince: this.#writtenAt.get(target) ?? 0,
      points: [...points].map(([at, sent]) => ({ at, sent })),
      ...{ reportMs, inFlight },
    };
  }

  #reportMs({ fleet }: Mirror): number {
    const cluster = this.#options.control.state.fleet.get(fleet)?.value.nodeCluster ?? '';
    return this.#options.delivery.reportInterval({ id: '', cluster, version: undefined });
  }
}

function isSame(a: Target, b: Target | undefined): boolean {
  return isDeepStrictEqual([a.endpoints, a.node], [b?.endpoints, b?.node]);
}
