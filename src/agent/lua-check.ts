import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Nginx } from './nginx.ts';

/** No exit code of NGINX's own. */
const PROOF = 42;

/**
 * Whether Lua works with the modules that the owner loads: a configuration of ours with just these is run, and its Lua
 * ends the process with a code that is proof. `nginx -t` is none: it passes where Lua's own library is missing.
 * Undefined when it works, else why not.
 */
export async function luaComplaint(nginx: Nginx): Promise<string | undefined> {
  const owners = await readFile(nginx.conf, 'utf8');
  const dump = await nginx.dump();
  const loads = [...new Set(dump.match(/^[ \t]*load_module\s[^;{}]+;/gm))];
  const paths = [/^[ \t]*lua_package_c?path\s[^{}]+?["'];/gm].flatMap((path) => dump.match(path) ?? []);
  const directory = await mkdtemp(join(tmpdir(), 'mirrorplane-lua-'));
  try {
    const conf = join(directory, 'nginx.conf');
    const lines = [
      ...(loads.length > 0 ? loads : (owners.match(/^[ \t]*load_module\s[^;{}]+;/gm) ?? [])),
      `pid ${join(directory, 'pid')};`,
      'daemon off;',
      'master_process off;',
      'error_log stderr;',
      'events {}',
      'http {',
      'access_log off;',
      ...new Set(paths),
      `init_by_lua_block { require("resty.core") require("ngx.balancer") os.exit(${PROOF}) }`,
      '}',
    ];
    await writeFile(conf, `${lines.join('\n')}\n`);
    const { code, stderr } = await nginx.run(['-c', conf], 5000);
    if (code === PROOF) return undefined;
    return stderr.trim().split('\n').slice(0, 3).join('; ') || `it ended with code ${code}`;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
