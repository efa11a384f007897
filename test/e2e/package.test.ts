import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import test from 'ava';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const root = new URL('../../', import.meta.url).pathname;

function npm(args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8', maxBuffer: 1 << 26 });
  if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`);
  return stdout;
}

test('the packed package holds what it needs and nothing else, and starts in an empty folder', async (t) => {
  const folder = temporaryDirectory(t);
  npm(['pack', '--pack-destination', folder], root);
  const [tarball = ''] = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  const { stdout } = spawnSync('tar', ['-tzf', join(folder, tarball)], { encoding: 'utf8' });
  const files = stdout
    .trim()
    .split('\n')
    .map((file) => file.replace(/^package\//, ''));
  const unexpected = files.filter(
    (file) =>
      !/^(dist\/.+\.js|protos\/[^/]+\.(binpb|gz|json)|envoy\/[^/]+|package\.json|README\.md|LICENSE|NOTICE|CHANGELOG\.md|openapi\.json)$/.test(
        file,
      ),
  );
  t.deepEqual(unexpected, []);
  t.true(files.includes('dist/main.js'));

  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  npm(
    ['install', '--omit=dev', '--prefer-offline', '--no-audit', '--no-fund', join(folder, tarball)],
    folder,
  );
  const bin = join(folder, 'node_modules', '.bin', 'mirrorplane');
  t.true(existsSync(bin));
  const child = spawn(process.execPath, [bin, 'serve', '--http', '127.0.0.1:0', '--xds', '127.0.0.1:0'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const { promise, resolve, reject } = Promise.withResolvers<{ http: string }>();
  child.once('exit', (code) => reject(new Error(`it ended with ${code}`)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const entry = JSON.parse(line) as { msg: string; http: string };
    if (entry.msg === 'ready') resolve(entry);
  });
  const { http } = await promise;
  t.is((await fetch(`http://${http}/readyz`)).status, 200);
  child.removeAllListeners('exit');
  const ended = Promise.withResolvers<number | null>();
  child.once('exit', ended.resolve);
  child.kill('SIGTERM');
  t.is(await ended.promise, 0);
});
