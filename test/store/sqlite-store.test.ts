import { createHash } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { Revision } from '../../src/model/revision.ts';
import { EMPTY_STATE, applyChanges } from '../../src/model/state.ts';
import type { Change, State } from '../../src/model/state.ts';
import { checkMirror } from '../../src/model/check-mirror.ts';
import { checkTarget } from '../../src/model/check-target.ts';
import { MIGRATIONS } from '../../src/store/sqlite/migrations/index.ts';
import { pragma } from '../../src/store/sqlite/migrate.ts';
import { openDirectory } from '../../src/store/sqlite/open-directory.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { StoreError } from '../../src/store/store.ts';
import type { Store } from '../../src/store/store.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const FLEET = Object.freeze({ name: 'edge', dataPlane: 'envoy', nodeCluster: 'edge' });

function target(host: string) {
  const checked = checkTarget('wallarm', { endpoints: [{ host, port: 8445 }] });
  if (!checked.ok) throw new Error('bad fixture');
  return checked.value;
}

function mirror(percent: number) {
  const checked = checkMirror('m', { fleet: 'edge', target: 'wallarm', percent });
  if (!checked.ok) throw new Error('bad fixture');
  return checked.value;
}

function config(text: string) {
  const digest = createHash('sha256').update(text).digest('hex');
  return {
    config: Object.freeze({ name: 'edge', format: 'yaml', digest, adopt: true } as const),
    digest,
    text,
  };
}

function revision(n: number): Revision {
  return {
    revision: n,
    time: '2026-11-24T12:00:00.000Z',
    author: 'tester',
    reason: n % 2 === 0 ? `reason ${n}` : undefined,
    diff: [{ object: 'fleets/edge', op: 'replace', path: '/x', before: n - 1, after: n }],
  };
}

const YAML = config('listeners: []\n');

/** Five revisions: made, changed, deleted and made again. */
const HISTORY: readonly (readonly Change[])[] = [
  [
    { kind: 'fleet', name: 'edge', before: undefined, after: FLEET },
    { kind: 'config', name: 'edge', before: undefined, after: YAML.config },
  ],
  [
    { kind: 'target', name: 'wallarm', before: undefined, after: target('a') },
    { kind: 'mirror', name: 'm', before: undefined, after: mirror(0) },
  ],
  [{ kind: 'mirror', name: 'm', before: mirror(0), after: mirror(33.3333) }],
  [{ kind: 'mirror', name: 'm', before: mirror(33.3333), after: undefined }],
  [
    { kind: 'target', name: 'wallarm', before: target('a'), after: target('b') },
    { kind: 'mirror', name: 'm', before: undefined, after: mirror(100) },
  ],
];

async function write(store: Store): Promise<State[]> {
  const states = [EMPTY_STATE];
  for (const [index, changes] of HISTORY.entries()) {
    const n = index + 1;
    const blobs = n === 1 ? new Map([[YAML.digest, YAML.text]]) : new Map<string, string>();
    await store.commit({ revision: revision(n), changes, blobs });
    states.push(applyChanges(states[index] ?? EMPTY_STATE, n, changes));
  }
  return states;
}

/** Writes the history and closes; for tests that then lay hands on the files. */
async function written(directory: string): Promise<string> {
  const store = openSqliteStore(directory);
  await write(store);
  await store.close();
  return join(directory, 'mirrorplane.db');
}

function alter(file: string, sql: string): void {
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  database.exec(sql);
  database.close();
}

test('an empty directory holds the empty state', async (t) => {
  const store = openSqliteStore(join(temporaryDirectory(t), 'made', 'as', 'needed'));
  t.deepEqual(await store.load(), EMPTY_STATE);
  t.deepEqual(await store.revisions({ limit: 10 }), []);
  t.is(await store.stateAt(0), undefined);
  await store.close();
});

