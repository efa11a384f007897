import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import test from 'ava';
import { traefikBinary } from '../../scripts/fetch-traefik.ts';
import { traefikValidator } from '../../src/app/validators/traefik.ts';
import type { Compiled } from '../../src/dataplanes/data-plane.ts';
import { createTraefikDataPlane } from '../../src/dataplanes/traefik/index.ts';
import { type RunningApp, startApp } from '../support/app.ts';
import { until } from '../support/until.ts';
import { temporaryDirectory } from '../support/temporary-directory.ts';

const GOOD = `
http:
  routers: { web: { rule: "Host(\`a\`)", service: origin, entryPoints: [web] } }
  services: { origin: { loadBalancer: { servers: [{ url: "http://127.0.0.1:1" }] } } }
`;
/** Script names that Go does not know, and nothing here does not. */
const BAD = GOOD.replace('service: origin,', 'service: origin, middlewares: [to],').replace(
  '  services:',
  '  middlewares: { to: { redirectRegex: { regex: "\\\\p{Vith}" } } }\n  services:',
);

function put(app: RunningApp, path: string, body: string): ReturnType<RunningApp['call']> {
  return app.call('PUT', path, body, { 'content-type': 'application/yaml' });
}

async function startWith(t: Parameters<typeof startApp>[0], binary?: string): Promise<RunningApp> {
  const app =
    binary === undefined
      ? await startApp(t, { MIRRORPLANE_TRAEFIK: await traefikBinary() })
      : await startApp(t, {}, ['--traefik', binary]);
  await app.call('PUT', '/v1/fleets/edge', { dataPlane: 'traefik' });
  return app;
}

function compiled(config: string): Compiled {
  const traefik = createTraefikDataPlane();
  const read = traefik.readConfig(config, 'yaml', { fleet: 'edge', adopt: true });
  const fleet = { name: 'edge', dataPlane: 'traefik', nodeCluster: 'edge' };
  const made = read.ok ? traefik.compile({ fleet, config: read.value, mirrors: [] }) : read;
  if (!made.ok) throw new Error(JSON.stringify(made.issues));
  return made.value;
}

/** Children of this process that have not ended. */
const children = (): readonly string[] =>
  process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap');

test.serial('a Traefik refuses what our own checks take, before it is served', async (t) => {
  const app = await startWith(t);
  const taken = await put(app, '/v1/fleets/edge/config', GOOD);
  t.deepEqual([taken.status, taken.json.checks], [201, ['schema', 'references', 'traefik']]);
  for (const query of ['?dryRun=true', '']) {
    const refused = await put(app, `/v1/fleets/edge/config${query}`, BAD);
    t.is(refused.status, 400);
    t.deepEqual(refused.json.errors, [
      {
        path: 'http.middlewares.to',
        message: 'Traefik: error parsing regexp: invalid character class range: `\\p{Vith}`',
      },
    ]);
  }
  t.is((await app.call('GET', '/v1/fleets/edge/config')).text, GOOD);
  t.deepEqual(children(), []);
});

test.serial('every problem of every section comes with its path', async (t) => {
  const app = await startWith(t);
  const config = `${BAD}
tcp:
  routers: { raw: { rule: "HostSNI(\`*\`)", service: gone, entryPoints: [raw] } }
udp:
  routers: { dns: { service: gone, entryPoints: [dns] } }
`;
  const refused = await put(app, '/v1/fleets/edge/config', config);
  const paths = refused.json.errors.map(({ path }: { path: string }) => path);
  t.deepEqual(paths, ['http.middlewares.to', 'tcp.routers.raw', 'udp.routers.dns']);
});

test.serial('what is elsewhere is not asked for, and nothing is sent anywhere', async (t) => {
  let connections = 0;
  const server = createServer().on('connection', (socket) => {
    connections += 1;
    socket.destroy();
  });
  server.listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const app = await startWith(t);
  const config = `
http:
  routers:
    web: { rule: "Host(\`a\`)", service: origin, middlewares: [all, auth@file], entryPoints: [Web, web.2], tls: { certResolver: le, options: strict } }
    other: { rule: "Host(\`b\`)", service: shop@docker, tls: { options: modern@file } }
    under: { rule: "Path(\`/c\`)", service: origin, parentRefs: [root@file] }
    below: { rule: "Path(\`/d\`)", service: origin@http, parentRefs: [top@http] }
    top: { rule: "Host(\`e\`)", entryPoints: [traefik] }
    api: { rule: "Host(\`f\`)", service: api@internal }
  middlewares:
    all: { chain: { middlewares: [in, out, mine, x@file, limit, auth, pages, braces] } }
    in: { basicAuth: { usersFile: /no/users } }
    out: { digestAuth: { usersFile: /no/users, users: ["a:b:c"] } }
    mine: { plugin: { mine: { a: b } } }
    limit: { rateLimit: { redis: { endpoints: ["${host}"], minIdleConns: 5 } } }
    auth: { forwardAuth: { address: "http://${host}", tls: { ca: /no/ca.pem, cert: /no/c.pem, key: /no/k.pem } } }
    pages: { errors: { status: ["500"], service: pages@docker } }
    braces: { replacePath: { path: '/{{ env "HOME" }}' } }
  serversTransports:
    node: { rootCAs: [/no/ca.pem], certificates: [{ certFile: /no/c.pem, keyFile: /no/k.pem }] }
    spire: { spiffe: {} }
  services:
    origin: { loadBalancer: { servers: [{ url: "http://${host}" }], serversTransport: node, healthCheck: { path: /, interval: 10ms, unhealthyInterval: 10ms } } }
    over: { failover: { service: origin, fallback: shop@docker, healthCheck: {} } }
    copied: { mirroring: { service: shop@docker, mirrors: [{ name: over, percent: 10 }] } }
    apart: { loadBalancer: { servers: [{ url: "http://${host}" }], serversTransport: spire } }
    split: { weighted: { services: [{ name: apart }, { name: copied }, { name: shop@docker }] } }
tcp:
  routers: { raw: { rule: "HostSNI(\`*\`)", service: raw, entryPoints: [raw], middlewares: [m@file] } }
  services: { raw: { loadBalancer: { servers: [{ address: "${host}" }], serversTransport: t@file, healthCheck: { interval: 10ms } } } }
udp:
  routers: { dns: { service: dns@docker, entryPoints: [dns] } }
  services: { dns: { loadBalancer: { servers: [{ address: "${host}" }] } } }
tls:
  certificates: [{ certFile: /no/c.pem, keyFile: /no/k.pem }]
  options: { strict: { clientAuth: { caFiles: [/no/ca.pem], clientAuthType: RequireAndVerifyClientCert } } }
  stores: { default: { defaultGeneratedCert: { resolver: le, domain: { main: a.example } } } }
`;
  const taken = await put(app, '/v1/fleets/edge/config?adopt=false', config);
  t.is(taken.status, 201, taken.text);
  t.true(taken.json.checks.includes('traefik'));
  t.is(connections, 0);
});

