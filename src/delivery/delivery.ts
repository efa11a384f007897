import type { Compiled, DataPlane } from '../dataplanes/data-plane.ts';
import { formatPercent } from '../model/percent.ts';
import type { State } from '../model/state.ts';
import type { TypeSnapshot } from '../snapshot/snapshot.ts';
import type { ClusterLoad, LoadReportObserver } from '../xds/load-reports.ts';
import type { NodeInfo, StreamObserver, XdsStream } from '../xds/types.ts';
import { FleetView } from './fleet-view.ts';
import { NodeRecord, iso } from './node-record.ts';
import type { DeliveryEvent, DeliverySummary, MirrorStatus, NodeStatus, ObservedLoad } from './types.ts';
import { Waiters } from './waiters.ts';

export interface DeliveryOptions {
  /** By the fleet's `dataPlane`. */
  readonly dataPlanes: ReadonlyMap<string, DataPlane>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

/** Disconnected nodes that are still shown. */
const MAX_DISCONNECTED = 10_000;
const MAX_DISCONNECTED_MS = 24 * 3600 * 1000;

/** Which node gets which snapshot, and what the nodes said of it. */
export class Delivery implements StreamObserver, LoadReportObserver {
  readonly #fleets: FleetView;
  readonly #now: () => number;
  readonly #log: DeliveryOptions['log'];
  readonly #nodes = new Map<string, NodeRecord>();
  /** Connected nodes by fleet. */
  readonly #members = new Map<string | undefined, Set<NodeRecord>>();
  readonly #waiters = new Waiters();
  readonly #listeners = new Set<(event: DeliveryEvent) => void>();
  /** Disconnected nodes, the longest gone first. */
  readonly #gone = new Set<NodeRecord>();

  constructor(options: DeliveryOptions) {
    this.#fleets = new FleetView(options.dataPlanes);
    this.#now = options.now;
    this.#log = options.log;
  }

  /** Takes over what was accepted (at the start: all that is stored) and has it converge. */
  publish(state: State, compiled: ReadonlyMap<string, Compiled | undefined>): void {
    const regrouped = this.#fleets.update(state, compiled);
    if (regrouped) for (const node of this.#nodes.values()) this.#place(node);
    for (const fleet of compiled.keys()) {
      for (const node of this.#members.get(fleet) ?? []) this.#serve(node);
    }
  }

  opened(stream: XdsStream): void {
    const { node: info } = stream;
    const now = this.#now();
    const node = this.#nodes.get(info.id) ?? new NodeRecord(info, now);
    this.#nodes.set(info.id, node);
    const joins = !node.connected;
    if (joins) node.connect(now);
    else this.#warnOfTwins(node, stream);
    node.info = info;
    this.#gone.delete(node);
    node.streams.add(stream);
    this.#place(node);
    if (joins) {
      this.#log.info(
        { node: node.id, cluster: info.cluster, fleet: node.fleet, peer: stream.peer },
        'node connected',
      );
      this.#emit({ kind: 'node-connected', node: node.id, fleet: node.fleet });
    }
  }

  #warnOfTwins(node: NodeRecord, stream: XdsStream): void {
    const other = [...node.streams].find(({ peer }) => peer !== stream.peer);
    if (other === undefined) return;
    const fields = { node: node.id, peers: [other.peer, stream.peer] };
    this.#log.warn(fields, 'two connections have the same node id; give each node its own');
  }

  subscribed(stream: XdsStream, typeUrl: string): void {
    const node = this.#nodes.get(stream.node.id);
    if (node === undefined) return;
    node.own(typeUrl, stream);
    this.#choose(node);
  }

  sent(stream: XdsStream, type: TypeSnapshot): void {
    const record = this.#nodes.get(stream.node.id)?.record(type.typeUrl, stream);
    if (record === undefined) return;
    record.sent = type;
    record.sentAt = this.#now();
    record.pending = true;
  }

  acked(stream: XdsStream, type: TypeSnapshot): void {
    const node = this.#nodes.get(stream.node.id);
    const record = node?.record(type.typeUrl, stream);
    if (node === undefined || record === undefined) return;
    record.acked = type;
    record.ackedAt = this.#now();
    record.rejected = undefined;
    record.pending = false;
    this.#waiters.look(node);
    const { typeUrl, version } = type;
    this.#emit({ kind: 'acked', node: node.id, fleet: node.fleet, typeUrl, version });
  }

  rejected(stream: XdsStream, type: TypeSnapshot, message: string): void {
    const node = this.#nodes.get(stream.node.id);
    const record = node?.record(type.typeUrl, stream);
    if (node === undefined || record === undefined) return;
    record.rejected = { type, at: this.#now(), message };
    record.pending = false;
    this.#waiters.look(node);
    const { typeUrl, version } = type;
    this.#log.warn(
      { node: node.id, fleet: node.fleet, typeUrl, version, message },
      'node rejected resources and keeps the old',
    );
    this.#emit({ kind: 'rejected', node: node.id, fleet: node.fleet, typeUrl, version, message });
  }

  closed(stream: XdsStream): void {
    const node = this.#nodes.get(stream.node.id);
    if (node === undefined || !node.streams.has(stream)) return;
    node.leave(stream);
    this.#waiters.look(node);
    if (node.connected) return this.#choose(node);
    node.disconnectedAt = this.#now();
    this.#members.get(node.fleet)?.delete(node);
    this.#gone.add(node);
    this.#forget();
    this.#log.info({ node: node.id, fleet: node.fleet }, 'node disconnected');
    this.#emit({ kind: 'node-disconnected', node: node.id, fleet: node.fleet });
  }

