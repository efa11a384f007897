import type { DatabaseSync } from 'node:sqlite';

/** Revisions without gaps, what each made of which object, and the texts of configs. Nothing is ever changed. */
export function up(database: DatabaseSync): void {
  database.exec(`
    CREATE TABLE revisions (
      n INTEGER PRIMARY KEY,
      time TEXT NOT NULL,
      author TEXT NOT NULL,
      reason TEXT,
      diff TEXT NOT NULL
    ) STRICT;

    CREATE TABLE blobs (
      digest TEXT PRIMARY KEY,
      text TEXT NOT NULL
    ) STRICT;

    CREATE TABLE objects (
      kind TEXT NOT NULL,
      name TEXT NOT NULL,
      revision INTEGER NOT NULL REFERENCES revisions (n),
      body TEXT,
      blob TEXT REFERENCES blobs (digest),
      PRIMARY KEY (kind, name, revision)
    ) STRICT;

    CREATE INDEX objects_by_revision ON objects (revision);

    CREATE TRIGGER revisions_have_no_gap BEFORE INSERT ON revisions
    WHEN NEW.n <> (SELECT coalesce(max(n), 0) + 1 FROM revisions)
    BEGIN SELECT raise(ABORT, 'a revision must follow the latest one'); END;

    CREATE TRIGGER objects_belong_to_the_latest_revision BEFORE INSERT ON objects
    WHEN NEW.revision <> (SELECT max(n) FROM revisions)
    BEGIN SELECT raise(ABORT, 'an object must belong to the latest revision'); END;

    CREATE TRIGGER revisions_stay BEFORE UPDATE ON revisions
    BEGIN SELECT raise(ABORT, 'history is never changed'); END;
    CREATE TRIGGER revisions_are_kept BEFORE DELETE ON revisions
    BEGIN SELECT raise(ABORT, 'history is never deleted'); END;
    CREATE TRIGGER objects_stay BEFORE UPDATE ON objects
    BEGIN SELECT raise(ABORT, 'history is never changed'); END;
    CREATE TRIGGER objects_are_kept BEFORE DELETE ON objects
    BEGIN SELECT raise(ABORT, 'history is never deleted'); END;
  `);
}
