import type { Compiled, DataPlane } from '../dataplanes/data-plane.ts';
import { DEFAULT_PACE } from '../model/fleet.ts';
import type { Ppm } from '../model/percent.ts';
import type { State } from '../model/state.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { FleetDelivery, type FleetOutlet } from './fleet-delivery.ts';
import { FleetLoads } from './fleet-loads.ts';
import type { NodeRecord } from './node-record.ts';
import { FleetPercents, type Percents } from './percents.ts';
import type { NodeState } from './types.ts';
import type { Version } from './version.ts';

/** One fleet with a configuration: its nodes, what each is on, and what they report. */
export class Fleet {
  readonly name: string;
  readonly dataPlane: DataPlane;
  /** Connected nodes. */
  readonly members = new Set<NodeRecord>();
  readonly delivery: FleetDelivery;
  readonly loads = new FleetLoads();
  percents: FleetPercents;
  /** The revision that made the structure that is wanted what it is. */
  structureRevision = 0;
  /** When its loads were told last; epoch milliseconds. */
  toldLoadAt = 0;
  #readBack: Readonly<Record<string, string>> = {};
  #structure = '';
  readonly #made = new WeakMap<Compiled, Map<Percents, Compiled>>();

  constructor(
    name: string,
    dataPlane: DataPlane,
    state: State,
    outlet: Omit<FleetOutlet, 'snapshotOn' | 'members'>,
  ) {
    this.name = name;
    this.dataPlane = dataPlane;
    this.percents = new FleetPercents(state, name);
    this.delivery = new FleetDelivery(name, {
      ...outlet,
      members: () => this.members,
      snapshotOn: (node, version) => this.snapshotOn(node, version),
    });
  }

  publish(state: State, compiled: Compiled): void {
    this.percents = new FleetPercents(state, this.name);
    this.loads.keep(this.percents.mirrors);
    this.#readBack = state.fleet.get(this.name)?.value.readBack ?? {};
    this.delivery.pace = state.fleet.get(this.name)?.value.pace ?? DEFAULT_PACE;
    if (compiled.structure !== this.#structure) this.structureRevision = state.revision;
    this.#structure = compiled.structure;
    this.delivery.publish(state.revision, compiled);
    this.loads.follow(this.delivery);
  }

  /** Where the node's own API is. */
  addressOf({ id }: NodeRecord): string | undefined {
    return Object.hasOwn(this.#readBack, id) ? this.#readBack[id] : this.#readBack['*'];
  }

  /** The percent in force on the node; undefined while that is not known. */
  effectivePercent(node: NodeRecord, mirror: string): Ppm | undefined {
    const percent = this.dataPlane.effectivePercent(mirror, node.acked());
    if (percent === undefined || percent === 0) return percent;
    const limit = this.dataPlane.limitOf?.(mirror, node.traits());
    return limit === undefined ? percent : Math.min(percent, limit);
  }

  /** What the node is to have. */
  wantedBy(node: NodeRecord): Snapshot | undefined {
    return node.base && this.snapshotOn(node, node.base);
  }

  snapshotOn(node: NodeRecord, version: Version): Snapshot | undefined {
    if (node.variant === undefined) return undefined;
    return this.#withPercents(version.compiled, this.percents.of(node.id)).snapshot(node.variant);
  }

  /** What is pushed to a node of that id; without one, to those in every share. */
  compiledFor(node: string | undefined): Compiled | undefined {
    const base = this.delivery.goal?.compiled;
    if (base === undefined) return undefined;
    if (node !== undefined) {
      const record = [...this.members].find(({ id }) => id === node);
      return this.#withPercents(record?.base?.compiled ?? base, this.percents.of(node));
    }
    return this.#withPercents(base, this.percents.ofChosen());
  }

  #withPercents(compiled: Compiled, percents: Percents): Compiled {
    const made = this.#made.get(compiled) ?? new Map<Percents, Compiled>();
    this.#made.set(compiled, made);
    const known = made.get(percents);
    if (known !== undefined) return known;
    // Those of earlier revisions are not asked for again.
    if (made.size > 64) made.clear();
    const next = compiled.withPercents(percents);
    made.set(percents, next);
    return next;
  }

  /** Against what the fleet should have now. */
  stateOf(node: NodeRecord): NodeState {
    if (this.isRefusing(node)) return 'rejected';
    const change = this.delivery.change;
    return change !== undefined && node.base !== change.version ? 'pending' : node.state();
  }

  /** It is this node that the structure that is wanted was taken back for. */
  isRefusing(node: NodeRecord): boolean {
    const refusal = this.delivery.refusal;
    return refusal?.typeUrl !== undefined && refusal.node === node.id;
  }
}
