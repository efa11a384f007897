import type { Revision } from '../model/revision.ts';
import type { Change, State } from '../model/state.ts';
import type { Verdict } from '../model/verdict.ts';

/** One accepted write: stored as a whole or not at all. */
export interface Commit {
  /** Its number is the stored one plus 1. */
  readonly revision: Revision;
  readonly changes: readonly Change[];
  /** Texts that `changes` refer to, by hex SHA-256. A text that is stored already is not stored twice. */
  readonly blobs: ReadonlyMap<string, string>;
}

/** Where the history is kept. Every method throws {@link StoreError} when the data cannot be read or written. */
export interface Store {
  /** The state at the latest revision. */
  load(): Promise<State>;
  /** Resolves when the write is on disk, so that it outlives the process and the machine. */
  commit(commit: Commit): Promise<void>;
  /** A text by its hex SHA-256. */
  blob(digest: string): Promise<string | undefined>;
  /** Newest first: `limit` revisions, those below `before` where it is given. */
  revisions(page: {
    readonly limit: number;
    readonly before?: number | undefined;
  }): Promise<readonly Revision[]>;
  revision(n: number): Promise<Revision | undefined>;
  /** The state as it was right after revision `n`; undefined when there was no such revision. */
  stateAt(n: number): Promise<State | undefined>;
  /** Keeps what nodes made of a structure. Resolves when it is on disk. */
  judge(verdict: Verdict): Promise<void>;
  /** Oldest first; of one revision where it is given. */
  verdicts(revision?: number): Promise<readonly Verdict[]>;
  close(): Promise<void>;
}

/** The data cannot be opened, read or written. The message is for the operator. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
}
