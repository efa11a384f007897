import type { Revision } from '../../../src/model/revision.ts';
import { EMPTY_STATE, applyChanges } from '../../../src/model/state.ts';
import type { Change, Kinds, State } from '../../../src/model/state.ts';
import type { Verdict } from '../../../src/model/verdict.ts';
import { decode } from '../../../src/store/decode.ts';
import { StoreError } from '../../../src/store/store.ts';
import type { Commit, Store } from '../../../src/store/store.ts';

interface Written {
  readonly kind: keyof Kinds;
  readonly name: string;
  /** JSON; undefined: it was deleted. */
  readonly body: string | undefined;
}

/** History in memory, as text: what is loaded shares nothing with what was committed, as after a restart. */
export class MemoryStore implements Store {
  readonly #commits: { readonly revision: Revision; readonly written: readonly Written[] }[] = [];
  readonly #blobs = new Map<string, string>();
  readonly #verdicts: Verdict[] = [];
  /** Asked at each commit: whether it is to fail. */
  isFailing: () => boolean = () => false;

  load(): Promise<State> {
    return this.stateAt(this.#commits.length).then((state) => state ?? EMPTY_STATE);
  }

  commit({ revision, changes, blobs }: Commit): Promise<void> {
    if (this.isFailing()) return Promise.reject(new StoreError('the disk is full'));
    if (revision.revision !== this.#commits.length + 1) {
      return Promise.reject(new StoreError(`revision ${revision.revision} is out of turn`));
    }
    const written = changes.map(({ kind, name, after }) => {
      return { kind, name, body: after === undefined ? undefined : JSON.stringify(after) };
    });
    this.#commits.push({ revision, written });
    for (const [digest, text] of blobs) this.#blobs.set(digest, text);
    return Promise.resolve();
  }

  blob(digest: string): Promise<string | undefined> {
    return Promise.resolve(this.#blobs.get(digest));
  }

  revisions(page: { readonly limit: number; readonly before?: number | undefined }): Promise<Revision[]> {
    const older = this.#commits.slice(0, (page.before ?? Infinity) - 1).map(({ revision }) => revision);
    return Promise.resolve(older.reverse().slice(0, page.limit));
  }

  revision(n: number): Promise<Revision | undefined> {
    return Promise.resolve(this.#commits[n - 1]?.revision);
  }

  stateAt(n: number): Promise<State | undefined> {
    if (n < 1 || n > this.#commits.length) return Promise.resolve(undefined);
    let state = EMPTY_STATE;
    for (const { revision, written } of this.#commits.slice(0, n)) {
      const changes = written.map(({ kind, name, body }) => {
        const after = body === undefined ? undefined : decode(kind, name, body);
        return { kind, name, before: undefined, after } as Change;
      });
      state = applyChanges(state, revision.revision, changes);
    }
    return Promise.resolve(state);
  }

  judge(verdict: Verdict): Promise<void> {
    this.#verdicts.push(verdict);
    return Promise.resolve();
  }

  verdicts(revision?: number): Promise<readonly Verdict[]> {
    return Promise.resolve(
      this.#verdicts.filter((one) => revision === undefined || one.revision === revision),
    );
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
