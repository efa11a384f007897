import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../store.ts';
import { lockDirectory } from './lock.ts';
import type { DirectoryLock } from './lock.ts';
import { migrate, pragma, schemaNumber } from './migrate.ts';
import type { Migration } from './migrate.ts';

/** A data directory that is ours alone, its database checked and of the newest schema. */
export interface OpenDirectory {
  readonly file: string;
  readonly database: DatabaseSync;
  /** Closes the database and gives the directory up. */
  close(): void;
}

export function openDirectory(directory: string, migrations: readonly Migration[]): OpenDirectory {
  const lock = explain(`the data directory ${directory} cannot be used`, () => {
    // Configs may hold keys: nobody else's business.
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return lockDirectory(join(directory, 'mirrorplane.lock'));
  });
  const file = join(directory, 'mirrorplane.db');
  try {
    const database = explain(`the database ${file} cannot be used`, () =>
      openDatabase(file, lock, migrations),
    );
    return {
      file,
      database,
      close: () => {
        if (database.isOpen) database.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function openDatabase(file: string, lock: DirectoryLock, migrations: readonly Migration[]): DatabaseSync {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: true, timeout: 5000 });
  try {
    if (schemaNumber(database, migrations.length) === 0 && lock.initialised) {
      throw new StoreError(
        'it is gone or empty, but the directory had one: bring back a backup, or empty the directory to start anew',
      );
    }
    if (pragma(database, 'journal_mode = WAL') !== 'wal')
      throw new StoreError('its file system does not allow WAL');
    database.exec('PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF');
    checkIntegrity(database);
    migrate(database, migrations);
    if (!lock.initialised) lock.setInitialised();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function checkIntegrity(database: DatabaseSync): void {
  const found = pragma(database, 'quick_check(1)');
  if (found !== 'ok') throw new StoreError(`it is damaged: ${String(found)}`);
  if (database.prepare('PRAGMA foreign_key_check').get() !== undefined) {
    throw new StoreError('it is damaged: objects lack their revision or text');
  }
}

function explain<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new StoreError(`${what}: ${reason}`, { cause: error });
  }
}