test('what was written is there after a restart, with its frozen values', async (t) => {
  const directory = temporaryDirectory(t);
  await written(directory);
  const store = openSqliteStore(directory);
  const state = await store.load();
  let expected = EMPTY_STATE;
  for (const [index, changes] of HISTORY.entries()) expected = applyChanges(expected, index + 1, changes);
  t.deepEqual(state, expected);
  t.true(Object.isFrozen(state.mirror.get('m')?.value.copy.setHeaders));
  await store.close();
});

test('the state at every revision is what it was then', async (t) => {
  const store = openSqliteStore(temporaryDirectory(t));
  const states = await write(store);
  for (const [n, state] of states.entries()) if (n > 0) t.deepEqual(await store.stateAt(n), state);
  t.is(await store.stateAt(6), undefined);
  t.is(await store.stateAt(-1), undefined);
  await store.close();
});

test('revisions come newest first, a page at a time', async (t) => {
  const store = openSqliteStore(temporaryDirectory(t));
  await write(store);
  const numbers = async (page: { limit: number; before?: number }) =>
    (await store.revisions(page)).map((one) => one.revision);
  t.deepEqual(await numbers({ limit: 2 }), [5, 4]);
  t.deepEqual(await numbers({ limit: 2, before: 4 }), [3, 2]);
  t.deepEqual(await numbers({ limit: 9, before: 3 }), [2, 1]);
  t.deepEqual(await store.revision(3), revision(3));
  t.deepEqual(await store.revision(4), revision(4));
  t.is(await store.revision(6), undefined);
  await store.close();
});

test('a text is stored once, however often it comes', async (t) => {
  const directory = temporaryDirectory(t);
  const store = openSqliteStore(directory);
  await write(store);
  const other = config('x'.repeat(100_000));
  const change = (before: typeof YAML, after: typeof YAML): Change => {
    return { kind: 'config', name: 'edge', before: before.config, after: after.config };
  };
  for (const [n, from, to] of [
    [6, YAML, other],
    [7, other, YAML],
    [8, YAML, other],
  ] as const) {
    await store.commit({
      revision: revision(n),
      changes: [change(from, to)],
      blobs: new Map([[to.digest, to.text]]),
    });
  }
  t.is(await store.blob(other.digest), other.text);
  t.is(await store.blob(YAML.digest), YAML.text);
  t.is(await store.blob('00'), undefined);
  await store.close();
  const database = new DatabaseSync(join(directory, 'mirrorplane.db'));
  t.deepEqual({ ...database.prepare('SELECT count(*) AS n FROM blobs').get() }, { n: 2 });
  database.close();
});

test('a revision that does not follow the latest is refused as a whole', async (t) => {
  const store = openSqliteStore(temporaryDirectory(t));
  const states = await write(store);
  for (const n of [5, 7, 0]) {
    const commit = { revision: revision(n), changes: HISTORY[3] ?? [], blobs: new Map([['00', 'text']]) };
    await t.throwsAsync(store.commit(commit), { instanceOf: StoreError, message: /must follow the latest/ });
  }
  t.deepEqual(await store.load(), states.at(-1));
  t.is(await store.blob('00'), undefined);
  await store.close();
});

test('a config whose text is missing is refused, along with the rest of its write', async (t) => {
  const store = openSqliteStore(temporaryDirectory(t));
  const states = await write(store);
  const changes: Change[] = [
    { kind: 'mirror', name: 'm', before: mirror(100), after: undefined },
    { kind: 'config', name: 'edge', before: YAML.config, after: config('not stored').config },
  ];
  await t.throwsAsync(store.commit({ revision: revision(6), changes, blobs: new Map() }), {
    instanceOf: StoreError,
    message: /FOREIGN KEY/,
  });
  t.deepEqual(await store.load(), states.at(-1));
  await store.close();
});

