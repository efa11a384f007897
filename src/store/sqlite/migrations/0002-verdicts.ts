import type { DatabaseSync } from 'node:sqlite';

/** What nodes made of each structure of a fleet. Never changed, like the history it belongs to. */
export function up(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE verdicts (
      id INTEGER PRIMARY KEY,
      fleet TEXT NOT NULL,
      revision INTEGER NOT NULL REFERENCES revisions (n),
      structure TEXT NOT NULL,
      verdict TEXT NOT NULL CHECK (verdict IN ('begun', 'good', 'rejected')),
      time TEXT NOT NULL,
      node TEXT,
      type_url TEXT,
      message TEXT
    ) STRICT;

    CREATE INDEX verdicts_by_revision ON verdicts (revision);

    CREATE TRIGGER verdicts_stay BEFORE UPDATE ON verdicts
    BEGIN SELECT raise(ABORT, 'history is never changed'); END;
    CREATE TRIGGER verdicts_are_kept BEFORE DELETE ON verdicts
    BEGIN SELECT raise(ABORT, 'history is never deleted'); END;
  `);
}
