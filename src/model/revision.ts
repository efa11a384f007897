/** One difference. `object` is `mirrors/edge-wallarm`; `path` is an RFC 6901 pointer into its REST form. */
export interface DiffEntry {
  readonly object: string;
  readonly op: 'add' | 'remove' | 'replace';
  readonly path: string;
  readonly before?: unknown;
  readonly after?: unknown;
  /** Of a text (`path` is `/text`): a unified diff. */
  readonly patch?: string;
}

/** One accepted write. */
export interface Revision {
  readonly revision: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly author: string;
  readonly reason: string | undefined;
  readonly diff: readonly DiffEntry[];
}
