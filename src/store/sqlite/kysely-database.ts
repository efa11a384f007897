import type { SqliteDatabase, SqliteStatement } from 'kysely';
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';

const MAX_PREPARED = 100;

/** `node:sqlite` as Kysely's SQLite dialect wants its database: in the shape of better-sqlite3. */
export function kyselyDatabase(database: DatabaseSync): SqliteDatabase {
  /** The queries are a handful, and the same for every write. */
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => {
      database.close();
    },
    prepare: (sql): SqliteStatement => {
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      const statement = database.prepare(sql);
      const made: SqliteStatement = {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...(parameters as SQLInputValue[])),
        run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
        iterate: (parameters) => statement.iterate(...(parameters as SQLInputValue[])),
      };
      if (prepared.size < MAX_PREPARED) prepared.set(sql, made);
      return made;
    },
  };
}
