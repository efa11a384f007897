/** What load reports and acknowledgements say of a mirror, summed over a group of nodes and a span of time. */
export interface GroupTotals {
  /** Nodes in the group that are connected, and those of them with at least one report in the span. */
  readonly nodes: number;
  readonly reporting: number;
  readonly copies: CopyTotals;
  /** Undefined where the counters cannot tell which primary requests are the mirror's. */
  readonly primary?: PrimaryTotals;
}

export interface CopyTotals {
  /** Put on a connection. */
  readonly sent: number;
  readonly succeeded: number;
  readonly failed: number;
  /** By limits, before they were sent. */
  readonly dropped: number;
  /** Under way at the latest reports. */
  readonly inFlight: number;
  /** What the percent in force should have made of the primary requests. Undefined where these are not known. */
  readonly expected?: number;
}

export interface PrimaryTotals {
  readonly requests: number;
  readonly errors: number;
  /** Sum over load reports of the requests under way at their ends, times the seconds each covers. */
  readonly requestSeconds: number;
  /** Variance of that sum, were the requests under way a Poisson sample. */
  readonly variance: number;
}

export const NO_COPIES: CopyTotals = Object.freeze({
  sent: 0,
  succeeded: 0,
  failed: 0,
  dropped: 0,
  inFlight: 0,
});

export const NO_PRIMARY: PrimaryTotals = Object.freeze({
  requests: 0,
  errors: 0,
  requestSeconds: 0,
  variance: 0,
});
