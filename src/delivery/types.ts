import type { StepDelivery } from '../model/gates.ts';
import type { GroupTotals } from '../model/observation.ts';
import type { Verdict } from '../model/verdict.ts';

/** Where one type of resource stands on one node. */
export interface TypeStatus {
  readonly typeUrl: string;
  /** Version last sent, acknowledged, rejected; ISO 8601 times. */
  readonly sent?: { readonly version: string; readonly at: string };
  /** What the node says it has, where its word is no proof. */
  readonly taken?: { readonly version: string };
  readonly acked?: { readonly version: string; readonly at: string };
  /** The node's own words. Cleared when a newer version is acknowledged. */
  readonly rejected?: { readonly version: string; readonly at: string; readonly message: string };
}

/** `unconfirmed`: it was given all of it, and nothing tells whether that is in force. */
export type NodeState = 'acked' | 'rejected' | 'pending' | 'unconfirmed';

export interface NodeStatus {
  readonly id: string;
  readonly cluster: string;
  /** Undefined while no fleet has the node's cluster. */
  readonly fleet: string | undefined;
  /** Of the data plane, as it says: `1.40.0`. */
  readonly version: string | undefined;
  readonly connected: boolean;
  /** Which form of the configuration it gets. */
  readonly variant: string | undefined;
  /** Against what the fleet should have now. */
  readonly state: NodeState;
  readonly connectedAt: string;
  readonly disconnectedAt?: string;
  /** When it asked last, of a node that polls. */
  readonly polledAt?: string;
  /** Of what its fleet's mirrors want, what this node cannot do, in words. */
  readonly limitations: readonly string[];
  readonly types: readonly TypeStatus[];
  /** What its own API said last of what is in force, where it is asked. */
  readonly readBack?: {
    readonly state: 'applied' | 'other' | 'refused' | 'unreachable';
    readonly at: string;
    readonly message?: string;
  };
}

/** Connected nodes of the fleets asked about, against what they should have now. */
export interface DeliverySummary {
  readonly nodes: number;
  readonly acked: number;
  readonly rejected: number;
  readonly pending: number;
  /** Of nodes that cannot be read back; absent where there are none. */
  readonly unconfirmed?: number;
  /** Why the write was taken back from the nodes that had it. */
  readonly verdict?: Verdict;
}

/** Where a fleet's structure (everything but percents) stands on its nodes. */
export interface FleetStatus {
  /**
   * `settled`: all have the good one. `delivering`: a change goes from wave to wave. `watching`: all have it, and the
   * errors of the primaries are watched. `rejected`: what was written last was taken back; nodes have the good one.
   */
  readonly state: 'settled' | 'delivering' | 'watching' | 'rejected';
  /** The revision of the structure that nodes are to have now. Null before the first was acknowledged by all. */
  readonly good: number | null;
  /** The change under way: its revision, the nodes that were given it, and those that have not acknowledged it. */
  readonly change?: {
    readonly revision: number;
    readonly nodes: number;
    readonly waiting: number;
    /** What has to be seen before more nodes get it. */
    readonly unproven?: string;
  };
  readonly rejected?: Verdict;
  /** Connected nodes. */
  readonly nodes: number;
}

/** What a mirror's load reports and acknowledgements say of one group of its fleet's nodes, for gates. */
export interface MirrorView {
  readonly delivery: StepDelivery;
  readonly chosen: GroupTotals;
  readonly rest: GroupTotals;
}

export interface MirrorStatus {
  /** Mean over connected nodes of the percent each acknowledged; null when no node is connected. */
  readonly effectivePercent: number | null;
  /** How many connected nodes acknowledged which percent; `null` where that is not known yet. */
  readonly effective: readonly { readonly percent: number | null; readonly nodes: number }[];
  readonly nodes: {
    readonly total: number;
    readonly acked: number;
    readonly rejected: number;
    readonly pending: number;
    readonly unconfirmed?: number;
  };
  /** What was written last was taken back: nodes have the fleet's last good one, of the target too. */
  readonly rejected?: Verdict;
  /** From the nodes' load reports; null until there is one. */
  readonly observed: ObservedLoad | null;
  /** Of the last minute; null where the counters cannot tell. */
  readonly recent: RecentLoad;
}

export interface RecentLoad {
  readonly seconds: number;
  readonly copies: number | null;
  readonly failed: number | null;
  readonly dropped: number | null;
  readonly primaryRequests: number | null;
  readonly primaryErrors: number | null;
  /** Copies per primary request, in percent. */
  readonly sharePercent: number | null;
  /** Copies, of those the percents in force should have made: 1 is all. */
  readonly coverage: number | null;
}

/** Sums over the connected nodes since each connected. */
export interface ObservedLoad {
  readonly reportingNodes: number;
  /** Copies that were answered, failed, and those under way. */
  readonly copies: number;
  readonly errors: number;
  readonly inProgress: number;
  readonly dropped: number;
  /** ISO 8601 time of the latest report. */
  readonly lastReport: string;
}

/** Mirrors that a node has in force and that do harm, in its own words. */
export interface Harm {
  readonly fleet: string;
  readonly node: string;
  readonly mirrors: readonly string[];
  readonly message: string;
}

export type DeliveryEvent =
  | {
      readonly kind: 'node-connected' | 'node-disconnected';
      readonly node: string;
      readonly fleet: string | undefined;
    }
  | {
      readonly kind: 'acked';
      readonly node: string;
      readonly fleet: string | undefined;
      readonly typeUrl: string;
      readonly version: string;
    }
  | {
      readonly kind: 'rejected';
      readonly node: string;
      readonly fleet: string | undefined;
      readonly typeUrl: string;
      readonly version: string;
      /** The node's own words. */
      readonly message: string;
    }
  | ({ readonly kind: 'delivery'; readonly fleet: string } & FleetStatus)
  | ({ readonly kind: 'load'; readonly fleet: string; readonly mirror: string } & RecentLoad);
