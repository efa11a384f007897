/**
 * A process that writes to a data directory (its first argument) without end, through control as any request does,
 * and prints a line `revision reason` for each write that was answered. It lives until it is killed.
 */
import { randomUUID } from 'node:crypto';
import { writeSync } from 'node:fs';
import { argv } from 'node:process';
import { Control } from '../../src/control/control.ts';
import type { WriteOutcome } from '../../src/control/types.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import { FakeDataPlane } from './fake-data-plane.ts';

const control = await Control.open({
  store: openSqliteStore(argv[2] ?? ''),
  dataPlanes: new Map([['envoy', new FakeDataPlane()]]),
  clock: () => new Date(),
});

/** Writes of one and of several objects, small and large, made and taken away. */
const writes: readonly ((
  id: string,
  context: { author: string; reason: string },
) => Promise<WriteOutcome>)[] = [
  (id, context) => {
    const policies = [{ name: `adopted-${id}`, target: `target-${id}`, host: `${id}.example`, ppm: 5000 }];
    const text = JSON.stringify({ listeners: 1, routes: ['a', id], policies }) + '\n'.repeat(20_000);
    return control.putConfig('edge', { text, format: 'json', adopt: true }, context);
  },
  (id, context) => control.patchMirror(newestMirror(), { percent: parseInt(id, 16) % 101 }, context),
  (id, context) => control.putTarget('shared', { endpoints: [{ host: `${id}.example`, port: 1 }] }, context),
  (_, context) => control.remove('mirror', newestMirror(), context),
  (_, context) => control.restore(control.state.revision - 2, context),
];

function newestMirror(): string {
  const mirrors = [...control.state.mirror].sort(([, a], [, b]) => b.revision - a.revision);
  return mirrors[0]?.[0] ?? '';
}

for (let turn = 0; ; turn++) {
  const id = randomUUID().slice(0, 8);
  const before = control.state.revision;
  const { revision } = (await writes[turn % writes.length]?.(id, { author: 'writer', reason: id })) ?? {
    revision: before,
  };
  // Synchronously: an answer that stays in this process was not given.
  if (revision > before) writeSync(1, `${revision} ${id}\n`);
}
