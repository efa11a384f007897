/** A real NGINX with the files of both drivers, as an agent would install them, and a target that says what it got. */
import { writeFileSync } from 'node:fs';
import { type IncomingMessage, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { DRIVERS, type Driver } from '../../../src/dataplanes/nginx/plan.ts';
import { routesOf } from '../../../src/dataplanes/nginx/conditions.ts';
import { stateBody } from '../../../src/dataplanes/nginx/lua.ts';
import { renderNginx } from '../../../src/dataplanes/nginx/render.ts';
import type { Mirror } from '../../../src/model/mirror.ts';
import { binomialInterval } from '../../support/binomial.ts';
import { Nginx, freePorts } from '../../support/nginx.ts';
import { until } from '../../support/until.ts';
import { mirror, plan, target } from './plans.ts';

interface Copy {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Client port of its connection. */
  readonly connection: number;
}

interface Rig {
  /** What came of a request: status, and the copies of it, so many are awaited, by the X-Mirror that they carry. */
  readonly ask: (
    path: string,
    expected: number,
    options?: Ask,
  ) => Promise<{ status: number; copies: Copies }>;
  readonly copies: Copy[];
  readonly port: number;
}

type Copies = Partial<Record<string, Copy[]>>;

interface Ask {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function start(t: ExecutionContext, driver: Driver, mirrors: readonly Mirror[]): Promise<Rig> {
  const copies: Copy[] = [];
  const node = createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const { method = '', url = '', headers, socket } = message;
      const body = Buffer.concat(chunks).toString();
      copies.push({ method, url, headers, body, connection: socket.remotePort ?? 0 });
      response.writeHead(204).end();
    });
  });
  await new Promise<void>((done) => node.listen(0, '127.0.0.1', done));
  t.teardown(() => node.close());
  const [port = 0, state = 0, origin = 0] = await freePorts(3);
  const to = target({ endpoints: [{ host: '127.0.0.1', port: (node.address() as AddressInfo).port }] });
  const made = plan(driver, mirrors, to);
  const stateListen = `127.0.0.1:${state}`;
  const nginx = await Nginx.prepare({
    port,
    lua: driver === 'lua',
    http: (directory) => {
      const { files } = renderNginx(made, { driver, directory, stateListen });
      for (const [name, text] of files) writeFileSync(join(directory, name), text);
      writeFileSync(join(directory, 'html', 'error.html'), 'error\n');
      const mirrored = `include ${directory}/location.conf;`;
      const named = routesOf(made.mirrors).map(
        (route) =>
          `location /${route}/ { include ${directory}/location-${route}.conf; proxy_pass http://127.0.0.1:${origin}; }`,
      );
      return `include ${directory}/http.conf;
      server { listen 127.0.0.1:${origin}; location / { return 200 "origin"; } location /fail { return 502; } }
      server { listen 127.0.0.1:${port}; root ${directory}/html; include ${directory}/server.conf;
        set_real_ip_from 127.0.0.1; real_ip_header X-Real-Client; client_max_body_size 10k;
        error_page 404 502 /error.html; proxy_intercept_errors on;
        location = /up { return 204; }
        location / { ${mirrored} index index.html; }
        location /tries/ { ${mirrored} try_files $uri /index.html; }
        location /fail { ${mirrored} proxy_pass http://127.0.0.1:${origin}; }
        location /big/ { ${mirrored} client_max_body_size 10m; proxy_pass http://127.0.0.1:${origin}; }
        location /rewritten/ { ${mirrored} rewrite ^ /elsewhere break; proxy_pass http://127.0.0.1:${origin}; }
        ${named.join('\n')} }`;
    },
  });
  t.teardown(() => nginx.stop());
  await nginx.start();
  if (driver === 'lua') {
    const { entries } = renderNginx(made, { driver, directory: '/', stateListen });
    const put = await fetch(`http://${stateListen}/state`, { method: 'PUT', body: stateBody('1', entries) });
    t.is(put.status, 200, await put.text());
  }
  let asked = 0;
  const ask: Rig['ask'] = async (path, expected, options = {}) => {
    const id = String(++asked);
    const status = await send(port, path, { ...options, headers: { ...options.headers, 'x-ask': id } });
    const own = (): Copy[] => copies.filter(({ headers }) => headers['x-ask'] === id);
    await until('its copies come', () => own().length >= expected, { timeoutMs: 5000 }).catch(
      () => undefined,
    );
    // Those that should not be come a little later at most.
    await new Promise((done) => setTimeout(done, 100));
    return { status, copies: Object.groupBy(own(), ({ headers }) => String(headers['x-mirror'])) };
  };
  return { ask, copies, port };
}

