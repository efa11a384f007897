import type { Polled } from '../dataplanes/data-plane.ts';
import type { Snapshot, TypeSnapshot } from '../snapshot/snapshot.ts';
import type { NodeInfo, StreamObserver, XdsStream } from '../xds/types.ts';
import type { Timers } from './timers.ts';

/** A node that asks for its document. */
export interface Poll {
  readonly node: NodeInfo;
  /** IP address. */
  readonly peer: string;
}

/** Nobody asked for so long, or for four times as long as it usually takes: it is gone. */
const GONE_MS = { shortest: 15_000, longest: 90_000 };
const MISSED = 4;
/** A caller that makes ids up cannot fill the memory. */
const MAX_NODES = 10_000;

/** Nodes that fetch their document over HTTP, as streams: what they are served is what they get next time. */
export class Polls {
  readonly #observer: StreamObserver;
  readonly #timers: Timers;
  readonly #streams = new Map<string, PolledStream>();
  #count = 0;

  constructor(observer: StreamObserver, timers: Timers) {
    this.#observer = observer;
    this.#timers = timers;
  }

  /** What this node is to have; undefined while there is nothing, and it must keep what it has. */
  poll({ node, peer }: Poll, { typeUrl }: Polled): Buffer | undefined {
    const stream = this.#streamOf(node, peer, typeUrl);
    if (stream === undefined) return undefined;
    stream.callOff();
    stream.callOff = this.#timers.after(stream.goneAfter(this.#timers.now()), () => this.#end(stream));
    const type = stream.snapshot?.types.get(typeUrl);
    const document = type?.resources.values().next().value;
    if (type === undefined || document === undefined) return undefined;
    if (stream.sent?.version === type.version) {
      stream.sent = type;
      this.#observer.settled(stream, type);
    } else {
      stream.sent = type;
      this.#observer.sent(stream, type);
      this.#observer.acked(stream, type);
    }
    return document.body;
  }

  #streamOf(node: NodeInfo, peer: string, typeUrl: string): PolledStream | undefined {
    const known = this.#streams.get(node.id);
    if (known?.peer === peer && known.node.cluster === node.cluster) return known;
    if (known === undefined && this.#streams.size >= MAX_NODES) return undefined;
    this.#count -= 1;
    const stream = new PolledStream(this.#count, node, peer, typeUrl);
    this.#streams.set(node.id, stream);
    this.#observer.opened(stream);
    this.#observer.subscribed(stream, typeUrl);
    // The newer first, so that the node is never gone between the two.
    if (known !== undefined) this.#end(known);
    return stream;
  }

  #end(stream: PolledStream): void {
    stream.callOff();
    if (this.#streams.get(stream.node.id) === stream) this.#streams.delete(stream.node.id);
    this.#observer.closed(stream);
  }

  stop(): void {
    for (const stream of this.#streams.values()) stream.callOff();
    this.#streams.clear();
  }
}

class PolledStream implements XdsStream {
  /** Below zero: apart from those of connections. */
  readonly id: number;
  readonly node: NodeInfo;
  readonly peer: string;
  readonly protocol = 'poll';
  readonly #typeUrl: string;
  snapshot: Snapshot | undefined;
  /** What it fetched last. */
  sent: TypeSnapshot | undefined;
  callOff: () => void = () => undefined;
  #askedAt: number | undefined;
  /** The longest time between two questions of late. */
  #usualMs = 0;

  constructor(id: number, node: NodeInfo, peer: string, typeUrl: string) {
    this.id = id;
    this.node = node;
    this.peer = peer;
    this.#typeUrl = typeUrl;
  }

  /** It asks now; how long it may be silent, in milliseconds. */
  goneAfter(now: number): number {
    if (this.#askedAt !== undefined) this.#usualMs = Math.max(now - this.#askedAt, this.#usualMs * 0.9);
    this.#askedAt = now;
    return Math.min(GONE_MS.longest, Math.max(GONE_MS.shortest, MISSED * this.#usualMs));
  }

  subscriptions(): ReadonlyMap<string, ReadonlySet<string>> {
    return new Map([[this.#typeUrl, new Set(['*'])]]);
  }

  declared(): boolean | undefined {
    return undefined;
  }

  serve(snapshot: Snapshot | undefined): void {
    this.snapshot = snapshot;
  }
}
