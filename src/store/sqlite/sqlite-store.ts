import { createHash } from 'node:crypto';
import { Kysely, SqliteDialect } from 'kysely';
import type { Insertable, Selectable } from 'kysely';
import type { DiffEntry, Revision } from '../../model/revision.ts';
import { EMPTY_STATE, makeTables } from '../../model/state.ts';
import type { Change, Entry, Kind, State } from '../../model/state.ts';
import type { Verdict } from '../../model/verdict.ts';
import { decode, isKind } from '../decode.ts';
import { StoreError } from '../store.ts';
import type { Commit, Store } from '../store.ts';
import type { Migration } from './migrate.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { openDirectory } from './open-directory.ts';
import type { OpenDirectory } from './open-directory.ts';
import { kyselyDatabase } from './kysely-database.ts';
import type { ObjectRow, RevisionRow, Tables, VerdictRow } from './tables.ts';

/**
 * Opens the store in `directory`, which is made if need be: `mirrorplane.db` (SQLite, WAL, synchronous FULL) and
 * `mirrorplane.lock`. Throws a {@link StoreError} when another process uses the directory, and when what is there
 * is damaged, not ours, or of a newer schema.
 */
export function openSqliteStore(directory: string, migrations: readonly Migration[] = MIGRATIONS): Store {
  return new SqliteStore(openDirectory(directory, migrations));
}

class SqliteStore implements Store {
  readonly #directory: OpenDirectory;
  readonly #db: Kysely<Tables>;

  constructor(directory: OpenDirectory) {
    this.#directory = directory;
    this.#db = new Kysely<Tables>({
      dialect: new SqliteDialect({ database: kyselyDatabase(directory.database) }),
    });
  }

  load(): Promise<State> {
    return this.#run('read', async () => {
      const latest = await this.#latest();
      return latest === 0 ? EMPTY_STATE : await this.#stateAt(latest);
    });
  }

  commit({ revision, changes, blobs }: Commit): Promise<void> {
    return this.#run('written', () =>
      this.#db.transaction().execute(async (db) => {
        await db.insertInto('revisions').values(encodeRevision(revision)).execute();
        for (const [digest, text] of blobs) {
          await db
            .insertInto('blobs')
            .values({ digest, text })
            .onConflict((conflict) => conflict.column('digest').doNothing())
            .execute();
        }
        for (const change of changes) {
          await db.insertInto('objects').values(encodeChange(revision.revision, change)).execute();
        }
      }),
    );
  }

  blob(digest: string): Promise<string | undefined> {
    return this.#run('read', async () => {
      const row = await this.#db
        .selectFrom('blobs')
        .select('text')
        .where('digest', '=', digest)
        .executeTakeFirst();
      if (row !== undefined && createHash('sha256').update(row.text).digest('hex') !== digest) {
        throw new StoreError(`the stored text ${digest} is damaged`);
      }
      return row?.text;
    });
  }

  revisions(page: { limit: number; before?: number | undefined }): Promise<readonly Revision[]> {
    return this.#run('read', async () => {
      const rows = await this.#db
        .selectFrom('revisions')
        .selectAll()
        .where('n', '<', page.before ?? Number.MAX_SAFE_INTEGER)
        .orderBy('n', 'desc')
        .limit(page.limit)
        .execute();
      return rows.map(decodeRevision);
    });
  }

  revision(n: number): Promise<Revision | undefined> {
    return this.#run('read', async () => {
      const row = await this.#db.selectFrom('revisions').selectAll().where('n', '=', n).executeTakeFirst();
      return row && decodeRevision(row);
    });
  }

  stateAt(n: number): Promise<State | undefined> {
    return this.#run('read', async () => {
      const found = await this.#db.selectFrom('revisions').select('n').where('n', '=', n).executeTakeFirst();
      return found && (await this.#stateAt(n));
    });
  }

  judge(verdict: Verdict): Promise<void> {
    return this.#run('written', async () => {
      await this.#db.insertInto('verdicts').values(encodeVerdict(verdict)).execute();
    });
  }

  verdicts(revision?: number): Promise<readonly Verdict[]> {
    return this.#run('read', async () => {
      const all = this.#db.selectFrom('verdicts').selectAll().orderBy('id');
      const rows = await (revision === undefined ? all : all.where('revision', '=', revision)).execute();
      return rows.map(decodeVerdict);
    });
  }

  async close(): Promise<void> {
    await this.#db.destroy();
    this.#directory.close();
  }

  async #latest(): Promise<number> {
    const { latest, count } = await this.#db
      .selectFrom('revisions')
      .select(({ fn }) => [fn.max('n').as('latest'), fn.countAll<number>().as('count')])
      .executeTakeFirstOrThrow();
    if ((latest ?? 0) !== count) throw new StoreError('revisions are missing');
    return latest ?? 0;
  }

  async #stateAt(n: number): Promise<State> {
    // SQLite takes `body` from the row that has the maximum: https://www.sqlite.org/quirks.html, section 6.
    const rows = await this.#db
      .selectFrom('objects')
      .select(({ fn }) => ['kind', 'name', 'body', fn.max('revision').as('revision')])
      .where('revision', '<=', n)
      .groupBy(['kind', 'name'])
      .execute();
    const tables = new Map<Kind, Map<string, Entry<never>>>();
    const table = (kind: Kind): Map<string, Entry<never>> => {
      const found = tables.get(kind) ?? new Map<string, Entry<never>>();
      tables.set(kind, found);
      return found;
    };
    for (const { kind, name, revision, body } of rows) {
      if (!isKind(kind)) throw new StoreError(`an object of the unknown kind "${String(kind)}" is stored`);
      if (body === null) continue;
      table(kind).set(name, Object.freeze({ revision, value: decode(kind, name, body) as never }));
    }
    return Object.freeze({ revision: n, ...makeTables(table) });
  }

  async #run<T>(verb: 'read' | 'written', work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new StoreError(`${this.#directory.file} cannot be ${verb}: ${reason}`, { cause: error });
    }
  }
}

function encodeRevision({ revision, time, author, reason, diff }: Revision): RevisionRow {
  return { n: revision, time, author, reason: reason ?? null, diff: JSON.stringify(diff) };
}

function decodeRevision({ n, time, author, reason, diff }: RevisionRow): Revision {
  return Object.freeze({
    revision: n,
    time,
    author,
    reason: reason ?? undefined,
    diff: JSON.parse(diff) as readonly DiffEntry[],
  });
}

function encodeVerdict({ node, typeUrl, message, ...verdict }: Verdict): Insertable<VerdictRow> {
  return { ...verdict, node: node ?? null, type_url: typeUrl ?? null, message: message ?? null };
}

function decodeVerdict(row: Selectable<VerdictRow>): Verdict {
  const { fleet, revision, structure, verdict, time, node, type_url: typeUrl, message } = row;
  return Object.freeze({
    ...{ fleet, revision, structure, verdict, time },
    ...(node !== null && { node }),
    ...(typeUrl !== null && { typeUrl }),
    ...(message !== null && { message }),
  });
}

function encodeChange(revision: number, change: Change): ObjectRow {
  const { kind, name, after } = change;
  return {
    kind,
    name,
    revision,
    body: after === undefined ? null : JSON.stringify(after),
    blob: change.kind === 'config' ? (change.after?.digest ?? null) : null,
  };
}
