import test from 'ava';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';

/** The project's own rules, but for those that need all types and all imports: reading these takes most of a minute. */
const eslint = new ESLint({
  cwd: new URL('../../', import.meta.url).pathname,
  overrideConfig: [tseslint.configs.disableTypeChecked, { rules: { 'import-x/no-cycle': 'off' } }],
});

/** Rules that a file with this import, at this place, breaks. */
async function broken(filePath: string, from: string): Promise<readonly (string | null)[]> {
  const [result] = await eslint.lintText(`export * from '${from}';\n`, { filePath });
  return result?.messages.map(({ ruleId }) => ruleId) ?? [];
}

const DIRECTION = 'import-x/no-restricted-paths';

for (const [file, from] of [
  ['src/model/percent.ts', '../snapshot/snapshot.ts'],
  ['src/xds/stream.ts', '../model/mirror.ts'],
  ['src/xds/stream.ts', '../dataplanes/data-plane.ts'],
  ['src/snapshot/build.ts', '../xds/types.ts'],
  ['src/dataplanes/envoy/types.ts', '../../control/control.ts'],
  ['src/store/store.ts', '../control/types.ts'],
  ['src/control/control.ts', '../delivery/delivery.ts'],
  ['src/delivery/delivery.ts', '../api/server.ts'],
  ['src/api/server.ts', '../xds/server.ts'],
] as const) {
  test(`the lint refuses that ${file} imports ${from}`, async (t) => {
    t.true((await broken(file, from)).includes(DIRECTION));
  });
}

for (const [file, from] of [
  ['src/delivery/delivery.ts', '../xds/types.ts'],
  ['src/dataplanes/envoy/types.ts', '../../model/target.ts'],
  ['src/app/app.ts', '../api/server.ts'],
] as const) {
  test(`the lint lets ${file} import ${from}`, async (t) => {
    t.false((await broken(file, from)).includes(DIRECTION));
  });
}
