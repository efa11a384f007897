import type { DataPlane } from '../dataplanes/data-plane.ts';
import type { State } from '../model/state.ts';
import type { NodeInfo } from '../xds/types.ts';
import type { Fleet } from './fleet.ts';
import type { NodeRecord } from './node-record.ts';
import type { NodeState } from './types.ts';

type Make = (name: string, dataPlane: DataPlane, state: State) => Fleet;

/** The fleets that have a configuration, and which nodes are whose. */
export class Fleets {
  readonly #dataPlanes: ReadonlyMap<string, DataPlane>;
  readonly #make: Make;
  readonly #fleets = new Map<string, Fleet>();
  #byCluster: ReadonlyMap<string, string> = new Map();

  constructor(dataPlanes: ReadonlyMap<string, DataPlane>, make: Make) {
    this.#dataPlanes = dataPlanes;
    this.#make = make;
  }

  get(name: string | undefined): Fleet | undefined {
    return name === undefined ? undefined : this.#fleets.get(name);
  }

  /** The fleet, made if need be; undefined when it is not in `state`. */
  obtain(name: string, state: State): Fleet | undefined {
    const known = this.#fleets.get(name);
    const kind = state.fleet.get(name)?.value.dataPlane;
    const dataPlane = kind === undefined ? undefined : this.#dataPlanes.get(kind);
    if (dataPlane === undefined) return undefined;
    if (known?.dataPlane === dataPlane) return known;
    const made = this.#make(name, dataPlane, state);
    for (const node of known?.members ?? []) {
      node.base = undefined;
      made.members.add(node);
    }
    known?.delivery.stop();
    this.#fleets.set(name, made);
    return made;
  }

  delete(name: string): void {
    this.#fleets.get(name)?.delivery.stop();
    this.#fleets.delete(name);
  }

  /** True when nodes may belong to other fleets than before. */
  regroup(state: State): boolean {
    const before = this.#byCluster;
    this.#byCluster = new Map([...state.fleet.values()].map(({ value }) => [value.nodeCluster, value.name]));
    return (
      before.size !== this.#byCluster.size ||
      [...before].some(([cluster, fleet]) => this.#byCluster.get(cluster) !== fleet)
    );
  }

  fleetOf({ id, cluster }: NodeInfo): string | undefined {
    if (cluster !== '') return this.#byCluster.get(cluster);
    for (const dataPlane of this.#dataPlanes.values()) {
      const fleet = this.get(this.#byCluster.get(dataPlane.clusterOf?.(id) ?? ''));
      if (fleet?.dataPlane === dataPlane) return fleet.name;
    }
    return undefined;
  }

  /** The variant that a node needs, by what all of its streams ask for. */
  variantFor(node: NodeRecord): string | undefined {
    return this.get(node.fleet)?.dataPlane.variantFor(node.traits());
  }

  limitations(node: NodeRecord): readonly string[] {
    const fleet = this.get(node.fleet);
    if (fleet === undefined || node.variant === undefined) return [];
    const missing = node.missing().map(forgotten);
    if (missing.length > 0) return missing;
    return fleet.dataPlane.limitations(node.variant, node.traits(), fleet.percents.mirrors);
  }

  /** Connected nodes of these fleets. */
  connected(fleets: Iterable<string>): readonly NodeRecord[] {
    return [...new Set(fleets)].flatMap((fleet) => [...(this.get(fleet)?.members ?? [])]);
  }

  /** Against what its fleet should have now. */
  stateOf(node: NodeRecord): NodeState {
    return this.get(node.fleet)?.stateOf(node) ?? 'pending';
  }

  wantedBy(node: NodeRecord): NodeRecord['wanted'] {
    const fleet = this.get(node.fleet);
    if (fleet !== undefined) return fleet.wantedBy(node);
    // No fleet is its own any more: it keeps what it has, and copies nothing.
    if (node.base === undefined || node.variant === undefined) return undefined;
    return node.base.compiled.withPercents(new Map()).snapshot(node.variant);
  }

  stop(): void {
    for (const fleet of this.#fleets.values()) fleet.delivery.stop();
  }
}

function forgotten(typeUrl: string): string {
  const type = typeUrl.slice(typeUrl.lastIndexOf('.') + 1);
  return `it asks for what names ${type} resources, and has not asked for these: they do not reach it; restart it`;
}
