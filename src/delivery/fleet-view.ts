import type { Compiled, DataPlane } from '../dataplanes/data-plane.ts';
import type { State } from '../model/state.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { NodeRecord } from './node-record.ts';

/** What fleets there are and what each has compiled: answers which snapshot a node gets. */
export class FleetView {
  readonly #dataPlanes: ReadonlyMap<string, DataPlane>;
  readonly #compiled = new Map<string, Compiled>();
  #byCluster: ReadonlyMap<string, string> = new Map();
  #dataPlaneOf: ReadonlyMap<string, string> = new Map();

  constructor(dataPlanes: ReadonlyMap<string, DataPlane>) {
    this.#dataPlanes = dataPlanes;
  }

  /** True when nodes may belong to other fleets than before. */
  update(state: State, compiled: ReadonlyMap<string, Compiled | undefined>): boolean {
    for (const [fleet, made] of compiled) {
      if (made === undefined) this.#compiled.delete(fleet);
      else this.#compiled.set(fleet, made);
    }
    const fleets = [...state.fleet.values()].map(({ value }) => value);
    const before = this.#byCluster;
    this.#byCluster = new Map(fleets.map(({ name, nodeCluster }) => [nodeCluster, name]));
    this.#dataPlaneOf = new Map(fleets.map(({ name, dataPlane }) => [name, dataPlane]));
    return (
      before.size !== this.#byCluster.size ||
      [...before].some(([cluster, fleet]) => this.#byCluster.get(cluster) !== fleet)
    );
  }

  fleetOf(cluster: string): string | undefined {
    return this.#byCluster.get(cluster);
  }

  dataPlane(fleet: string | undefined): DataPlane | undefined {
    const kind = fleet === undefined ? undefined : this.#dataPlaneOf.get(fleet);
    return kind === undefined ? undefined : this.#dataPlanes.get(kind);
  }

  /** The variant that a node needs, by what all of its streams ask for. */
  variantFor(node: NodeRecord): string | undefined {
    const subscriptions = new Map<string, Set<string>>();
    for (const stream of node.streams) {
      for (const [typeUrl, names] of stream.subscriptions()) {
        const all = subscriptions.get(typeUrl) ?? new Set();
        subscriptions.set(typeUrl, all);
        for (const name of names) all.add(name);
      }
    }
    return this.dataPlane(node.fleet)?.variantFor({ version: node.info.version, subscriptions });
  }

  snapshot(fleet: string | undefined, variant: string | undefined): Snapshot | undefined {
    if (fleet === undefined || variant === undefined) return undefined;
    return this.#compiled.get(fleet)?.snapshot(variant);
  }
}
