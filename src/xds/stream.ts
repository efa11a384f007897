import type { Snapshot, TypeSnapshot } from '../snapshot/snapshot.ts';
import { DeltaType } from './delta-type.ts';
import { SotwType } from './sotw-type.ts';
import { type SubscriptionPool, WILDCARD } from './subscription.ts';
import type { Outlet, TypeState } from './type-state.ts';
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
}

/**
 * A discovery stream: converges what the client has to what it is served, one unacknowledged response per type, in the
 * order of the snapshot's types, removals last.
 */
abstract class DiscoveryStream<
  S extends TypeState,
  R extends { readonly typeUrl: string },
> implements XdsStream {
  abstract readonly protocol: 'sotw' | 'delta';
  readonly id: number;
  readonly node: NodeInfo;
  readonly peer: string;
  readonly #setup: StreamSetup;
  readonly #types = new Map<string, S>();
  #snapshot: Snapshot | undefined;
  #closed = false;

  constructor(setup: StreamSetup) {
    this.id = setup.id;
    this.node = setup.node;
    this.peer = setup.peer;
    this.#setup = setup;
  }

  protected abstract makeType(typeUrl: string, outlet: Outlet): S;
  protected abstract receiveOn(state: S, request: R): boolean;
  protected abstract advance(state: S, target: TypeSnapshot, onlyAsked: boolean): void;

  open(): void {
    this.#setup.observer.opened(this);
  }

  receive(request: R): void {
    let state = this.#types.get(request.typeUrl);
    if (state === undefined) {
      if (this.#types.size >= MAX_TYPES) return;
      state = this.makeType(request.typeUrl, this.#outlet());
      this.#types.set(request.typeUrl, state);
    }
    if (this.receiveOn(state, request)) this.#setup.observer.subscribed(this, request.typeUrl);
    const target = this.#snapshot?.types.get(request.typeUrl);
    if (target?.order !== 'independent') this.#pump();
    else if (!state.pending) this.advance(state, target, false);
  }

  serve(snapshot: Snapshot | undefined): void {
    if (snapshot === this.#snapshot) return;
    this.#snapshot = snapshot;
    this.#pump();
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
      rejected: (type, message) => observer.rejected(this, type, message),
      resend: (refs) => {
        for (const { typeUrl, name } of refs) this.#types.get(typeUrl)?.renew(name);
      },
    };
  }

  #pump(): void {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return;
    let held = false;
    for (const target of snapshot.types.values()) {
      const state = this.#types.get(target.typeUrl);
      if (state === undefined) continue;
      const ordered = target.order !== 'independent';
      if (!state.pending) {
        const onlyAsked = held && ordered;
        if (!onlyAsked || state.mustAnswer) this.advance(state, target, onlyAsked);
      }
      if (ordered && !state.settled(target)) held = true;
    }
    if (!held) this.#remove(snapshot);
  }

  /** What names comes before what is named, and each waits for the acknowledgement of the one before. */
  #remove(snapshot: Snapshot): void {
    for (const target of namedFirst(snapshot)) {
      const state = this.#types.get(target.typeUrl);
      if (state === undefined) continue;
      state.remove(target);
      if (state.pending) return;
    }
  }
}

const reversed = new WeakMap<Snapshot, readonly TypeSnapshot[]>();

/** Types whose removals come last, in the order of removal. */
function namedFirst(snapshot: Snapshot): readonly TypeSnapshot[] {
  const known = reversed.get(snapshot);
  if (known !== undefined) return known;
  const list = [...snapshot.types.values()].filter(({ order }) => order === 'named').reverse();
  reversed.set(snapshot, list);
  return list;
}

export class SotwStream extends DiscoveryStream<SotwType, SotwRequest> {
  readonly protocol = 'sotw';

  protected override makeType(typeUrl: string, outlet: Outlet): SotwType {
    return new SotwType(typeUrl, outlet);
  }

  protected override receiveOn(state: SotwType, request: SotwRequest): boolean {
    return state.receive(request);
  }

  protected override advance(state: SotwType, target: TypeSnapshot): void {
    state.advance(target);
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

  protected override advance(state: DeltaType, target: TypeSnapshot, onlyAsked: boolean): void {
    state.advance(target, onlyAsked);
  }
}
