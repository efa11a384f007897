import type { Delivery } from '../../../src/delivery/delivery.ts';
import type { Timers } from '../../../src/delivery/timers.ts';
import { FULL } from '../../../src/model/percent.ts';
import type { Snapshot, TypeSnapshot } from '../../../src/snapshot/snapshot.ts';
import type { ClusterLoad } from '../../../src/xds/load-reports.ts';
import type { XdsStream } from '../../../src/xds/types.ts';
import { MIRROR_TYPE } from '../fake-data-plane.ts';
import type { Random } from './random.ts';

export const FLEET = 'edge';
export const MIRROR = 'm';

/** What a node does with what it was sent, after so many milliseconds. `vanish`: its connection dies. */
export interface Reaction {
  readonly afterMs: number;
  readonly does: 'ack' | 'nack' | 'vanish' | 'nothing';
}

/** How the world is for a node. */
export interface Surroundings {
  readonly time: Timers;
  readonly random: Random;
  reactionTo(node: SimulatedNode, type: TypeSnapshot): Reaction;
  /** Share of copies, and of primary requests, that fail. */
  failures(node: SimulatedNode): { readonly copies: number; readonly primaries: number };
  /** Told before the control plane hears of it. */
  sent(node: SimulatedNode, type: TypeSnapshot): void;
  refused(node: SimulatedNode, type: TypeSnapshot): void;
  vanished(node: SimulatedNode, type: TypeSnapshot): void;
}

/** A data plane that takes what it is sent, reports its load, and loses its connection now and then. */
export class SimulatedNode {
  readonly id: string;
  /** Primary requests a second. */
  readonly rate: number;
  /** What it works by; kept while it is not connected. */
  applied: TypeSnapshot | undefined;
  /** The percent that it was sent in which run of which life of a plan; see the rules. */
  stepOf: string | undefined;
  readonly #world: Surroundings;
  #stream: SimulatedStream | undefined;
  #connections = 0;

  constructor(id: string, world: Surroundings, rate: number) {
    this.id = id;
    this.#world = world;
    this.rate = rate;
  }

  get isConnected(): boolean {
    return this.#stream !== undefined;
  }

  /** Whether it refused just what it is to have, and waits for better. */
  get isRefusing(): boolean {
    return this.#stream?.isRefusing === true;
  }

  get percent(): number | undefined {
    return this.applied?.labels.get(MIRROR);
  }

  connect(delivery: Delivery): void {
    if (this.#stream !== undefined) return;
    this.#connections += 1;
    this.#stream = new SimulatedStream(this, this.#world, delivery, this.#connections);
    this.#stream.open();
  }

  /** `isHeard`: the control plane learns of it; it does not when it is the one that died. */
  disconnect(isHeard = true): void {
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.end(isHeard);
  }
}

let streams = 0;

/** One connection. Like a real one it has at most one response open, and goes on to the newest after its answer. */
class SimulatedStream implements XdsStream {
  readonly id = (streams += 1);
  readonly protocol = 'delta';
  readonly node: XdsStream['node'];
  readonly peer: string;
  readonly #owner: SimulatedNode;
  readonly #world: Surroundings;
  readonly #delivery: Delivery;
  #isOpen = false;
  #wanted: TypeSnapshot | undefined;
  #inFlight: TypeSnapshot | undefined;
  #declared: TypeSnapshot | undefined;
  #known: TypeSnapshot | undefined;
  /** After a refusal it is not known what the node has: it is sent all of what it is to have then. */
  #refused: TypeSnapshot | undefined;
  #told: TypeSnapshot | undefined;
  #reportedAt: number;

  constructor(owner: SimulatedNode, world: Surroundings, delivery: Delivery, connection: number) {
    this.#owner = owner;
    this.#world = world;
    this.#delivery = delivery;
    this.#declared = owner.applied;
    this.#known = owner.applied;
    this.#reportedAt = world.time.now();
    this.node = { id: owner.id, cluster: FLEET, version: '1.40.0' };
    this.peer = `${owner.id}:${connection}`;
  }

  get isRefusing(): boolean {
    return this.#refused !== undefined && this.#refused.version === this.#wanted?.version;
  }

  open(): void {
    this.#delivery.opened(this);
    // What it is to have counts from when it asks for it.
    this.#isOpen = true;
    this.#delivery.subscribed(this, MIRROR_TYPE);
    this.#reportIn();
  }

  end(isHeard: boolean): void {
    this.#isOpen = false;
    if (this.#inFlight !== undefined) this.#world.vanished(this.#owner, this.#inFlight);
    if (isHeard) this.#delivery.closed(this);
  }

  subscriptions(): ReadonlyMap<string, ReadonlySet<string>> {
    return new Map([[MIRROR_TYPE, new Set(['*'])]]);
  }

  declared(type: TypeSnapshot): boolean {
    return this.#declared?.version === type.version;
  }

  serve(snapshot: Snapshot | undefined): void {
    this.#wanted = snapshot?.types.get(MIRROR_TYPE);
    this.#goOn();
  }

  #goOn(): void {
    const wanted = this.#wanted;
    if (!this.#isOpen || wanted === undefined || this.#inFlight !== undefined || this.isRefusing) return;
    if (this.#known?.version === wanted.version && this.#refused === undefined) return this.#settle(wanted);
    this.#inFlight = wanted;
    this.#world.sent(this.#owner, wanted);
    this.#delivery.sent(this, wanted);
    const { afterMs, does } = this.#world.reactionTo(this.#owner, wanted);
    if (does !== 'nothing') this.#world.time.after(afterMs, () => this.#react(wanted, does));
  }

  #settle(wanted: TypeSnapshot): void {
    this.#declared = undefined;
    if (this.#told?.version === wanted.version) return;
    this.#told = wanted;
    this.#delivery.settled(this, wanted);
  }

  #react(type: TypeSnapshot, does: Reaction['does']): void {
    if (!this.#isOpen) return;
    if (does === 'vanish') return this.#owner.disconnect();
    this.#inFlight = undefined;
    if (does === 'nack') {
      this.#refused = type;
      this.#world.refused(this.#owner, type);
      this.#delivery.rejected(this, type, `${this.node.id} cannot do that`);
    } else {
      this.#refused = undefined;
      this.#declared = undefined;
      this.#known = type;
      this.#told = type;
      this.#owner.applied = type;
      this.#delivery.acked(this, type);
    }
    this.#goOn();
  }

  #reportIn(): void {
    const interval = this.#delivery.reportInterval(this.node);
    // Not all at one instant.
    const ms = interval * (0.9 + this.#world.random.next() * 0.1);
    this.#world.time.after(Math.ceil(ms / 10) * 10, () => {
      if (!this.#isOpen) return;
      const now = this.#world.time.now();
      this.#delivery.reported(this.node, this.#loads(now - this.#reportedAt), now - this.#reportedAt);
      this.#reportedAt = now;
      this.#reportIn();
    });
  }

  #loads(ms: number): readonly ClusterLoad[] {
    const { random } = this.#world;
    const { copies, primaries } = this.#world.failures(this.#owner);
    const requests = Math.round((this.#owner.rate * ms) / 1000);
    const copied = random.binomial(requests, (this.#owner.percent ?? 0) / FULL);
    const load = (cluster: string, issued: number, failing: number): ClusterLoad => {
      const failed = random.binomial(issued, failing);
      return { cluster, issued, succeeded: issued - failed, failed, inProgress: 0, dropped: 0 };
    };
    const primary = load(`p-${MIRROR}`, requests, primaries);
    return copied === 0 ? [primary] : [primary, load(MIRROR, copied, copies)];
  }
}
