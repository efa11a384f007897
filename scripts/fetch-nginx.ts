/**
 * Finds the NGINX that the tests run, and installs Debian's when there is none. In this order: `NGINX_BIN`, `nginx` on
 * PATH, /usr/sbin/nginx, and as root `apt-get install nginx libnginx-mod-http-lua`.
 */
import { execFile } from 'node:child_process';
import { access, constants, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

const INSTALLED = '/usr/sbin/nginx';
const PACKAGES = ['nginx', 'libnginx-mod-http-lua'];
const POLICY = '/usr/sbin/policy-rc.d';
const MODULES = '/etc/nginx/modules-enabled';
const run = promisify(execFile);

let found: Promise<string> | undefined;

/** Path of an nginx binary. Rejects, with what was tried and how to help it, when there is none to be had. */
export function nginxBinary(): Promise<string> {
  return (found ??= findNginx());
}

/**
 * Lines of a main configuration that load Lua; empty where it is compiled in. Of the modules that Debian's packages
 * enable, or of `NGINX_LUA_MODULES`: files, with a colon between them.
 */
export async function luaModules(): Promise<readonly string[]> {
  const named = process.env['NGINX_LUA_MODULES'];
  if (named !== undefined)
    return named
      .split(delimiter)
      .filter(Boolean)
      .map((path) => `load_module ${path};`);
  const files = (await readdir(MODULES).catch(() => [])).filter((name) => /ndk|lua/.test(name)).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(MODULES, name), 'utf8')));
  return texts.map((text) => text.trim());
}

async function findNginx(): Promise<string> {
  const named = process.env['NGINX_BIN'];
  if (named !== undefined && named !== '') {
    if (await isExecutable(named)) return named;
    throw new Error(`NGINX_BIN is ${named}, which is no executable file`);
  }
  const directories = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  for (const path of [...directories.map((directory) => join(directory, 'nginx')), INSTALLED]) {
    if ((await isExecutable(path)) && (await luaModules()).length > 0) return path;
  }
  try {
    await install();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(
      'No NGINX with Lua: NGINX_BIN is not set, there is none on PATH with a Lua module in ' +
        `${MODULES}, and installing it failed. As root on Debian or Ubuntu: apt-get install ${PACKAGES.join(' ')}. ${why}`,
      { cause: error },
    );
  }
  return INSTALLED;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Without its service: the tests run NGINXs of their own. */
async function install(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('This is not root.');
  const hasPolicy = await access(POLICY).then(
    () => true,
    () => false,
  );
  if (!hasPolicy) await writeFile(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    await run('apt-get', ['update', '-qq'], { env });
    const quiet = ['-qq', '-o', 'DPkg::Lock::Timeout=120', '--no-install-recommends'];
    await run('apt-get', ['install', '-y', ...quiet, ...PACKAGES], { env });
  } finally {
    if (!hasPolicy) await rm(POLICY, { force: true });
  }
}

if (import.meta.main) {
  try {
    process.stdout.write(`${await nginxBinary()}\n`);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
