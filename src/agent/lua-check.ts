import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { named } from '../dataplanes/nginx/config/scopes.ts';
import type { Directive } from '../dataplanes/nginx/config/tokens.ts';
import { quoted } from '../dataplanes/nginx/syntax.ts';
import type { Nginx } from './nginx.ts';

/** No exit code of NGINX's own. */
const PROOF = 42;

/** Lines of a configuration that decide whether Lua works with it. */
export interface LuaLines {
  readonly main: readonly string[];
  readonly http: readonly string[];
}

export function luaLinesOf(top: readonly Directive[]): LuaLines {
  const text = ({ name, args }: Directive): string => `${[name, ...args.map(quoted)].join(' ')};`;
  const http = named(top, 'http').flatMap(({ block }) => block ?? []);
  return {
    main: named(top, 'load_module').map(text),
    http: ['lua_package_path', 'lua_package_cpath'].flatMap((name) => named(http, name).map(text)),
  };
}

/**
 * Whether Lua works with the modules that the owner loads: a configuration of ours with just these is run, and its Lua
 * ends the process with a code that is proof. `nginx -t` is none: it passes where Lua's own library is missing.
 * Undefined when it works, else why not.
 */
export async function luaComplaint(nginx: Nginx, owners: LuaLines): Promise<string | undefined> {
  const directory = await mkdtemp(join(tmpdir(), 'mirrorplane-lua-'));
  try {
    const conf = join(directory, 'nginx.conf');
    const lines = [
      ...owners.main,
      `pid ${join(directory, 'pid')};`,
      'daemon off;',
      'master_process off;',
      'error_log stderr;',
      'events {}',
      'http {',
      'access_log off;',
      ...owners.http,
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
