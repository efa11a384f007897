import { DatabaseSync } from 'node:sqlite';
import { StoreError } from '../store.ts';
import { pragma } from './migrate.ts';

/** Exclusive use of a data directory. */
export interface DirectoryLock {
  /** Whether a database was ever set up in this directory. */
  readonly initialised: boolean;
  setInitialised(): void;
  release(): void;
}

/**
 * Takes the lock `file`, or throws when another process has it. It is SQLite's own lock on an otherwise empty
 * database: the kernel drops it with the process, however that ends, and the database with the data stays readable
 * for the operator's tools.
 */
export function lockDirectory(file: string): DirectoryLock {
  const database = new DatabaseSync(file);
  try {
    database.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
  } catch (error) {
    database.close();
    if (isBusy(error)) throw new StoreError('another mirrorplane process is using it', { cause: error });
    throw error;
  }
  return {
    initialised: pragma(database, 'user_version') === 1,
    setInitialised: () => {
      database.exec('PRAGMA user_version = 1');
    },
    release: () => {
      if (database.isOpen) database.close();
    },
  };
}

const SQLITE_BUSY = 5;

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}
