import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Control } from '../../src/control/control.ts';
import type { Publication, Validate, WriteContext } from '../../src/control/types.ts';
import { openSqliteStore } from '../../src/store/sqlite/sqlite-store.ts';
import type { Store } from '../../src/store/store.ts';
import { FakeDataPlane } from './fake-data-plane.ts';
import type { FakeConfigText } from './fake-data-plane.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** Control on a real store in a directory of the test's own, with data planes of which the configs are JSON. */
export interface OpenControl {
  readonly control: Control;
  readonly store: Store;
  readonly directory: string;
  readonly envoy: FakeDataPlane;
  readonly nginx: FakeDataPlane;
  /** Everything published since it was opened. */
  readonly published: Publication[];
  /** The same directory, opened again as after a restart. */
  reopen(): Promise<OpenControl>;
}

export const ME: WriteContext = Object.freeze({ author: 'me' });

export const NOW = new Date('2026-11-24T12:00:00Z');

export async function openControl(
  t: ExecutionContext,
  directory = join(temporaryDirectory(t), 'data'),
  validate?: Validate,
): Promise<OpenControl> {
  const store = openSqliteStore(directory);
  t.teardown(() => store.close());
  const envoy = new FakeDataPlane('envoy');
  const nginx = new FakeDataPlane('nginx', { fleetShare: false });
  const control = await Control.open({
    store,
    dataPlanes: new Map([envoy, nginx].map((dataPlane) => [dataPlane.kind, dataPlane])),
    clock: () => NOW,
    ...(validate && { validate }),
  });
  const published: Publication[] = [];
  control.subscribe((publication) => published.push(publication));
  const reopen = async () => {
    await control.close();
    await store.close();
    return openControl(t, directory, validate);
  };
  return { control, store, directory, envoy, nginx, published, reopen };
}

export function fakeConfig(text: FakeConfigText, adopt = true) {
  return { text: JSON.stringify(text, null, 1), format: 'json', adopt } as const;
}

export const TARGET = { endpoints: [{ host: 'wallarm', port: 8445 }] };

/** A fleet `edge` with the routes a, b, c, a target `wallarm`, and a mirror `m` of 5 % of everything. */
export async function furnish({ control }: OpenControl): Promise<void> {
  await control.putConfig('edge', fakeConfig({ listeners: 1, routes: ['a', 'b', 'c'] }), ME);
  await control.putTarget('wallarm', TARGET, ME);
  await control.putMirror('m', { fleet: 'edge', target: 'wallarm', percent: 5 }, ME);
}