test.serial('mirrors are asked about as if they copied, and percents not at all', async (t) => {
  const app = await startWith(t);
  await put(app, '/v1/fleets/edge/config', GOOD);
  await app.call('PUT', '/v1/targets/node', { endpoints: [{ host: 'node', port: 8445 }] });
  const mirror = { fleet: 'edge', target: 'node', percent: 0 };
  t.true((await app.call('PUT', '/v1/mirrors/m', mirror)).json.checks.includes('traefik'));
  t.false((await app.call('PATCH', '/v1/mirrors/m', { percent: 5 })).json.checks.includes('traefik'));
});

test.serial(
  'where nobody asks a Traefik, a change of structure says so, and what is no such change does not',
  async (t) => {
    const unseen = ({ json }: { json: any }): readonly unknown[] =>
      json.warnings.filter(({ path }: { path: string }) => path === 'fleets.edge.readBack');
    const writes = async (app: RunningApp, fleet: object): Promise<readonly (readonly unknown[])[]> => {
      await app.call('PUT', '/v1/fleets/edge', { dataPlane: 'traefik', ...fleet });
      const config = await put(app, '/v1/fleets/edge/config', GOOD);
      await app.call('PUT', '/v1/targets/node', { endpoints: [{ host: 'node', port: 8445 }] });
      const mirror = await app.call('PUT', '/v1/mirrors/m', { fleet: 'edge', target: 'node', percent: 1 });
      const percent = await app.call('PATCH', '/v1/mirrors/m', { percent: 2 });
      return [config, mirror, percent].map(unseen);
    };
    const told = await writes(await startApp(t), {});
    t.deepEqual(
      told.map(({ length }) => length),
      [1, 1, 0],
    );
    t.regex((told[0]?.[0] as { message: string }).message, /--traefik/);
    const readBack = { '*': 'http://127.0.0.1:1' };
    t.deepEqual(await writes(await startApp(t), { readBack }), [[], [], []]);
    t.deepEqual(await writes(await startWith(t), {}), [[], [], []]);
  },
);

test.serial('a Traefik that cannot be asked is an error of the operator, and nothing changes', async (t) => {
  const broken = join(temporaryDirectory(t), 'traefik');
  writeFileSync(broken, '#!/bin/sh\necho no licence >&2\nexit 3\n', { mode: 0o755 });
  for (const [binary, words] of [
    ['/no/traefik', /not found/],
    [broken, /no licence/],
  ] as const) {
    const app = await startWith(t, binary);
    const failed = await put(app, '/v1/fleets/edge/config', GOOD);
    t.is(failed.status, 503, failed.text);
    await t.throwsAsync(traefikValidator(binary)(compiled(GOOD)), { message: words });
    t.is((await app.call('GET', '/v1/fleets/edge/config')).status, 404);
  }
  t.deepEqual(children(), []);
});

test.serial(
  'where the process that asks is killed, no Traefik is left behind, nor its directory',
  async (t) => {
    const directory = temporaryDirectory(t);
    const [binary, told] = [join(directory, 'traefik'), join(directory, 'told')];
    const script = `#!/bin/sh\necho "$$ $1" > ${told}.new && mv ${told}.new ${told}\nexec sleep 600\n`;
    writeFileSync(binary, script, { mode: 0o755 });
    const source = join(import.meta.dirname, '../../src');
    const code = `
    const { traefikValidator } = await import(${JSON.stringify(`${source}/app/validators/traefik.ts`)});
    const { createTraefikDataPlane } = await import(${JSON.stringify(`${source}/dataplanes/traefik/index.ts`)});
    const traefik = createTraefikDataPlane();
    const { value: config } = traefik.readConfig(${JSON.stringify(GOOD)}, 'yaml', { fleet: 'edge', adopt: true });
    const fleet = { name: 'edge', dataPlane: 'traefik', nodeCluster: 'edge' };
    await traefikValidator(${JSON.stringify(binary)})(traefik.compile({ fleet, config, mirrors: [] }).value);
  `;
    const asking = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'ignore' });
    t.teardown(() => asking.kill('SIGKILL'));
    await until('it is asked', () => existsSync(told));
    const [pid = '', argument = ''] = readFileSync(told, 'utf8').trim().split(' ');
    const settings = argument.replace('--configFile=', '');
    t.true(existsSync(settings));
    t.true(existsSync(`/proc/${pid}`));
    asking.kill('SIGKILL');
    await until('it is gone', () => !existsSync(`/proc/${pid}`) && !existsSync(dirname(settings)));
  },
);
