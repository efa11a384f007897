import type { NodeTraits } from '../dataplanes/data-plane.ts';
import type { Snapshot, TypeSnapshot } from '../snapshot/snapshot.ts';
import type { NodeInfo, XdsStream } from '../xds/types.ts';
import { NodeLoads } from './node-loads.ts';
import type { NodeStatus, TypeStatus } from './types.ts';
import type { Version } from './version.ts';

/** Where one type stands on one stream of a node. Times in epoch milliseconds. */
export interface TypeRecord {
  readonly stream: XdsStream;
  sent: TypeSnapshot | undefined;
  sentAt: number;
  /** What the node says it has, where that is no proof: see {@link ReadBack}. */
  taken: TypeSnapshot | undefined;
  acked: TypeSnapshot | undefined;
  ackedAt: number;
  rejected: { readonly type: TypeSnapshot; readonly at: number; readonly message: string } | undefined;
  /** Whether a response is out. */
  pending: boolean;
}

const NONE: readonly string[] = Object.freeze([]);

/** One data plane, over all of its streams. */
export class NodeRecord {
  readonly id: string;
  info: NodeInfo;
  fleet: string | undefined;
  variant: string | undefined;
  /** The structure it is on; undefined while it has no fleet with a config. */
  base: Version | undefined;
  /** What it should have now; undefined while it has no fleet with a config. */
  wanted: Snapshot | undefined;
  connectedAt: number;
  disconnectedAt: number | undefined;
  readonly streams = new Set<XdsStream>();
  /**
   * By type URL: where each stream that asked for it stands, the latest last. It is the one that counts: when a node
   * connects anew, its old stream may not be known to be dead yet.
   */
  readonly types = new Map<string, readonly TypeRecord[]>();
  readonly loads = new NodeLoads();
  lastReport: number | undefined;
  /** When it fetched its document last, where it is one that does. */
  polledAt: number | undefined;
  /** Whether its own API can be asked what is in force. */
  readable = false;
  /** What that said last. */
  finding:
    | {
        readonly state: 'applied' | 'other' | 'refused' | 'unreachable';
        readonly at: number;
        readonly message?: string;
      }
    | undefined;
  /** Whether any type has a rejection to show. */
  hasRejections = false;
  #missing: { readonly of: Snapshot; readonly types: number; readonly found: readonly string[] } | undefined;

  constructor(info: NodeInfo, now: number) {
    this.id = info.id;
    this.info = info;
    this.connectedAt = now;
  }

  get connected(): boolean {
    return this.streams.size > 0;
  }

  /** What it had before is not known of a process that connects: it is read back anew. */
  connect(now: number): void {
    this.connectedAt = now;
    this.disconnectedAt = undefined;
    this.types.clear();
    this.loads.clear();
    this.lastReport = undefined;
    this.finding = undefined;
  }

  /** Whether it took all that it should have, as far as it asks for it. */
  hasTaken(): boolean {
    const { wanted } = this;
    if (wanted === undefined || this.types.size === 0) return false;
    return [...this.types].every(([typeUrl, records]) => {
      const target = wanted.types.get(typeUrl);
      return target === undefined || records.at(-1)?.taken?.version === target.version;
    });
  }

  /** Where it stands with each type of `snapshot`, of those that it took just so. */
  takenOf(snapshot: Snapshot): readonly (readonly [TypeRecord, TypeSnapshot])[] {
    const found: (readonly [TypeRecord, TypeSnapshot])[] = [];
    for (const [typeUrl, type] of snapshot.types) {
      const record = this.types.get(typeUrl)?.at(-1);
      if (record?.taken?.version === type.version) found.push([record, type]);
    }
    return found;
  }

  /** Whether it said, when it connected, that it has what `next` has and `other` has not. */
  declares(next: Snapshot, other: Snapshot): boolean {
    const said: boolean[] = [];
    for (const [typeUrl, type] of next.types) {
      if (type.order === 'independent' || other.types.get(typeUrl)?.version === type.version) continue;
      const record = this.types.get(typeUrl)?.at(-1);
      const declared = record?.acked === undefined ? record?.stream.declared(type) : undefined;
      if (declared !== undefined) said.push(declared);
    }
    return said.length > 0 && said.every(Boolean);
  }

  /** The structure it has been on since `start` or longer, and with it all it acknowledged; undefined: several, or none. */
  baseSince(start: number): Version | undefined {
    if (start < this.connectedAt) return undefined;
    for (const records of this.types.values()) {
      const record = records.at(-1);
      if (record !== undefined && (record.pending || start < record.ackedAt)) return undefined;
    }
    return this.base;
  }

  /** The stream is gone. What the last of a node's streams said stays to be seen. */
  leave(stream: XdsStream): void {
    this.streams.delete(stream);
    if (!this.connected) return;
    for (const [typeUrl, records] of this.types) {
      const rest = records.filter((record) => record.stream !== stream);
      if (rest.length === 0) this.types.delete(typeUrl);
      else this.types.set(typeUrl, rest);
    }
  }