  #forget(): void {
    const oldest = this.#now() - MAX_DISCONNECTED_MS;
    for (const node of this.#gone) {
      if (this.#gone.size <= MAX_DISCONNECTED && (node.disconnectedAt ?? 0) >= oldest) return;
      this.#gone.delete(node);
      this.#nodes.delete(node.id);
    }
  }

  reported(info: NodeInfo, loads: readonly ClusterLoad[]): void {
    const node = this.#nodes.get(info.id);
    const dataPlane = this.#fleets.dataPlane(node?.fleet);
    if (node === undefined || dataPlane === undefined) return;
    node.lastReport = this.#now();
    for (const load of loads) {
      const mirror = dataPlane.mirrorOfCluster(load.cluster);
      if (mirror !== undefined) node.addLoad(mirror, load);
    }
  }

  /** Puts a node into its fleet. */
  #place(node: NodeRecord): void {
    const fleet = this.#fleets.fleetOf(node.info.cluster);
    if (node.fleet !== fleet) this.#members.get(node.fleet)?.delete(node);
    node.fleet = fleet;
    this.#waiters.look(node);
    if (!node.connected) return;
    const members = this.#members.get(fleet) ?? new Set();
    this.#members.set(fleet, members.add(node));
    this.#choose(node);
  }

  /** What a node asks for decides which variant it gets. */
  #choose(node: NodeRecord): void {
    node.variant = this.#fleets.variantFor(node);
    this.#serve(node);
  }

  #serve(node: NodeRecord): void {
    node.wanted = this.#fleets.snapshot(node.fleet, node.variant);
    for (const stream of node.streams) stream.serve(node.wanted);
  }

  nodes(fleet?: string): readonly NodeStatus[] {
    return [...this.#nodes.values()]
      .filter((node) => fleet === undefined || node.fleet === fleet)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map((node) => this.#statusOf(node));
  }

  node(id: string): NodeStatus | undefined {
    const node = this.#nodes.get(id);
    return node === undefined ? undefined : this.#statusOf(node);
  }

  #statusOf(node: NodeRecord): NodeStatus {
    // A node that is away is not served, so nobody told it of its fleet's changes.
    if (!node.connected) node.wanted = this.#fleets.snapshot(node.fleet, node.variant);
    return node.status();
  }

  summary(fleets: Iterable<string>): DeliverySummary {
    const count = { acked: 0, rejected: 0, pending: 0 };
    for (const node of this.#connected(fleets)) count[node.state()] += 1;
    return { nodes: count.acked + count.rejected + count.pending, ...count };
  }

  /** Answers when every connected node of these fleets acknowledged or rejected what it should have, or at the timeout. */
  async waitAcked(
    fleets: readonly string[],
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<DeliverySummary> {
    const timeout = AbortSignal.timeout(options.timeoutMs);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
    const pending = this.#connected(fleets).filter((node) => node.state() === 'pending');
    await this.#waiters.wait(new Set(fleets), pending, signal);
    return this.summary(fleets);
  }

  mirrorStatus(fleet: string, mirror: string): MirrorStatus {
    const dataPlane = this.#fleets.dataPlane(fleet);
    const counts = new Map<number | null, number>();
    const members = this.#connected([fleet]);
    for (const node of members) {
      const ppm = dataPlane?.effectivePercent(mirror, node.acked());
      const percent = ppm === undefined ? null : formatPercent(ppm);
      counts.set(percent, (counts.get(percent) ?? 0) + 1);
    }
    const known = [...counts].filter((entry): entry is [number, number] => entry[0] !== null);
    const nodes = known.reduce((sum, [, count]) => sum + count, 0);
    const mean = known.reduce((sum, [percent, count]) => sum + percent * count, 0) / nodes;
    const { nodes: total, ...rest } = this.summary([fleet]);
    return {
      effectivePercent: nodes === 0 ? null : Math.round(mean * 10_000) / 10_000,
      effective: [...counts].map(([percent, count]) => ({ percent, nodes: count })),
      nodes: { total, ...rest },
      observed: observedLoad(members, mirror),
    };
  }

  /** `listener` is told of what happens to nodes. Returns what ends that. */
  subscribe(listener: (event: DeliveryEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #emit(event: DeliveryEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #connected(fleets: Iterable<string>): readonly NodeRecord[] {
    return [...new Set(fleets)].flatMap((fleet) => [...(this.#members.get(fleet) ?? [])]);
  }
}

function observedLoad(nodes: readonly NodeRecord[], mirror: string): ObservedLoad | null {
  const reporting = nodes.filter(({ lastReport }) => lastReport !== undefined);
  if (reporting.length === 0) return null;
  const sum = { copies: 0, errors: 0, inProgress: 0, dropped: 0 };
  for (const node of reporting) {
    const load = node.loads.get(mirror);
    sum.copies += load?.copies ?? 0;
    sum.errors += load?.errors ?? 0;
    sum.inProgress += load?.inProgress ?? 0;
    sum.dropped += load?.dropped ?? 0;
  }
  const last = Math.max(...reporting.map(({ lastReport }) => lastReport ?? 0));
  return { reportingNodes: reporting.length, ...sum, lastReport: iso(last) };
}
