import type { Generated } from 'kysely';
import type { Kind } from '../../model/state.ts';
import type { Verdict } from '../../model/verdict.ts';

/** The tables as the newest migration leaves them. */
export interface Tables {
  readonly revisions: RevisionRow;
  readonly objects: ObjectRow;
  readonly blobs: BlobRow;
  readonly verdicts: VerdictRow;
}

export interface RevisionRow {
  readonly n: number;
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly author: string;
  readonly reason: string | null;
  /** JSON: a list of `DiffEntry`. */
  readonly diff: string;
}

/** What revision `revision` made of an object. The object's present value is the one of its latest revision. */
export interface ObjectRow {
  readonly kind: Kind;
  readonly name: string;
  readonly revision: number;
  /** JSON of the model's value; null: deleted. */
  readonly body: string | null;
  /** Digest of the text that the body refers to. */
  readonly blob: string | null;
}

export interface BlobRow {
  /** Hex SHA-256 of the text. */
  readonly digest: string;
  readonly text: string;
}

export interface VerdictRow {
  readonly id: Generated<number>;
  readonly fleet: string;
  readonly revision: number;
  readonly structure: string;
  readonly verdict: Verdict['verdict'];
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly node: string | null;
  readonly type_url: string | null;
  readonly message: string | null;
}
