/** Where one type of resource stands on one node. */
export interface TypeStatus {
  readonly typeUrl: string;
  /** Version last sent, acknowledged, rejected; ISO 8601 times. */
  readonly sent?: { readonly version: string; readonly at: string };
  readonly acked?: { readonly version: string; readonly at: string };
  /** The node's own words. Cleared when a newer version is acknowledged. */
  readonly rejected?: { readonly version: string; readonly at: string; readonly message: string };
}

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
  readonly state: 'acked' | 'rejected' | 'pending';
  readonly connectedAt: string;
  readonly disconnectedAt?: string;
  readonly types: readonly TypeStatus[];
}

/** Connected nodes of the fleets asked about, against what they should have now. */
export interface DeliverySummary {
  readonly nodes: number;
  readonly acked: number;
  readonly rejected: number;
  readonly pending: number;
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
  };
  /** From the nodes' load reports; null until there is one. */
  readonly observed: ObservedLoad | null;
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
    };
