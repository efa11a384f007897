import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createDataPlanes } from '../../../src/app/data-planes.ts';
import { ControlPlane } from '../../support/control-plane.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const MAIN = join(import.meta.dirname, '../../../src/main.ts');
const SEED = join(import.meta.dirname, '../../golden/nginx/in/seed.conf');

function mirrorplane(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

test('its help names all data planes that there are', async (t) => {
  const { out, code } = await mirrorplane(['import', '--help']);
  t.is(code, 0);
  for (const kind of createDataPlanes().keys()) {
    t.regex(out, new RegExp(`--data-plane KIND .*\\b${kind}\\b`), kind);
    t.regex(out, new RegExp(`^  for ${kind}  `, 'im'), kind);
  }
});

test("mirrorplane import takes the seed's example as it is: the fleet, the mirror, and the lines to change", async (t) => {
  const directory = temporaryDirectory(t);
  const plane = await ControlPlane.start({ data: join(directory, 'data') });
  t.teardown(() => plane.stop());
  const file = join(directory, 'nginx.conf');
  copyFileSync(SEED, file);
  const server = ['--server', `http://${plane.http}`];

  const dry = await mirrorplane(['import', file, '--fleet', 'edge-ngx', '--dry-run', ...server]);
  t.is(dry.code, 1);
  t.regex(dry.err, /there is no fleet edge-ngx, and a dry run makes none/);

  const args = ['import', file, '--fleet', 'edge-ngx', '--data-plane', 'nginx', ...server];
  const done = await mirrorplane(args);
  t.is(done.code, 0, done.err);
  for (const line of [
    'adopted targets: mirror-test (222.222.222.222:80)',
    'adopted mirrors: edge-ngx-mirror-test at 100 %',
    '  line 2: replace "mirror /mirror-test;" by "include /etc/nginx/mirrorplane/location.conf;"',
  ]) {
    t.true(done.out.split('\n').includes(line), done.out);
  }
  t.is(readFileSync(file, 'utf8'), readFileSync(SEED, 'utf8'));
  t.like((await plane.call('GET', '/v1/fleets/edge-ngx')).body, { dataPlane: 'nginx' });

  const { items } = (await plane.call('GET', '/v1/revisions')).body;
  const { diff } = (await plane.call('GET', `/v1/revisions/${items[0].revision}`)).body;
  t.like(
    diff.find(({ object }: { object: string }) => object === 'fleets/edge-ngx/config'),
    { op: 'add', after: { format: 'text' } },
  );
  const config = await fetch(`http://${plane.http}/v1/fleets/edge-ngx/config`);
  t.is(config.headers.get('content-type'), 'text/plain; charset=utf-8');

  // Its owner has changed it: nothing is said, and the mirror stays.
  writeFileSync(file, '');
  const again = await mirrorplane(args);
  t.is(again.code, 0, again.err);
  t.notRegex(again.out, /line|include/);
  t.is((await plane.call('GET', '/v1/mirrors/edge-ngx-mirror-test')).body.percent, 100);

  writeFileSync(file, 'http {\n server {\n');
  const broken = await mirrorplane(args);
  t.is(broken.code, 1);
  t.regex(broken.err, /line 3: ends before the "}" of "server", line 2/);
  const other = await mirrorplane([
    'import',
    file,
    '--fleet',
    'edge-ngx',
    '--data-plane',
    'envoy',
    ...server,
  ]);
  t.regex(other.err, /fleet edge-ngx is of nginx, not of envoy/);
});