function send(port: number, path: string, { method = 'GET', headers = {}, body }: Ask): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve(answer.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function named(name: string, fields: Readonly<Record<string, unknown>> = {}, copy: object = {}): Mirror {
  return mirror(name, { ...fields, copy: { ...copy, setHeaders: { 'X-Mirror': name } } });
}

function counts(copies: Copies): Record<string, number> {
  return Object.fromEntries(Object.entries(copies).map(([name, all]) => [name, all?.length ?? 0]));
}

for (const driver of DRIVERS) {
  test(`${driver}: a copy is one, as the edge saw its request, whatever becomes of the request inside NGINX`, async (t) => {
    const { ask, copies } = await start(t, driver, [
      named('a', {}, { removeHeaders: ['Cookie'] }),
      named('b', {}, { body: false, preset: 'none' }),
    ]);
    for (const path of ['/', '/index.html', '/missing', '/tries/x', '/fail', '/rewritten/x?y=%20z']) {
      const { copies: made } = await ask(path, 2);
      t.deepEqual(counts(made), { a: 1, b: 1 }, path);
      t.is(made['a']?.[0]?.url, path);
    }
    t.is((await ask('/_mirrorplane/a', 0)).status, 404);
    const { copies: made } = await ask('/rewritten/', 2, {
      method: 'POST',
      body: 'hello',
      headers: {
        host: 'shop.example:81',
        cookie: 'secret',
        'x-real-client': '198.51.100.7',
        'x-forwarded-for': '6.6.6.6',
        'x-forwarded-proto': 'gopher',
        'transfer-encoding': 'chunked',
      },
    });
    const [copy] = made['a'] ?? [];
    t.like(copy, { method: 'POST', url: '/rewritten/', body: 'hello' });
    t.like(copy?.headers, {
      host: 'shop.example:81',
      'x-forwarded-for': '198.51.100.7',
      'x-forwarded-proto': 'http',
      'x-scheme': 'http',
      'x-server-addr': '127.0.0.1',
      cookie: undefined,
    });
    t.regex(String(copy?.headers['x-request-id']), /^[0-9a-f]{32}$/);
    t.regex(String(copy?.headers['x-forwarded-port']), /^\d+$/);
    const [bodyless] = made['b'] ?? [];
    t.like(bodyless, { method: 'POST', body: '' });
    t.like(bodyless?.headers, {
      cookie: 'secret',
      'x-forwarded-for': '6.6.6.6',
      'content-length': undefined,
    });
    t.true(
      new Set(copies.map(({ connection }) => connection)).size < copies.length / 2,
      'connections are kept',
    );
    const big = await ask('/big/', 2, { method: 'PUT', body: 'x'.repeat(100_000) });
    t.is(big.status, 200);
    t.is(big.copies['a']?.[0]?.body.length, 100_000);
  });

  test(`${driver}: requests are selected by location, host, path, method and header`, async (t) => {
    const { ask } = await start(t, driver, [
      named('host', { routes: [{ domain: '*.shop.example' }, { domain: 'one.example' }] }),
      named('path', { routes: [{ pathPrefix: '/a.b' }, { pathPrefix: '/c', methods: ['PUT', 'POST'] }] }),
      named('header', {
        routes: [
          { headers: [{ name: 'X-Some', exact: 'a"$b;{' }] },
          {
            headers: [
              { name: 'x-some', prefix: 'pre.' },
              { name: 'x-no', present: false },
            ],
          },
          { headers: [{ name: 'x-some', regex: 'r[0-9]+' }] },
        ],
        exclude: [{ headers: [{ name: 'x-no', exact: 'really' }] }],
      }),
      named('place', { routes: [{ route: 'shop', methods: ['PUT'] }] }),
      named('rest', { exclude: [{ route: 'shop' }, { methods: ['DELETE'] }] }),
    ]);
    const cases: readonly (readonly [string, Ask, readonly string[]])[] = [
      ['/', {}, ['rest']],
      ['/', { method: 'DELETE' }, []],
      ['/', { headers: { host: 'WWW.shop.example:99' } }, ['host', 'rest']],
      ['/', { headers: { host: 'shop.example' } }, ['rest']],
      ['/', { headers: { host: 'one.example' } }, ['host', 'rest']],
      ['/a.b/c', {}, ['path', 'rest']],
      ['/axb', {}, ['rest']],
      ['/c', {}, ['rest']],
      ['/c', { method: 'PUT' }, ['path', 'rest']],
      ['/', { headers: { 'x-some': 'a"$b;{' } }, ['header', 'rest']],
      ['/', { headers: { 'x-some': 'pre.x' } }, ['header', 'rest']],
      ['/', { headers: { 'x-some': 'pre.x', 'x-no': '1' } }, ['rest']],
      ['/', { headers: { 'x-some': 'r12' } }, ['header', 'rest']],
      ['/', { headers: { 'x-some': 'r12', 'x-no': 'really' } }, ['rest']],
      ['/', { headers: { 'x-some': 'r12x' } }, ['rest']],
      ['/shop/', { method: 'PUT' }, ['place']],
      ['/shop/', {}, []],
      ['/shop/', { headers: { host: 'one.example' } }, ['host']],
    ];
    for (const [path, options, expected] of cases) {
      const { copies } = await ask(path, expected.length, options);
      t.deepEqual(Object.keys(copies).sort(), [...expected], JSON.stringify([path, options]));
    }
  });

  test(`${driver}: two mirrors draw independently, each at its percent`, async (t) => {
    const rig = await start(t, driver, [
      named('quarter', { percent: 25 }),
      named('half', { percent: 50 }),
      named('never', { percent: 0 }),
    ]);
    const n = 2000;
    let next = 0;
    const client = async (): Promise<void> => {
      while (next++ < n) await send(rig.port, '/big/', { headers: { 'x-n': String(next) } });
    };
    await Promise.all(Array.from({ length: 16 }, client));
    const of = (name: string) => rig.copies.filter(({ headers }) => headers['x-mirror'] === name);
    const both = (): number => {
      const halves = new Set(of('half').map(({ headers }) => headers['x-n']));
      return of('quarter').filter(({ headers }) => halves.has(headers['x-n'])).length;
    };
    await until('all copies came', async () => {
      const before = rig.copies.length;
      await new Promise((done) => setTimeout(done, 200));
      return before === rig.copies.length;
    });
    t.is(of('never').length, 0);
    for (const [name, seen, share] of [
      ['quarter', of('quarter').length, 0.25],
      ['half', of('half').length, 0.5],
      ['both', both(), 0.125],
    ] as const) {
      const { low, high } = binomialInterval(n, share, 0.9999);
      t.true(seen >= low && seen <= high, `${name}: ${seen} of ${n}, not ${low} to ${high}`);
    }
  });
}
