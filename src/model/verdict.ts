/** What became of a fleet's structure (everything but percents) on its nodes. Kept with the history. */
export interface Verdict {
  readonly fleet: string;
  /** The revision that first had the structure. */
  readonly revision: number;
  /** Hash of the structure. */
  readonly structure: string;
  /**
   * `begun`: it is on its way. `good`: every node has it, and nothing got worse. `rejected`: it was taken back, and is
   * never sent again.
   */
  readonly verdict: 'begun' | 'good' | 'rejected';
  /** ISO 8601, UTC. */
  readonly time: string;
  /** Of a rejection: the node, the type of resource where one was refused, and the words for it. */
  readonly node?: string;
  readonly typeUrl?: string;
  readonly message?: string;
}
