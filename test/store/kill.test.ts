import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import { Control } from '../../src/control/control.ts';
import type { DiffEntry } from '../../src/model/revision.ts';
import { objectPath } from '../../src/control/diff.ts';
import type { Kind } from '../../src/model/state.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { FakeDataPlane } from '../support/fake-data-plane.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const WRITER = fileURLToPath(new URL('../support/store-writer.ts', import.meta.url));
const KILLS_PER_DIRECTORY = 50;

/** Two at once, a hundred kills in all: the machine's disk is then as busy as its processors. */
for (const directory of ['one', 'another']) {
  test(`every answered write outlives ${KILLS_PER_DIRECTORY} kills, and no half write is left: ${directory} directory`, async (t) => {
    t.timeout(300_000);
    const data = temporaryDirectory(t);
    const answered = new Map<number, string>();
    let known = 0;
    let unanswered = 0;
    for (let kill = 0; kill < KILLS_PER_DIRECTORY; kill++) {
      const answers = await writeUntilKilled(t, data);
      const rows = readRows(data, known);
      t.deepEqual(problemsIn(rows, known, answers), []);
      unanswered += rows.length - answers.size;
      known += rows.length;
      for (const { n, reason } of rows) answered.set(n, reason);
    }
    t.deepEqual(problemsIn(readRows(data, 0), 0, answered), []);
    await requireReplay(t, data);
    t.log(`${KILLS_PER_DIRECTORY} kills, ${known} writes, ${unanswered} of them on disk and not answered`);
  });
}

/** Starts a writer, kills it some moments after its first answer; the answers, by revision. */
async function writeUntilKilled(t: ExecutionContext, data: string): Promise<Map<number, string>> {
  const writer = spawn(execPath, ['--disable-warning=ExperimentalWarning', WRITER, data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const answers = new Map<number, string>();
  const lines = createInterface({ input: writer.stdout });
  lines.on('line', (line) => {
    const [revision, reason = ''] = line.split(' ');
    answers.set(Number(revision), reason);
    // The moment is the point, so it is drawn: anywhere in the next few writes.
    if (answers.size === 1) setTimeout(() => writer.kill('SIGKILL'), Math.random() * 60);
  });
  t.teardown(() => writer.kill('SIGKILL'));
  const [[code, signal]] = await Promise.all([exitOf(writer), once(lines, 'close')]);
  t.deepEqual([code, signal], [null, 'SIGKILL']);
  return answers;
}

function exitOf(process: ChildProcess): Promise<[code: number | null, signal: string | null]> {
  return once(process, 'close') as Promise<[number | null, string | null]>;
}

interface Row {
  readonly n: number;
  readonly reason: string;
  readonly diff: string;
  /** `kind name`, joined by commas. */
  readonly objects: string | null;
}

/** What is wrong in the database, seen past our own code. `rows`: those after revision `known`. */
function problemsIn(rows: readonly Row[], known: number, answered: ReadonlyMap<number, string>): string[] {
  const problems: string[] = [];
  for (const [index, { n, diff, objects }] of rows.entries()) {
    if (n !== known + index + 1) problems.push(`revision ${n} follows ${known + index}`);
    const stored = (objects ?? '')
      .split(',')
      .map((object) => objectPath(...(object.split(' ') as [Kind, string])));
    const meant = new Set((JSON.parse(diff) as DiffEntry[]).map(({ object }) => object));
    if (stored.sort().join() !== [...meant].sort().join()) problems.push(`revision ${n} is half written`);
  }
  for (const [revision, reason] of answered) {
    if (rows[revision - known - 1]?.reason !== reason)
      problems.push(`revision ${revision} was answered and is gone`);
  }
  return problems;
}

function readRows(data: string, known: number): Row[] {
  const database = new DatabaseSync(join(data, 'mirrorplane.db'));
  const rows = database
    .prepare(
      `SELECT n, reason, diff, (SELECT group_concat(kind || ' ' || name) FROM objects WHERE revision = n) AS objects
       FROM revisions WHERE n > ? ORDER BY n`,
    )
    .all(known);
  database.close();
  return rows as unknown as Row[];
}

/** The loaded state is what all writes, one after the other, lead to; and all of it compiles. */
async function requireReplay(t: ExecutionContext, data: string): Promise<void> {
  const replayed = new Map<string, { revision: number; value: unknown }>();
  const database = new DatabaseSync(join(data, 'mirrorplane.db'));
  for (const row of database.prepare('SELECT * FROM objects ORDER BY revision').iterate()) {
    const key = `${String(row['kind'])} ${String(row['name'])}`;
    if (row['body'] === null) replayed.delete(key);
    else replayed.set(key, { revision: Number(row['revision']), value: JSON.parse(String(row['body'])) });
  }
  database.close();
  const store = openSqliteStore(data);
  const { state } = await Control.open({
    store,
    dataPlanes: new Map([['envoy', new FakeDataPlane()]]),
    clock: () => new Date(),
  });
  const loaded = new Map<string, unknown>();
  for (const kind of ['fleet', 'config', 'target', 'mirror'] as const) {
    for (const [name, entry] of state[kind]) loaded.set(`${kind} ${name}`, entry);
  }
  t.deepEqual(Object.fromEntries([...loaded].sort()), Object.fromEntries([...replayed].sort()));
  await store.close();
}
