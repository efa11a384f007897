import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import test from 'ava';
import { ControlPlane } from '../support/control-plane.ts';
import { edgeConfig } from '../support/edge-config.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');

interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function run(
  args: readonly string[],
  input = '',
  environment: Readonly<Record<string, string>> = {},
): Promise<Said> {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  child.stdin.end(input);
  const code = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, out, err };
}

test('a rollout from the command line: import, put, start, list, abort, watch, and the stop for all', async (t) => {
  const directory = temporaryDirectory(t);
  const plane = await ControlPlane.start({ data: join(directory, 'data') });
  t.teardown(() => plane.stop());
  const mirrorplane = (args: readonly string[], input?: string): Promise<Said> =>
    run([...args, '--server', plane.http], input);

  const dry = await mirrorplane(
    ['import', '-', '--fleet', 'edge', '--dry-run'],
    JSON.stringify(edgeConfig({ origin: 9 })),
  );
  t.is(dry.code, 0, dry.err);
  t.is((await plane.done('GET', '/v1/fleets')).items.length, 0);
  const seed = join(import.meta.dirname, '../../envoy/seed.yaml');
  const imported = await mirrorplane(['import', seed, '--fleet', 'edge']);
  t.is(imported.code, 0, imported.err);
  t.regex(imported.out, /edge-wallarm at 100 %/);
  const bad = await mirrorplane(
    ['import', '-', '--fleet', 'edge'],
    'clusters: [{name: a, foo: 1}, {name: a}]',
  );
  t.is(bad.code, 1);
  t.regex(bad.err, /clusters\[0\]\.foo: .*\n.*clusters\[1\]\.name: /);

  const plan = join(directory, 'canary.yaml');
  writeFileSync(plan, 'mirror: edge-wallarm\nsteps:\n- {percent: 1, hold: 1h}\n');
  const put = await mirrorplane(['rollout', 'put', 'canary', plan]);
  t.is(put.code, 0, put.err);
  t.is((await mirrorplane(['rollout', 'start', 'canary', '--reason', 'ticket 1'])).code, 0);
  t.regex((await mirrorplane(['rollout', 'list'])).out, /canary.*applying/);
  const { items } = await plane.done('GET', '/v1/revisions');
  t.true(items.some(({ reason = '' }: { reason?: string }) => reason.includes('ticket 1')));
  t.is((await mirrorplane(['rollout', 'retry', 'canary'])).code, 1, 'it runs');
  t.is((await mirrorplane(['rollout', 'pause', 'canary'])).code, 0);
  t.is((await mirrorplane(['rollout', 'watch', 'canary'])).code, 3, 'paused');
  t.is((await mirrorplane(['rollout', 'abort', 'canary'])).code, 0);
  const watched = await mirrorplane(['rollout', 'watch', 'canary']);
  t.is(watched.code, 1, 'aborted');
  t.regex(watched.out, /aborted/);
  t.is((await plane.done('GET', '/v1/mirrors/edge-wallarm')).percent, 100);

  t.is((await mirrorplane(['stop', '--reason', 'incident'])).code, 0);
  t.is((await plane.done('GET', '/v1/stops')).items[0].reason, 'incident');
  t.is((await mirrorplane(['stop', '--release'])).code, 0);
  t.is((await plane.done('GET', '/v1/stops')).items.length, 0);

  const node = await mirrorplane(['bootstrap', '--fleet', 'edge', '--node', 'edge-1']);
  t.regex(node.out, /id: edge-1/);
});

test('what is typed wrong is told with the usage; what is in the way of a start in one sentence', async (t) => {
  for (const args of [
    ['rollout'],
    ['rollout', 'dance', 'x'],
    ['rollout', 'show'],
    ['import'],
    ['stop', '--fast'],
  ]) {
    const { code, err } = await run(args);
    t.is(code, 2, args.join(' '));
    t.regex(err, /Usage: mirrorplane/, args.join(' '));
  }
  const nobody = await run(['rollout', 'list', '--server', '127.0.0.1:9']);
  t.is(nobody.code, 1);
  t.regex(nobody.err, /cannot reach/);
  const named = await run(['rollout', 'list'], undefined, { MIRRORPLANE_SERVER: '127.0.0.1:9' });
  t.regex(named.err, /cannot reach http:\/\/127\.0\.0\.1:9/);
  const wrong = await run(['rollout', 'list'], undefined, { MIRRORPLANE_SERVER: 'a b' });
  t.regex(wrong.err, /MIRRORPLANE_SERVER: "a b" is no address/);

  const data = temporaryDirectory(t);
  const plane = await ControlPlane.start({ data });
  t.teardown(() => plane.stop());
  const busy = await run([
    ...['serve', '--data', temporaryDirectory(t), '--http', plane.http, '--xds', '127.0.0.1:0'],
  ]);
  t.is(busy.code, 1);
  t.regex(busy.err, /in use already/);
  const locked = await run(['serve', '--data', data, '--http', '127.0.0.1:0', '--xds', '127.0.0.1:0']);
  t.is(locked.code, 1);
  t.regex(locked.err, /^mirrorplane: .*another mirrorplane process is using it\n$/);
});
