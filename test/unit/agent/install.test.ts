import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { nginxBinary } from '../../../scripts/fetch-nginx.ts';
import { Disk } from '../../../src/agent/disk.ts';
import { Generations } from '../../../src/agent/generations.ts';
import { Installer } from '../../../src/agent/install.ts';
import { Nginx, wordsOf } from '../../../src/agent/nginx.ts';
import { SYSTEM_CLOCK } from '../../../src/agent/time.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

const ERROR_LOG = 'error_log stderr;';
const files = (text: string, ...more: readonly string[]): ReadonlyMap<string, string> =>
  new Map(['http.conf', 'server.conf', 'location.conf', ...more].map((name) => [name, text]));

async function begin(t: ExecutionContext, http: string, conf = 'nginx.conf') {
  const directory = temporaryDirectory(t);
  const path = join(directory, conf);
  mkdirSync(join(directory, 'certificates'));
  writeFileSync(join(directory, 'certificates', 'types'), 'types { text/plain txt; }\n');
  writeFileSync(path, `pid ${directory}/pid;\n${ERROR_LOG}\nevents {}\nhttp { access_log off; ${http} }\n`);
  const nginx = new Nginx({ binary: await nginxBinary(), conf: path, prefix: directory, pid: undefined });
  const generations = await Generations.open(path, join(directory, 'mirrorplane'));
  const answers = (): Promise<boolean> => Promise.resolve(false);
  const installer = new Installer({ nginx, generations, clock: SYSTEM_CLOCK, answers });
  const live = (name: string): string => readFileSync(join(directory, 'mirrorplane', 'live', name), 'utf8');
  return { directory, nginx, generations, installer, live };
}

const never = (): Promise<boolean> => Promise.resolve(false);

test('files are tested where they will be, by relative and absolute includes, before any changes', async (t) => {
  // What the owner names relatively is found from the shadow, too.
  const { directory, installer, live } = await begin(
    t,
    'include certificates/types; include mirrorplane/http.conf; server { include mirrorplane/server.conf; }',
  );
  t.is(await installer.begin(files('')), undefined);
  t.is((await installer.install(files('# 1\n'), never)).kind, 'absent', 'good, and nginx does not run');
  t.is(live('http.conf'), '# 1\n');
  const refused = await installer.install(new Map([...files('# 2\n'), ['http.conf', 'nonsense;\n']]), never);
  t.deepEqual(refused, {
    kind: 'refused',
    message: `nginx: [emerg] unknown directive "nonsense" in ${directory}/mirrorplane/live/http.conf:1`,
  });
  t.is(live('server.conf'), '# 1\n');
  t.is(
    readdirSync(join(directory, 'mirrorplane', 'generations')).length,
    2,
    'the one before is kept, no more',
  );
});

test('where nothing of ours is included that is said, and nginx is not reloaded for it', async (t) => {
  const { installer } = await begin(t, '');
  await installer.begin(files(''));
  const outcome = await installer.install(files('# 1\n'), never);
  t.is(outcome.kind, 'refused');
  t.regex(outcome.kind === 'refused' ? outcome.message : '', /does not include .*mirrorplane\/http\.conf/);
});

test('first files are there even where nginx does not take them', async (t) => {
  const { installer, live } = await begin(t, 'include mirrorplane/http.conf; nonsense;');
  t.regex((await installer.begin(files('# first\n'))) ?? '', /unknown directive "nonsense"/);
  t.is(live('http.conf'), '# Nothing yet.\n');
});

test('a file of a location that has nothing of its own any more has what all locations have', async (t) => {
  const { generations, installer, live } = await begin(
    t,
    'include mirrorplane/http.conf; server { location / { include mirrorplane/location-api.conf; } }',
  );
  await installer.begin(files('', 'location-api.conf'));
  await installer.install(files('# 1\n', 'location-api.conf'), never);
  const next = await generations.complete(files('# 2\n'));
  t.is((await installer.install(next, never)).kind, 'absent');
  t.is(live('location-api.conf'), '# 2\n');
  t.deepEqual(await installer.changed(next), []);
});

test('a directory that relative includes cannot name is refused', async (t) => {
  const { directory } = await begin(t, '');
  const other = temporaryDirectory(t);
  await t.throwsAsync(Generations.open(join(directory, 'nginx.conf'), join(other, 'mirrorplane')), {
    message: /must be below the directory of/,
  });
});

test('the pid file is what the configuration says, wherever it says so', async (t) => {
  const { directory, nginx } = await begin(t, '');
  t.is(await nginx.pidFile(), `${directory}/pid`);
  writeFileSync(join(directory, 'included'), 'worker_processes 1; pid logs/x.pid;');
  writeFileSync(nginx.conf, '# pid /no;\nuser root; include included; events {}');
  t.is(await nginx.pidFile(), `${directory}/logs/x.pid`);
});

test("nginx's words are its own, without times and numbers of processes", (t) => {
  const stderr =
    '2026/11/25 22:39:15 [emerg] 20977#20977: unknown directive "x" in /a:1\nnginx: configuration file /a test failed\n';
  t.is(wordsOf(stderr), 'nginx: [emerg] unknown directive "x" in /a:1');
  t.is(wordsOf('something else\n'), 'something else');
});

test('what is on disk survives, and what is no plan is said to be none', async (t) => {
  const directory = temporaryDirectory(t);
  const disk = new Disk(directory);
  await disk.open();
  t.is(await disk.loadPlan('lua'), undefined);
  const sent = { resourceVersion: 'r', plan: { version: 'v', mirrors: [] } };
  await disk.savePlan('lua', sent);
  await disk.saveContact(5);
  const again = new Disk(directory);
  await again.open();
  t.deepEqual(await again.loadPlan('lua'), sent);
  t.deepEqual(await again.loadPlan('reload'), { ...sent, resourceVersion: undefined }, 'another resource');
  t.is(await again.loadContact(), 5);
  writeFileSync(join(directory, 'plan.json'), '{"driver":"lua"}');
  await t.throwsAsync(again.loadPlan('lua'));
});
