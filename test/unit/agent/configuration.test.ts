import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Configuration } from '../../../src/agent/configuration.ts';
import { walk } from '../../../src/dataplanes/nginx/config/scopes.ts';
import { temporaryDirectory } from '../../support/temporary-directory.ts';

function write(t: ExecutionContext, files: Readonly<Record<string, string>>) {
  const directory = temporaryDirectory(t);
  const put = (name: string, text: string): void => {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    // Renamed, as editors do: a time alone may be the same.
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  for (const [name, text] of Object.entries(files)) put(name, text);
  const configuration = new Configuration(join(directory, 'nginx.conf'));
  /** `file:line name args`, but for includes. */
  const read = async (): Promise<readonly string[]> =>
    [...walk(await configuration.read())]
      .filter(({ directive }) => directive.name !== 'include')
      .map(({ directive: { name, args, file = '', line } }) =>
        [`${file.slice(directory.length + 1)}:${line}`, name, ...args].join(' '),
      );
  return { directory, put, read, configuration };
}

test('what is included is where it is included, from wherever, with its own lines', async (t) => {
  const { read } = write(t, {
    'nginx.conf':
      'a;\ninclude modules/*.conf; http { include "conf.d/[ab]?.conf"; include sites/one; include none; }',
    'modules/10.conf': 'm 10;',
    'modules/09.conf': 'm 9;',
    'modules/.hidden.conf': 'm 0;',
    'conf.d/a1.conf': 's {\n include sites/one; }',
    'conf.d/c1.conf': 'c;',
    'sites/one': '\none;',
  });
  t.deepEqual(await read(), [
    'nginx.conf:1 a',
    'modules/09.conf:1 m 9',
    'modules/10.conf:1 m 10',
    'nginx.conf:2 http',
    'conf.d/a1.conf:1 s',
    'sites/one:2 one',
    'sites/one:2 one',
  ]);
});

test('an include stays, with the absolute path', async (t) => {
  const { configuration, directory } = write(t, { 'nginx.conf': 'include a/b.conf;' });
  t.like(await configuration.read(), [{ name: 'include', args: [join(directory, 'a/b.conf')] }]);
});

test('what has changed is read again', async (t) => {
  const { put, read } = write(t, { 'nginx.conf': 'include a;', a: 'one;' });
  t.deepEqual(await read(), ['a:1 one']);
  put('a', 'two;');
  t.deepEqual(await read(), ['a:1 two']);
});

test('what is none of NGINX, not there, or without end is an error', async (t) => {
  await t.throwsAsync(write(t, { 'nginx.conf': 'include a;', a: '}' }).read(), { message: /unexpected "}"/ });
  await t.throwsAsync(write(t, {}).read(), { code: 'ENOENT' });
  await t.throwsAsync(write(t, { 'nginx.conf': 'include a;', a: 'include a;' }).read(), {
    message: /includes itself/,
  });
});
