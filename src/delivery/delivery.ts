import type { Compiled, DataPlane } from '../dataplanes/data-plane.ts';
import type { State } from '../model/state.ts';
import type { Verdict } from '../model/verdict.ts';
import type { TypeSnapshot } from '../snapshot/snapshot.ts';
import type { ClusterLoad, LoadReportObserver } from '../xds/load-reports.ts';
import type { NodeInfo, StreamObserver, XdsStream } from '../xds/types.ts';
import { Confirmations, type Refused } from './confirmations.ts';
import { Fleet } from './fleet.ts';
import { Fleets } from './fleets.ts';
import { Inspector } from './inspector.ts';
import { unproven } from './judge.ts';
import { LoadWatch } from './load-watch.ts';
import type { NodeRecord, TypeRecord } from './node-record.ts';
import { Nodes } from './nodes.ts';
import { type Poll, Polls } from './polls.ts';
import type { Ask } from './read-backs.ts';
import { type Timers, SYSTEM_TIMERS } from './timers.ts';
import type { DeliveryEvent, DeliverySummary, Harm } from './types.ts';
import { makeVersion } from './version.ts';
import { Waiters } from './waiters.ts';

export interface DeliveryOptions {
  /** By the fleet's `dataPlane`. */
  readonly dataPlanes: ReadonlyMap<string, DataPlane>;
  readonly timers?: Timers;
  /** How often nodes report their load while nothing is watched, in milliseconds. */
  readonly loadReportIntervalMs?: number;
  /** Told what became of a structure, to be kept. */
  readonly onVerdict?: (verdict: Verdict) => void;
  /** Told of mirrors that do harm as they are in force, and of which the structure is a good one. */
  readonly onHarm?: (harm: Harm) => void;
  /** How nodes' own APIs are asked what is in force. */
  readonly ask?: Ask;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

/** What is known of a fleet from before a restart. */
export interface FleetMemory {
  readonly verdicts: readonly Verdict[];
  /** The last good structure, where the latest is not known to be. */
  readonly good?: { readonly revision: number; readonly compiled: Compiled };
}

/** Which node gets which snapshot, and what the nodes said of it. */
export class Delivery implements StreamObserver, LoadReportObserver {
  /** How all of it stands. */
  readonly inspector: Inspector;
  readonly #fleets: Fleets;
  readonly #timers: Timers;
  readonly #log: DeliveryOptions['log'];
  readonly #onVerdict: (verdict: Verdict) => void;
  readonly #onHarm: (harm: Harm) => void;
  readonly #nodes = new Nodes();
  readonly #waiters: Waiters;
  readonly #listeners = new Set<(event: DeliveryEvent) => void>();
  readonly #loads: LoadWatch;
  readonly #confirmations: Confirmations;
  readonly #polls: Polls;
  /** Told when nodes are to report at another interval. */
  onIntervals: () => void = () => undefined;

