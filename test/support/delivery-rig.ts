import type { Compiled } from '../../src/dataplanes/data-plane.ts';
import { Delivery, type FleetMemory } from '../../src/delivery/delivery.ts';
import type { Inspector } from '../../src/delivery/inspector.ts';
import type { DeliveryEvent } from '../../src/delivery/types.ts';
import { checkMirror } from '../../src/model/check-mirror.ts';
import { checkTarget } from '../../src/model/check-target.ts';
import { EMPTY_STATE, applyChanges, mirrorsOf, type State } from '../../src/model/state.ts';
import type { Snapshot, TypeSnapshot } from '../../src/snapshot/snapshot.ts';
import type { XdsStream } from '../../src/xds/types.ts';
import { VirtualTimers } from './virtual-timers.ts';
import { FakeDataPlane, MIRROR_TYPE } from './fake-data-plane.ts';

/** A stream that does what the test says; it is sent what it is served. */
export class FakeStream implements XdsStream {
  static #count = 0;
  readonly id = (FakeStream.#count += 1);
  readonly protocol = 'delta';
  readonly node: XdsStream['node'];
  readonly peer: string;
  served: Snapshot | undefined;
  readonly #delivery: Delivery;
  #sent: TypeSnapshot | undefined;

  constructor(
    delivery: Delivery,
    id: string,
    cluster: string,
    peer = `127.0.0.1:${1000 + FakeStream.#count}`,
  ) {
    this.#delivery = delivery;
    this.node = { id, cluster, version: '1.40.0' };
    this.peer = peer;
    delivery.opened(this);
    delivery.subscribed(this, MIRROR_TYPE);
  }

  /** What it asks for. */
  readonly names = new Set(['*']);
  /** What it says that it had when it connected. */
  has: TypeSnapshot | undefined;

  declared(type: TypeSnapshot): boolean {
    return this.has?.version === type.version;
  }

  serve(snapshot: Snapshot | undefined): void {
    this.served = snapshot;
    const type = snapshot?.types.get(MIRROR_TYPE);
    if (type === undefined || type.version === this.#sent?.version) return;
    this.#sent = type;
    this.#delivery.sent(this, type);
  }

  subscriptions(): ReadonlyMap<string, ReadonlySet<string>> {
    return new Map([[MIRROR_TYPE, this.names]]);
  }

  ack(): this {
    if (this.#sent === undefined) throw new Error('nothing was sent');
    this.#delivery.acked(this, this.#sent);
    return this;
  }

  nack(message: string): this {
    if (this.#sent === undefined) throw new Error('nothing was sent');
    this.#delivery.rejected(this, this.#sent, message);
    return this;
  }

  close(): void {
    this.#delivery.closed(this);
  }
}

interface PublishOptions {
  readonly nodeCluster?: string;
  readonly host?: string;
  /** A header that copies go without: another structure, and the same target. */
  readonly without?: string;
  /** From an earlier life. */
  readonly memory?: FleetMemory;
}

/** A delivery with clock, log and events of the test's own. */
export class DeliveryRig {
  readonly timers = new VirtualTimers();
  readonly events: DeliveryEvent[] = [];
  readonly said: string[] = [];
  readonly delivery: Delivery;
  readonly plane = new FakeDataPlane();
  #state: State = EMPTY_STATE;

  constructor() {
    const say = (_fields: object, message: string): void => void this.said.push(message);
    this.delivery = new Delivery({
      dataPlanes: new Map([['envoy', this.plane]]),
      timers: this.timers,
      log: { info: say, warn: say },
    });
    this.delivery.subscribe((event) => this.events.push(event));
  }

  get inspector(): Inspector {
    return this.delivery.inspector;
  }

  /** A fleet with a config and one mirror `NAME-m` at this percent. */
  publish(
    fleet: string,
    percent: number,
    { nodeCluster = fleet, host = 'wallarm', without, memory }: PublishOptions = {},
  ): Compiled {
    const target = checkTarget('wallarm', { endpoints: [{ host, port: 8445 }] });
    const mirror = checkMirror(`${fleet}-m`, {
      ...{ fleet, target: 'wallarm', percent },
      ...(without !== undefined && { copy: { removeHeaders: [without] } }),
    });
    if (!target.ok || !mirror.ok) throw new Error('a sample is bad');
    this.#state = applyChanges(this.#state, this.#state.revision + 1, [
      {
        kind: 'fleet',
        name: fleet,
        before: undefined,
        after: { name: fleet, dataPlane: 'envoy', nodeCluster },
      },
      { kind: 'target', name: 'wallarm', before: undefined, after: target.value },
      { kind: 'mirror', name: mirror.value.name, before: undefined, after: mirror.value },
    ]);
    const config = this.plane.readConfig('{}', 'json', { fleet, adopt: false });
    const stored = this.#state.fleet.get(fleet)?.value;
    if (!config.ok || stored === undefined) throw new Error('a sample is bad');
    const compiled = this.plane.compile({
      fleet: stored,
      config: config.value,
      mirrors: mirrorsOf(this.#state, fleet),
    });
    if (!compiled.ok) throw new Error('a sample is bad');
    this.delivery.publish(
      this.#state,
      new Map([[fleet, compiled.value]]),
      memory && new Map([[fleet, memory]]),
    );
    return compiled.value;
  }

  /** A fleet that has no config, or none any more. */
  bare(fleet: string): void {
    const after = { name: fleet, dataPlane: 'envoy', nodeCluster: fleet };
    this.#state = applyChanges(this.#state, this.#state.revision + 1, [
      { kind: 'fleet', name: fleet, before: this.#state.fleet.get(fleet)?.value, after },
    ]);
    this.delivery.publish(this.#state, new Map([[fleet, undefined]]));
  }

  remove(fleet: string): void {
    const before = this.#state.fleet.get(fleet)?.value;
    this.#state = applyChanges(this.#state, this.#state.revision + 1, [
      { kind: 'fleet', name: fleet, before, after: undefined },
    ]);
    this.delivery.publish(this.#state, new Map([[fleet, undefined]]));
  }

  node(id: string, cluster = 'edge', peer?: string): FakeStream {
    return new FakeStream(this.delivery, id, cluster, peer);
  }

  state(id: string): string | undefined {
    return this.inspector.node(id)?.state;
  }
}
