import type { ResourceRef, Snapshot, TypeSnapshot } from '../snapshot/snapshot.ts';
import { DeltaType } from './delta-type.ts';
import { expiringOf } from './diff.ts';
import { SotwType } from './sotw-type.ts';
import { type SubscriptionPool, WILDCARD } from './subscription.ts';
import type { Hold, Outlet, TypeSync } from './type-sync.ts';
import type { DeltaRequest, NodeInfo, SotwRequest, StreamObserver, XdsStream } from './types.ts';

/** More types than Envoy has; a client cannot make us keep state without end. */
const MAX_TYPES = 64;

export interface StreamSetup {
  readonly id: number;
  readonly node: NodeInfo;
  readonly peer: string;
  readonly pool: SubscriptionPool;
  readonly observer: StreamObserver;
  write(bytes: Buffer): void;
  /** It is served what ends by itself: `keepAlive` is to be called from now on. */
  expires(): void;
}

/**
 * A discovery stream: converges what the client has to what it is served, one unacknowledged response per type, in the
 * order of the snapshot's types, removals last.
 */
abstract class DiscoveryStream<
  S extends TypeSync,
  R extends { readonly typeUrl: string },
> implements XdsStream {
  abstract readonly protocol: 'sotw' | 'delta';
  readonly id: number;
  readonly node: NodeInfo;
  readonly peer: string;
  readonly #setup: StreamSetup;
  readonly #types = new Map<string, S>();
  #snapshot: Snapshot | undefined;
  /** What was served when the client last refused some of it. */
  #refusedIn: Snapshot | undefined;
  /** What to send again of types not yet asked for. */
  #renewals: Map<string, Set<string>> | undefined;
  #closed = false;
  #keptAliveAt = -Infinity;

  constructor(setup: StreamSetup) {
    this.id = setup.id;
    this.node = setup.node;
    this.peer = setup.peer;
    this.#setup = setup;
  }

  protected abstract makeType(typeUrl: string, outlet: Outlet): S;
  protected abstract receiveOn(state: S, request: R): boolean;

  open(): void {
    this.#setup.observer.opened(this);
  }

  receive(request: R): void {
    if (this.#closed) return;
    const { typeUrl } = request;
    let state = this.#types.get(typeUrl);
    if (state === undefined) {
      if (this.#types.size >= MAX_TYPES) return;
      state = this.makeType(typeUrl, this.#outlet());
      this.#types.set(typeUrl, state);
      for (const name of this.#renewals?.get(typeUrl) ?? []) state.renew(name);
      this.#renewals?.delete(typeUrl);
    }
    if (this.receiveOn(state, request)) this.#setup.observer.subscribed(this, typeUrl);
    const goal = this.#snapshot?.types.get(typeUrl);
    if (goal?.order !== 'independent') this.#pump();
    else state.advance(goal, 'none');
  }

  serve(snapshot: Snapshot | undefined): void {
    if (snapshot === this.#snapshot) return;
    this.#snapshot = snapshot;
    if (snapshot !== undefined && expiryOf(snapshot) < Infinity) this.#setup.expires();
    this.#pump();
  }

  declared(type: TypeSnapshot): boolean | undefined {
    return this.#types.get(type.typeUrl)?.declares(type);
  }

  /**
   * Sends again what would end, when a third of the shortest time is over. `now`: milliseconds of a clock that is never
   * set. False when nothing that is served ends by itself.
   */
  keepAlive(now: number): boolean {
    const snapshot = this.#snapshot;
    const ttlMs = snapshot === undefined ? Infinity : expiryOf(snapshot);
    if (ttlMs === Infinity) return false;
    if (now - this.#keptAliveAt < ttlMs / 3) return true;
    this.#keptAliveAt = now;
    for (const state of this.#types.values()) state.keepAlive();
    this.#pump();
    return true;
  }

  subscriptions(): ReadonlyMap<string, ReadonlySet<string>> {
    return new Map(
      [...this.#types].map(([typeUrl, { subscription }]) => [
        typeUrl,
        subscription.wildcard ? new Set([...subscription.names, WILDCARD]) : subscription.names,
      ]),
    );
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#snapshot = undefined;
    this.#refusedIn = undefined;
    for (const state of this.#types.values()) state.release();
    this.#types.clear();
    this.#setup.observer.closed(this);
  }

  #outlet(): Outlet {
    const { observer, pool } = this.#setup;
    return {
      pool,
      write: (bytes) => this.#setup.write(bytes),
      sent: (type) => observer.sent(this, type),
      acked: (type) => observer.acked(this, type),
      settled: (type) => observer.settled(this, type),
      rejected: (type, message, again) => {
        if (!again && type.order !== 'independent') this.#refusedIn = this.#snapshot;
        observer.rejected(this, type, message);
      },
      resend: (refs, update) => this.#renew(refs, update),
    };
  }

  #renew(refs: readonly ResourceRef[], update: boolean): void {
    for (const { typeUrl, name } of refs) {
      const state = this.#types.get(typeUrl);
      if (state !== undefined) state.renew(name);
      // A client that connects again may say of the other type that it has all of it.
      else if (update) this.#remember(typeUrl, name);
    }
  }

  #remember(typeUrl: string, name: string): void {
    this.#renewals ??= new Map();
    const names = this.#renewals.get(typeUrl) ?? new Set();
    this.#renewals.set(typeUrl, names.add(name));
  }

  #pump(): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    let gate: Hold = 'none';
    for (const goal of snapshot.types.values()) {
      const state = this.#types.get(goal.typeUrl);
      if (state === undefined) continue;
      if (goal.order === 'independent') {
        state.advance(goal, 'none');
        continue;
      }
      state.advance(goal, this.#holdOf(goal, gate));
      const standing = state.standing(goal);
      if (standing === 'busy') gate = 'unsettled';
      else if (standing === 'refused' && gate === 'none') gate = 'refused';
    }
    if (gate === 'none') this.#remove(snapshot);
  }

  /** What changed together with something refused is held back with it; what is new since goes. */
  #holdOf(goal: TypeSnapshot, gate: Hold): Hold {
    if (gate !== 'refused') return gate;
    return this.#refusedIn?.types.get(goal.typeUrl)?.version === goal.version ? 'refused' : 'none';
  }

  /** One type after the other, each when the one before is acknowledged. */
  #remove(snapshot: Snapshot): void {
    const goals = removalOrder(snapshot);
    // A client drops names by itself with what named them: these need no removal then.
    for (const wildcard of [true, false]) {
      for (const goal of goals) {
        const state = this.#types.get(goal.typeUrl);
        if (state === undefined || state.subscription.wildcard !== wildcard) continue;
        state.remove(goal);
        if (state.pending) return;
      }
    }
  }
}

const expiries = new WeakMap<Snapshot, number>();

/** The shortest time to live in it, milliseconds; Infinity when nothing ends. */
function expiryOf(snapshot: Snapshot): number {
  let found = expiries.get(snapshot);
  if (found === undefined) {
    found = Math.min(...[...snapshot.types.values()].map((type) => expiringOf(type).ttlMs));
    expiries.set(snapshot, found);
  }
  return found;
}

const removalOrders = new WeakMap<Snapshot, readonly TypeSnapshot[]>();

/** Types whose removals come last, what names others before these. */
function removalOrder(snapshot: Snapshot): readonly TypeSnapshot[] {
  let order = removalOrders.get(snapshot);
  if (order === undefined) {
    order = [...snapshot.types.values()].filter((goal) => goal.order === 'named').reverse();
    removalOrders.set(snapshot, order);
  }
  return order;
}

export class SotwStream extends DiscoveryStream<SotwType, SotwRequest> {
  readonly protocol = 'sotw';

  protected override makeType(typeUrl: string, outlet: Outlet): SotwType {
    return new SotwType(typeUrl, outlet);
  }

  protected override receiveOn(state: SotwType, request: SotwRequest): boolean {
    return state.receive(request);
  }
}

export class DeltaStream extends DiscoveryStream<DeltaType, DeltaRequest> {
  readonly protocol = 'delta';

  protected override makeType(typeUrl: string, outlet: Outlet): DeltaType {
    return new DeltaType(typeUrl, outlet);
  }

  protected override receiveOn(state: DeltaType, request: DeltaRequest): boolean {
    return state.receive(request);
  }
}