  constructor(options: DeliveryOptions) {
    this.#timers = options.timers ?? SYSTEM_TIMERS;
    this.#fleets = new Fleets(options.dataPlanes, (name, dataPlane, state) =>
      this.#makeFleet(name, dataPlane, state),
    );
    this.#log = options.log;
    this.#loads = new LoadWatch({
      timers: this.#timers,
      intervalMs: options.loadReportIntervalMs ?? 10_000,
      tell: (event) => this.#emit(event),
    });
    this.#onVerdict = options.onVerdict ?? (() => undefined);
    this.#onHarm = options.onHarm ?? (() => undefined);
    this.inspector = new Inspector(this.#fleets, this.#nodes, () => this.#timers.now());
    this.#waiters = new Waiters((node) => this.#fleets.stateOf(node));
    this.#polls = new Polls(this, this.#timers);
    this.#confirmations = new Confirmations({
      fleets: this.#fleets,
      timers: this.#timers,
      ask: options.ask ?? (() => Promise.reject(new Error('nothing can be asked'))),
      applied: (node, record, type) => this.#acknowledged(node, record, type),
      refused: (node, record, type, finding) => this.#refusedInForce(node, record, type, finding),
      changed: (node) => this.#given(node),
      log: this.#log,
    });
  }

  #makeFleet(name: string, dataPlane: DataPlane, state: State): Fleet {
    const fleet: Fleet = new Fleet(name, dataPlane, state, {
      timers: this.#timers,
      serve: (node) => this.#serve(node),
      moved: () => this.#moved(fleet),
      judged: (verdict) => this.#judged(verdict),
      unproven: (change) => unproven(fleet, change, this.#timers.now()),
    });
    return fleet;
  }

  /** Takes over what was accepted (at the start: all that is stored, with what is remembered) and has it converge. */
  publish(
    state: State,
    compiled: ReadonlyMap<string, Compiled | undefined>,
    memory: ReadonlyMap<string, FleetMemory> = new Map(),
  ): void {
    // A fleet comes with its config and goes with it; its nodes may be there before and after.
    let others = false;
    for (const [name, made] of compiled) {
      const known = this.#fleets.get(name);
      if (made === undefined) {
        this.#fleets.delete(name);
        others ||= known !== undefined;
        continue;
      }
      const fleet = this.#fleets.obtain(name, state);
      others ||= fleet !== known;
      if (fleet === undefined) continue;
      const { verdicts = [], good } = memory.get(name) ?? {};
      if (memory.has(name))
        fleet.delivery.remember(verdicts, good && makeVersion(good.revision, good.compiled));
      fleet.publish(state, made);
    }
    if (this.#fleets.regroup(state) || others) for (const node of this.#nodes.values()) this.#place(node);
    for (const name of compiled.keys()) {
      const fleet = this.#fleets.get(name);
      for (const node of fleet?.members ?? []) {
        this.#serve(node);
        this.#confirmations.look(node);
      }
      if (fleet !== undefined) this.#lookAtAll(fleet);
    }
  }

  opened(stream: XdsStream): void {
    const { node: info } = stream;
    const now = this.#timers.now();
    const node = this.#nodes.came(info, now);
    const joins = !node.connected;
    if (joins) node.connect(now);
    else this.#warnOfTwins(node, stream);
    node.info = info;
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
    const missing = node.missing();
    if (missing.length > 0) {
      this.#log.warn(
        { node: node.id, fleet: node.fleet, missing },
        'node asks for what names others, and not for these',
      );
    }
  }

  sent(stream: XdsStream, type: TypeSnapshot): void {
    const record = this.#nodes.get(stream.node.id)?.record(type.typeUrl, stream);
    if (record === undefined) return;
    record.sent = type;
    record.sentAt = this.#timers.now();
    record.pending = true;
  }

  /** What is the same under another name takes no time and is no event. */
  settled(stream: XdsStream, type: TypeSnapshot): void {
    const node = this.#nodes.get(stream.node.id);
    const record = node?.record(type.typeUrl, stream);
    if (node === undefined || record === undefined || this.#confirmations.take(node, record, type)) return;
    if (record.acked === undefined) record.ackedAt = this.#timers.now();
    record.acked = type;
    this.#has(node, record);
  }

  acked(stream: XdsStream, type: TypeSnapshot): void {
    const node = this.#nodes.get(stream.node.id);
    const record = node?.record(type.typeUrl, stream);
    if (node === undefined || record === undefined || this.#confirmations.take(node, record, type)) return;
    this.#acknowledged(node, record, type);
  }

  #acknowledged(node: NodeRecord, record: TypeRecord, type: TypeSnapshot): void {
    record.acked = type;
    record.ackedAt = this.#timers.now();
    this.#has(node, record);
    const { typeUrl, version } = type;
    this.#emit({ kind: 'acked', node: node.id, fleet: node.fleet, typeUrl, version });
  }

  #has(node: NodeRecord, record: TypeRecord): void {
    const fleet = this.#fleets.get(node.fleet);
    if (fleet?.isRefusing(node) !== true) record.rejected = undefined;
    record.pending = false;
    fleet?.delivery.acked(node);
    this.#waiters.look(node);
  }

  /** It was given something that nothing can tell of. */
  #given(node: NodeRecord): void {
    this.#fleets.get(node.fleet)?.delivery.acked(node);
    this.#waiters.look(node);
  }

  rejected(stream: XdsStream, type: TypeSnapshot, message: string): void {
    const node = this.#nodes.get(stream.node.id);
    const record = node?.record(type.typeUrl, stream);
    if (node !== undefined && record !== undefined) this.#refused(node, record, type, message);
  }

  #refused(node: NodeRecord, record: TypeRecord, type: TypeSnapshot, message: string): void {
    record.rejected = { type, at: this.#timers.now(), message };
    node.hasRejections = true;
    record.pending = false;
    const { typeUrl, version } = type;
    this.#log.warn(
      { node: node.id, fleet: node.fleet, typeUrl, version, message },
      'node rejected resources and keeps the old',
    );
    this.#emit({ kind: 'rejected', node: node.id, fleet: node.fleet, typeUrl, version, message });
    this.#fleets.get(node.fleet)?.delivery.refused(node, type, message);
    this.#waiters.look(node);
  }

  /** It has it in force all the same; where no structure can be taken back for it somebody else has to end it. */
  #refusedInForce(node: NodeRecord, record: TypeRecord, type: TypeSnapshot, finding: Refused): void {
    const { message, harmful = [] } = finding;
    this.#refused(node, record, type, message);
    const fleet = this.#fleets.get(node.fleet);
    if (fleet === undefined || fleet.delivery.refusal !== undefined || harmful.length === 0) return;
    this.#onHarm({ fleet: fleet.name, node: node.id, mirrors: harmful, message });
  }

  closed(stream: XdsStream): void {
    const node = this.#nodes.get(stream.node.id);
    if (node === undefined || !node.streams.has(stream)) return;
    node.leave(stream);
    this.#waiters.look(node);
    if (node.connected) return this.#choose(node);
    this.#confirmations.forget(node);
    this.#leaveFleet(node);
    this.#nodes.went(node, this.#timers.now());
    this.#log.info({ node: node.id, fleet: node.fleet }, 'node disconnected');
    this.#emit({ kind: 'node-disconnected', node: node.id, fleet: node.fleet });
  }

  #leaveFleet(node: NodeRecord): void {
    const fleet = this.#fleets.get(node.fleet);
    if (fleet?.members.delete(node) === true) fleet.delivery.leave(node);
  }

  /** A node fetches its document. Undefined: there is none for it, and it must keep what it has. */
  poll(fleet: string, poll: Poll): Buffer | undefined {
    const polled = this.#fleets.get(fleet)?.dataPlane.polled;
    const document = polled && this.#polls.poll(poll, polled);
    const node = this.#nodes.get(poll.node.id);
    if (node !== undefined) node.polledAt = this.#timers.now();
    return document;
  }

  reported(info: NodeInfo, loads: readonly ClusterLoad[], intervalMs: number | undefined): void {
    const node = this.#nodes.get(info.id);
    const fleet = this.#fleets.get(node?.fleet);
    if (node !== undefined && fleet !== undefined) this.#loads.reported(fleet, node, loads, intervalMs);
  }

  reportInterval(node: NodeInfo): number {
    return this.#loads.intervalOf(this.#fleets.get(this.#fleets.fleetOf(node)));
  }

  /** These fleets' nodes are to report often; `who` wants it, instead of what it wanted before. */
  watchFor(who: string, fleets: ReadonlySet<string>): void {
    if (this.#loads.watchFor(who, fleets)) this.onIntervals();
  }

  #moved(fleet: Fleet): void {
    this.#lookAtAll(fleet);
    this.onIntervals();
    this.#emit({ kind: 'delivery', fleet: fleet.name, ...this.inspector.statusOf(fleet) });
  }

  #lookAtAll(fleet: Fleet): void {
    for (const node of fleet.members) this.#waiters.look(node);
  }

  #judged(verdict: Verdict): void {
    if (verdict.verdict === 'rejected') {
      this.#log.warn(verdict, 'a change was taken back from the nodes that had it');
    }
    if (verdict.verdict === 'good') this.#log.info(verdict, 'every node has the change');
    this.#onVerdict(verdict);
  }

  /** Puts a node into its fleet. */
  #place(node: NodeRecord): void {
    const name = this.#fleets.fleetOf(node.info);
    if (node.fleet !== name) {
      this.#leaveFleet(node);
      if (name !== undefined) node.base = undefined;
    }
    node.fleet = name;
    this.#waiters.look(node);
    if (!node.connected) return;
    this.#fleets.get(name)?.members.add(node);
    this.#choose(node);
  }

  /** What a node asks for decides which variant it gets. */
  #choose(node: NodeRecord): void {
    node.variant = this.#fleets.variantFor(node) ?? node.variant;
    if (node.types.size > 0) this.#fleets.get(node.fleet)?.delivery.join(node);
    this.#serve(node);
  }

  #serve(node: NodeRecord): void {
    node.wanted = this.#fleets.wantedBy(node);
    if (this.#fleets.get(node.fleet)?.isRefusing(node) !== true) node.forgetRejections();
    for (const stream of node.streams) stream.serve(node.wanted);
  }

  /** Answers when every connected node of these fleets acknowledged or rejected what it should have, or at the timeout. */
  async waitAcked(
    fleets: readonly string[],
    options: { readonly timeoutMs: number; readonly revision?: number; readonly signal?: AbortSignal },
  ): Promise<DeliverySummary> {
    const timeout = AbortSignal.timeout(options.timeoutMs);
    const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
    const pending = this.#fleets.connected(fleets).filter((node) => this.#fleets.stateOf(node) === 'pending');
    await this.#waiters.wait(new Set(fleets), pending, signal);
    return this.inspector.summary(fleets, options.revision);
  }

  /** `listener` is told of what happens to nodes. Returns what ends that. */
  subscribe(listener: (event: DeliveryEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #emit(event: DeliveryEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Calls off everything that is waited for. */
  stop(): void {
    this.#polls.stop();
    this.#confirmations.stop();
    this.#fleets.stop();
  }
}