  /** The stream asked for the type: from now on the type's state is what this stream says of it. */
  own(typeUrl: string, stream: XdsStream): void {
    const records = this.types.get(typeUrl) ?? [];
    if (records.some((record) => record.stream === stream)) return;
    const record = {
      stream,
      sent: undefined,
      sentAt: 0,
      taken: undefined,
      acked: undefined,
      ackedAt: 0,
      rejected: undefined,
      pending: false,
    };
    this.types.set(typeUrl, [...records, record]);
  }

  record(typeUrl: string, stream: XdsStream): TypeRecord | undefined {
    return this.types.get(typeUrl)?.find((record) => record.stream === stream);
  }

  /** Against what it should have now. */
  state(): NodeStatus['state'] {
    const { wanted } = this;
    if (wanted === undefined || this.types.size === 0 || this.missing().length > 0) return 'pending';
    let [rejected, waits, unconfirmed] = [false, false, false];
    for (const [typeUrl, records] of this.types) {
      const target = wanted.types.get(typeUrl);
      const record = records.at(-1);
      if (target === undefined || record === undefined) continue;
      // A rejection of what was sent earlier says nothing while something newer is out.
      if (record.pending) return 'pending';
      if (record.acked?.version === target.version) continue;
      if (record.rejected?.type.version === target.version) rejected = true;
      else if (!this.readable && record.taken?.version === target.version) unconfirmed = true;
      else waits = true;
    }
    // What waits behind a rejected type is not sent until that is set right.
    if (rejected) return 'rejected';
    if (waits) return 'pending';
    return unconfirmed ? 'unconfirmed' : 'acked';
  }

  /**
   * Types that it did not ask for on its streams, though it asks for what names their resources: an Envoy can forget to,
   * and then nothing of them reaches it until it is restarted. https://github.com/envoyproxy/envoy/issues/34334
   */
  missing(): readonly string[] {
    const { wanted } = this;
    if (wanted === undefined) return [];
    if (this.#missing?.of !== wanted || this.#missing.types !== this.types.size) {
      this.#missing = { of: wanted, types: this.types.size, found: this.#findMissing(wanted) };
    }
    return this.#missing.found;
  }

  #findMissing(wanted: Snapshot): readonly string[] {
    let asks = false;
    for (const typeUrl of this.types.keys()) {
      const type = wanted.types.get(typeUrl);
      asks ||= type !== undefined && type.order !== 'independent';
    }
    if (!asks) return NONE;
    const found = [...wanted.types.values()].filter(
      ({ typeUrl, required }) => required === true && !this.types.has(typeUrl),
    );
    return found.length === 0 ? NONE : found.map(({ typeUrl }) => typeUrl);
  }

  /** By what all of its streams ask for. */
  traits(): NodeTraits {
    const subscriptions = new Map<string, Set<string>>();
    for (const stream of this.streams) {
      for (const [typeUrl, names] of stream.subscriptions()) {
        const all = subscriptions.get(typeUrl) ?? new Set();
        subscriptions.set(typeUrl, all);
        for (const name of names) all.add(name);
      }
    }
    return { version: this.info.version, subscriptions };
  }

  /** What it acknowledged, by type. */
  acked(): ReadonlyMap<string, TypeSnapshot> {
    const found = new Map<string, TypeSnapshot>();
    for (const [typeUrl, records] of this.types) {
      const acked = records.at(-1)?.acked;
      if (acked !== undefined) found.set(typeUrl, acked);
    }
    return found;
  }

  /** Words of a rejection that no longer matter, as the node has what it should have. */
  forgetRejections(): void {
    if (!this.hasRejections) return;
    this.hasRejections = false;
    for (const [typeUrl, records] of this.types) {
      const record = records.at(-1);
      if (record === undefined) continue;
      const has = record.acked?.version === this.wanted?.types.get(typeUrl)?.version;
      if (has && !record.pending) record.rejected = undefined;
      this.hasRejections ||= record.rejected !== undefined;
    }
  }

  status(state: NodeStatus['state'], limitations: readonly string[]): NodeStatus {
    return {
      id: this.id,
      cluster: this.info.cluster,
      fleet: this.fleet,
      version: this.info.version,
      connected: this.connected,
      variant: this.variant,
      state,
      connectedAt: iso(this.connectedAt),
      ...(this.disconnectedAt !== undefined && { disconnectedAt: iso(this.disconnectedAt) }),
      ...(this.polledAt !== undefined && { polledAt: iso(this.polledAt) }),
      limitations,
      ...(this.finding && { readBack: { ...this.finding, at: iso(this.finding.at) } }),
      types: [...this.types].map(([typeUrl, records]) => typeStatus(typeUrl, records.at(-1))),
    };
  }
}

function typeStatus(typeUrl: string, record: TypeRecord | undefined): TypeStatus {
  if (record === undefined) return { typeUrl };
  const { sent, sentAt, taken, acked, ackedAt, rejected } = record;
  return {
    typeUrl,
    ...(sent && { sent: { version: sent.version, at: iso(sentAt) } }),
    ...(taken && taken !== acked && { taken: { version: taken.version } }),
    ...(acked && { acked: { version: acked.version, at: iso(ackedAt) } }),
    ...(rejected && {
      rejected: { version: rejected.type.version, at: iso(rejected.at), message: rejected.message },
    }),
  };
}

export function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
