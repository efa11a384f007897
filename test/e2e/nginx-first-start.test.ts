import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { luaModules } from '../../scripts/fetch-nginx.ts';
import { Nginx, freePorts } from '../support/nginx.ts';
import { NginxAgent } from '../support/nginx-agent.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

/** As Debian's nginx.conf does: modules are loaded by a file that is included. */
test('Lua is found on the first start, when the files that the owner includes are not there yet', async (t) => {
  const modules = join(temporaryDirectory(t), 'modules.conf');
  const lines = await luaModules();
  writeFileSync(
    modules,
    lines
      .map((line) => line.replaceAll(/load_module (?!\/)/g, 'load_module /usr/lib/nginx/'))
      // All on one line, too.
      .join(' '),
  );
  const [port = 0, stateListen = 0] = await freePorts(2);
  const edge = await Nginx.prepare({
    port,
    main: `include ${modules};`,
    http: (directory) => `
      include ${join(directory, 'mirrorplane')}/http.conf;
      server { listen 127.0.0.1:${port}; include mirrorplane/server.conf; }`,
  });
  t.teardown(() => edge.stop());
  const agent = await NginxAgent.start({
    ...{ nginx: edge, xds: '127.0.0.1:9', cluster: 'ngx', node: 'ngx-1' },
    ...{ stateListen: `127.0.0.1:${stateListen}`, state: temporaryDirectory(t) },
  });
  t.teardown(() => agent.stop());
  t.is(agent.find('ready')?.['driver'], 'lua');
});