test('history cannot be changed or deleted', async (t) => {
  const file = await written(temporaryDirectory(t));
  for (const sql of [
    `UPDATE revisions SET author = 'other'`,
    'DELETE FROM revisions WHERE n = 5',
    `UPDATE objects SET body = NULL WHERE kind = 'mirror'`,
    'DELETE FROM objects',
    `INSERT INTO objects (kind, name, revision) VALUES ('mirror', 'new', 3)`,
  ]) {
    t.throws(() => alter(file, sql), { message: /never|latest/ }, sql);
  }
});

test('the database is in write-ahead mode, and folded into one file when closed', async (t) => {
  const directory = temporaryDirectory(t);
  const store = openSqliteStore(directory);
  await write(store);
  t.true(statSync(join(directory, 'mirrorplane.db-wal')).size > 0);
  await store.close();
  t.false(existsSync(join(directory, 'mirrorplane.db-wal')));
});

test('every commit waits for the disk, and references are enforced', (t) => {
  const opened = openDirectory(temporaryDirectory(t), MIGRATIONS);
  // 2: FULL. https://www.sqlite.org/pragma.html#pragma_synchronous
  t.is(pragma(opened.database, 'synchronous'), 2);
  t.is(pragma(opened.database, 'foreign_keys'), 1);
  opened.close();
});

