import type { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../store.ts';

/** One step of the schema. Runs in a transaction of its own, together with the count of steps done. */
export type Migration = (database: DatabaseSync) => void;

/** In the file's header, so that another program's database is told from ours. `mirp` in ASCII. */
const APPLICATION_ID = 0x6d_69_72_70;

/**
 * The number of the schema's last step done; 0 when the file holds nothing yet. Throws a {@link StoreError} on a
 * database that is not ours or whose schema is newer than number `known`. Changes nothing.
 */
export function schemaNumber(database: DatabaseSync, known: number): number {
  if (pragma(database, 'schema_version') === 0) return 0;
  if (pragma(database, 'application_id') !== APPLICATION_ID) {
    throw new StoreError('it is not a database of mirrorplane');
  }
  const number = Number(pragma(database, 'user_version'));
  if (number > known) {
    throw new StoreError(
      `its schema is number ${number}, and this version of mirrorplane knows up to ${known}: ` +
        'start the version that wrote it, or a newer one',
    );
  }
  return number;
}

/**
 * Brings the schema up to the newest. Kysely's Migrator keeps its count in tables of its own; here the count is
 * SQLite's `user_version`, which commits with the step itself.
 */
export function migrate(database: DatabaseSync, migrations: readonly Migration[]): void {
  const done = schemaNumber(database, migrations.length);
  for (const [index, step] of migrations.entries()) {
    if (index < done) continue;
    database.exec('BEGIN IMMEDIATE');
    try {
      step(database);
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${index + 1}`);
      database.exec('COMMIT');
    } catch (error) {
      database.exec('ROLLBACK');
      throw error;
    }
  }
}

export function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}
