import { spawnSync } from 'node:child_process';
import test from 'ava';
import { isLoopback, parseAddress, readSettings } from '../../../src/config/settings.ts';
import { startApp } from '../../support/app.ts';

const root = new URL('../../../', import.meta.url);

function mirrorplane(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  return spawnSync(process.execPath, ['src/main.ts', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...environment },
  });
}

test('the defaults bind loopback', (t) => {
  t.like(readSettings([], {}), {
    ok: true,
    value: {
      http: { host: '127.0.0.1', port: 8080 },
      xds: { host: '127.0.0.1', port: 18_000 },
      data: './data',
      token: undefined,
    },
  });
});

test('a flag wins over the environment', (t) => {
  const settings = readSettings(['--http', '[::1]:0'], {
    MIRRORPLANE_HTTP: '127.0.0.1:1',
    MIRRORPLANE_XDS: 'localhost:2',
  });
  t.like(settings, {
    ok: true,
    value: { http: { host: '::1', port: 0 }, xds: { host: 'localhost', port: 2 } },
  });
});

test('without a token REST binds loopback alone', (t) => {
  const refused = readSettings(['--http', '0.0.0.0:8080'], {});
  t.false(refused.ok);
  t.regex(JSON.stringify(refused), /MIRRORPLANE_TOKEN/);
  t.true(readSettings(['--http', '0.0.0.0:8080'], { MIRRORPLANE_TOKEN: 'x' }).ok);
});

test('all that is wrong is told at once', (t) => {
  const args = [
    '--http',
    'nowhere',
    '--xds',
    '1.2.3.4:99999',
    '--xds-cert',
    'a',
    '--log-level',
    'loud',
    '--what',
    'x',
    '--load-report-interval',
    '1',
  ];
  const settings = readSettings(args, {});
  t.deepEqual(settings.ok ? [] : settings.issues.map(({ path }) => path).sort(), [
    '--http',
    '--load-report-interval',
    '--log-level',
    '--what',
    '--xds',
    '--xds-key',
    'x',
  ]);
});

test('addresses', (t) => {
  t.deepEqual(parseAddress('[::1]:8080'), { host: '::1', port: 8080 });
  for (const text of ['8080', 'a:b', '::1:80', '[nope]:80', 'a:65536', ''])
    t.is(parseAddress(text), undefined, text);
  t.deepEqual(['127.0.0.1', '127.9.9.9', '::1', 'localhost', '0.0.0.0', '10.0.0.1'].map(isLoopback), [
    true,
    true,
    true,
    true,
    false,
    false,
  ]);
});

test('help is there for each command, and an unknown one is refused', (t) => {
  t.regex(mirrorplane(['--help']).stdout, /serve.*bootstrap/s);
  t.regex(mirrorplane(['serve', '--help']).stdout, /--xds-client-ca/);
  t.regex(mirrorplane(['bootstrap', '--help']).stdout, /--node/);
  const unknown = mirrorplane(['fly']);
  t.is(unknown.status, 2);
  t.regex(unknown.stderr, /no command "fly"/);
  const refused = mirrorplane(['serve', '--http', '0.0.0.0:1']);
  t.is(refused.status, 2);
  t.regex(refused.stderr, /--http: without MIRRORPLANE_TOKEN/);
});

test('the bootstrap command prints what REST answers', async (t) => {
  const app = await startApp(t);
  await app.call('PUT', '/v1/fleets/edge', { nodeCluster: 'c' });
  const { stdout, status } = await runAsync([
    'bootstrap',
    '--fleet',
    'edge',
    '--node',
    'n1',
    '--server',
    app.url,
    '--admin-port',
    '0',
  ]);
  t.is(status, 0);
  t.is(stdout, (await app.call('GET', '/v1/fleets/edge/bootstrap?node=n1&adminPort=0')).text);
  t.is((await runAsync(['bootstrap', '--fleet', 'nope', '--node', 'n1', '--server', app.url])).status, 1);
});

/** The app is in this process, so it must not be blocked. */
async function runAsync(args: readonly string[]): Promise<{ stdout: string; status: number | null }> {
  const { spawn } = await import('node:child_process');
  const child = spawn(process.execPath, ['src/main.ts', ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const { promise, resolve } = Promise.withResolvers<number | null>();
  child.once('close', resolve);
  return { status: await promise, stdout };
}