test('a second use of the directory is refused, in this process and in another', async (t) => {
  const directory = temporaryDirectory(t);
  const store = openSqliteStore(directory);
  t.throws(() => openSqliteStore(directory), {
    instanceOf: StoreError,
    message: /another mirrorplane process/,
  });
  const writer = spawn(
    execPath,
    [
      '--disable-warning=ExperimentalWarning',
      fileURLToPath(new URL('../support/store-writer.ts', import.meta.url)),
      directory,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let words = '';
  writer.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  t.deepEqual(await once(writer, 'close'), [1, null]);
  t.true(
    words.includes(`the data directory ${directory} cannot be used: another mirrorplane process is using it`),
    words,
  );
  await store.close();
  await openSqliteStore(directory).close();
});

test('a database of a newer schema is refused in words, and left as it is', async (t) => {
  const directory = temporaryDirectory(t);
  const file = await written(directory);
  alter(file, `PRAGMA user_version = ${MIGRATIONS.length + 1}`);
  t.throws(() => openSqliteStore(directory), {
    instanceOf: StoreError,
    message: new RegExp(
      `${file} cannot be used: its schema is number ${MIGRATIONS.length + 1}, .* knows up to ${MIGRATIONS.length}`,
    ),
  });
  alter(file, `PRAGMA user_version = ${MIGRATIONS.length}`);
  await openSqliteStore(directory).close();
});

test('an older schema is brought up to date, its data kept', async (t) => {
  const directory = temporaryDirectory(t);
  await written(directory);
  const store = openSqliteStore(directory, [
    ...MIGRATIONS,
    (database) => {
      database.exec(`ALTER TABLE revisions ADD COLUMN origin TEXT NOT NULL DEFAULT 'rest'`);
    },
  ]);
  t.is((await store.load()).revision, 5);
  await store.close();
  t.throws(() => openSqliteStore(directory), {
    message: new RegExp(`its schema is number ${MIGRATIONS.length + 1}`),
  });
});

test('a migration that fails leaves the schema of before', async (t) => {
  const directory = temporaryDirectory(t);
  await written(directory);
  const broken = [
    ...MIGRATIONS,
    (database: DatabaseSync) => {
      database.exec('CREATE TABLE half (a)');
      throw new Error('the disk said no');
    },
  ];
  t.throws(() => openSqliteStore(directory, broken), { message: /the disk said no/ });
  const store = openSqliteStore(directory);
  t.is((await store.load()).revision, 5);
  await store.close();
});

test("another program's database is refused and left alone", (t) => {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'mirrorplane.db');
  alter(file, 'CREATE TABLE theirs (a)');
  t.throws(() => openSqliteStore(directory), {
    instanceOf: StoreError,
    message: /not a database of mirrorplane/,
  });
  const database = new DatabaseSync(file);
  t.deepEqual({ ...database.prepare('PRAGMA journal_mode').get() }, { journal_mode: 'delete' });
  database.close();
});

test('a file that is no database is refused', (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(
    join(directory, 'mirrorplane.db'),
    'not a database, but long enough to be taken for one'.repeat(50),
  );
  t.throws(() => openSqliteStore(directory), { instanceOf: StoreError, message: /not a database/ });
});

test('a database that was there and is gone or empty is not begun anew', async (t) => {
  const directory = temporaryDirectory(t);
  const file = await written(directory);
  truncateSync(file, 0);
  const refused = { instanceOf: StoreError, message: /gone or empty/ };
  t.throws(() => openSqliteStore(directory), refused);
  rmSync(file);
  t.throws(() => openSqliteStore(directory), refused);
  t.throws(() => openSqliteStore(directory), refused);
});

test('a truncated database is refused', async (t) => {
  const directory = temporaryDirectory(t);
  const file = await written(directory);
  truncateSync(file, 4096 * 3);
  await t.throwsAsync(
    async () => {
      const store = openSqliteStore(directory);
      await store.load();
    },
    { instanceOf: StoreError },
  );
});

for (const [what, sql] of [
  ['a body that is no JSON', `UPDATE objects SET body = '{' WHERE kind = 'mirror' AND revision = 5`],
  [
    'a percent out of range',
    `UPDATE objects SET body = replace(body, '1000000', '1000001') WHERE kind = 'mirror' AND revision = 5`,
  ],
  [
    'a field of the wrong type',
    `UPDATE objects SET body = replace(body, '"envoy"', '5') WHERE kind = 'fleet'`,
  ],
  ['a body of another object', `UPDATE objects SET name = 'other' WHERE kind = 'target' AND revision = 5`],
  [
    'a digest that is none',
    `UPDATE objects SET body = replace(body, '"digest":"', '"digest":"x') WHERE kind = 'config'`,
  ],
  ['an unknown kind', `UPDATE objects SET kind = 'miror' WHERE kind = 'mirror' AND revision = 5`],
  ['a missing revision', `DELETE FROM objects WHERE revision = 3; DELETE FROM revisions WHERE n = 3`],
  ['a missing revision with objects', 'DELETE FROM revisions WHERE n = 3'],
  ['a missing text', 'DELETE FROM blobs'],
] as const) {
  test(`damaged data stops the start: ${what}`, async (t) => {
    const directory = temporaryDirectory(t);
    const file = await written(directory);
    alter(
      file,
      `DROP TRIGGER revisions_are_kept; DROP TRIGGER objects_stay; DROP TRIGGER objects_are_kept; ${sql}`,
    );
    await t.throwsAsync(
      async () => {
        const store = openSqliteStore(directory);
        t.teardown(() => store.close());
        await store.load();
      },
      { instanceOf: StoreError, message: /damaged|cannot be read|unknown kind|missing/ },
    );
  });
}

test('a text that is not what its digest says is refused', async (t) => {
  const directory = temporaryDirectory(t);
  const file = await written(directory);
  alter(file, `UPDATE blobs SET text = 'listeners: [] '`);
  const store = openSqliteStore(directory);
  await t.throwsAsync(store.blob(YAML.digest), { instanceOf: StoreError, message: /damaged/ });
  await store.close();
});

test('a data directory that cannot be made is refused in words', (t) => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'file'), '');
  t.throws(() => openSqliteStore(join(directory, 'file', 'data')), {
    instanceOf: StoreError,
    message: /the data directory .* cannot be used/,
  });
});

test("the data directory is its owner's alone", async (t) => {
  const parent = temporaryDirectory(t);
  mkdirSync(parent, { recursive: true });
  await openSqliteStore(join(parent, 'data')).close();
  t.is(statSync(join(parent, 'data')).mode & 0o777, 0o700);
});
