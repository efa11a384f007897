import type { Snapshot, TypeSnapshot } from '../snapshot/snapshot.ts';
import type { ClusterLoad } from '../xds/load-reports.ts';
import type { NodeInfo, XdsStream } from '../xds/types.ts';
import type { NodeStatus, TypeStatus } from './types.ts';

/** Where one type stands on a node. Times in epoch milliseconds. */
export interface TypeRecord {
  /** The stream that asked last: what others still say of the type is old. */
  readonly owner: number;
  sent: TypeSnapshot | undefined;
  sentAt: number;
  acked: TypeSnapshot | undefined;
  ackedAt: number;
  rejected: { readonly type: TypeSnapshot; readonly at: number; readonly message: string } | undefined;
  /** Whether a response is out. */
  pending: boolean;
}

/** Copies of one mirror, summed since the node connected. */
export interface LoadRecord {
  copies: number;
  errors: number;
  inProgress: number;
  dropped: number;
}

/** One data plane, over all of its streams. */
export class NodeRecord {
  readonly id: string;
  info: NodeInfo;
  fleet: string | undefined;
  variant: string | undefined;
  /** What it should have; undefined while it has no fleet with a config. */
  wanted: Snapshot | undefined;
  connectedAt: number;
  disconnectedAt: number | undefined;
  readonly streams = new Set<XdsStream>();
  readonly types = new Map<string, TypeRecord>();
  readonly loads = new Map<string, LoadRecord>();
  lastReport: number | undefined;

  constructor(info: NodeInfo, now: number) {
    this.id = info.id;
    this.info = info;
    this.connectedAt = now;
  }

  get connected(): boolean {
    return this.streams.size > 0;
  }

  /** What it had before is not known of a process that connects: it is read back anew. */
  connect(info: NodeInfo, now: number): void {
    this.info = info;
    this.connectedAt = now;
    this.disconnectedAt = undefined;
    this.types.clear();
    this.loads.clear();
    this.lastReport = undefined;
  }

  own(typeUrl: string, stream: XdsStream): void {
    if (this.types.get(typeUrl)?.owner === stream.id) return;
    this.types.set(typeUrl, {
      owner: stream.id,
      sent: undefined,
      sentAt: 0,
      acked: undefined,
      ackedAt: 0,
      rejected: undefined,
      pending: false,
    });
  }

  record(typeUrl: string, stream: XdsStream): TypeRecord | undefined {
    const found = this.types.get(typeUrl);
    return found?.owner === stream.id ? found : undefined;
  }

  /** Against what it should have now. */
  state(): NodeStatus['state'] {
    const { wanted } = this;
    if (wanted === undefined || this.types.size === 0) return 'pending';
    let [rejected, waits] = [false, false];
    for (const [typeUrl, record] of this.types) {
      const target = wanted.types.get(typeUrl);
      if (target === undefined) continue;
      // A rejection of what was sent earlier says nothing while something newer is out.
      if (record.pending) return 'pending';
      if (record.acked?.version === target.version) continue;
      if (record.rejected === undefined) waits = true;
      else rejected = true;
    }
    // What waits behind a rejected type is not sent until that is set right.
    if (rejected) return 'rejected';
    return waits ? 'pending' : 'acked';
  }

  /** What it acknowledged, by type. */
  acked(): ReadonlyMap<string, TypeSnapshot> {
    const found = new Map<string, TypeSnapshot>();
    for (const [typeUrl, { acked }] of this.types) if (acked !== undefined) found.set(typeUrl, acked);
    return found;
  }

  addLoad(mirror: string, load: ClusterLoad): void {
    const sum = this.loads.get(mirror) ?? { copies: 0, errors: 0, inProgress: 0, dropped: 0 };
    sum.copies += load.succeeded + load.failed;
    sum.errors += load.failed;
    sum.inProgress = load.inProgress;
    sum.dropped += load.dropped;
    this.loads.set(mirror, sum);
  }

  status(): NodeStatus {
    return {
      id: this.id,
      cluster: this.info.cluster,
      fleet: this.fleet,
      version: this.info.version,
      connected: this.connected,
      variant: this.variant,
      state: this.state(),
      connectedAt: iso(this.connectedAt),
      ...(this.disconnectedAt !== undefined && { disconnectedAt: iso(this.disconnectedAt) }),
      types: [...this.types].map(([typeUrl, record]) => typeStatus(typeUrl, record)),
    };
  }
}

function typeStatus(typeUrl: string, { sent, sentAt, acked, ackedAt, rejected }: TypeRecord): TypeStatus {
  return {
    typeUrl,
    ...(sent && { sent: { version: sent.version, at: iso(sentAt) } }),
    ...(acked && { acked: { version: acked.version, at: iso(ackedAt) } }),
    ...(rejected && {
      rejected: { version: rejected.type.version, at: iso(rejected.at), message: rejected.message },
    }),
  };
}

export function iso(epochMs: number): string {
  return new Date(epochMs).toISOString();
}
