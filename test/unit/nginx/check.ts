/** What a real NGINX says of files. A missing NGINX is a failure: half of these tests would test nothing. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { luaModules, nginxBinary } from '../../../scripts/fetch-nginx.ts';
import type { Driver, Plan } from '../../../src/dataplanes/nginx/plan.ts';
import { routesOf } from '../../../src/dataplanes/nginx/conditions.ts';
import { renderNginx } from '../../../src/dataplanes/nginx/render.ts';

const run = promisify(execFile);

/** Undefined where NGINX takes it; else its words. `files` lie beside the main file. */
export async function refusal(
  main: string,
  files: ReadonlyMap<string, string> = new Map(),
): Promise<string | undefined> {
  const directory = mkdtempSync(join(tmpdir(), 'mirrorplane-nginx-t-'));
  try {
    for (const [name, text] of files) writeFileSync(join(directory, name), text);
    writeFileSync(join(directory, 'nginx.conf'), main.replaceAll('DIRECTORY', directory));
    const binary = await nginxBinary();
    await run(binary, ['-t', '-q', '-p', directory, '-c', join(directory, 'nginx.conf'), '-e', 'stderr']);
    return undefined;
  } catch (error) {
    return (error as { stderr?: string }).stderr ?? String(error);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export const MAIN = 'pid DIRECTORY/pid;\nevents {}\n';

/** What NGINX says of a plan's files, each included where it belongs. */
export async function refusalOfPlan(
  plan: Plan,
  driver: Driver,
  logAddress?: string,
): Promise<string | undefined> {
  const { files } = renderNginx(plan, {
    driver,
    directory: '.',
    stateListen: '127.0.0.1:9180',
    ...(logAddress !== undefined && { logAddress }),
  });
  const modules = (await luaModules()).map((line) =>
    line.replaceAll(/load_module (?!\/)/g, 'load_module /usr/lib/nginx/'),
  );
  const locations = routesOf(plan.mirrors).map(
    (route, n) => `location /${n} { include location-${route}.conf; }`,
  );
  return refusal(
    `${driver === 'lua' ? modules.join('\n') : ''}\n${MAIN}http { include http.conf; server { listen 127.0.0.1:9181;
      include server.conf; location / { include location.conf; } ${locations.join('\n')} } }`,
    files,
  );
}
