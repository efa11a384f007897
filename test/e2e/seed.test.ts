import test from 'ava';
import { Envoy } from '../support/envoy.ts';
import {
  edgeConfig,
  seedConfig,
  seedConfigAt,
  staticBootstrap,
  toOrigin,
  type Json,
} from '../support/edge-config.ts';
import { HttpConnection, get } from '../support/http-client.ts';
import { valuesOf, type HttpMessage } from '../support/http-messages.ts';
import { startLoad } from '../support/load.ts';
import { ECHO, Origin, answer, type Answer } from '../support/origin.ts';
import { MIRROR_STATS, settled, startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

/** Every header that a copy must have from the edge, as a client would forge it. */
const FORGED = {
  'X-Forwarded-For': '6.6.6.6',
  'X-Forwarded-Port': '666',
  'X-Forwarded-Proto': 'gopher',
  'X-Scheme': 'gopher',
  'X-Server-Addr': '6.6.6.6',
  'X-Server-Port': '666',
  'X-Request-ID': 'forged',
  'X-Envoy-Original-Path': '/forged',
  'X-Envoy-Original-Host': 'forged.example',
  'X-Envoy-Expected-Rq-Timeout-Ms': '1',
  'X-Mirrorplane-Client': '6.6.6.6',
  'X-Mirrorplane-Host': 'forged.example',
  'X-Mirrorplane-Path': '/forged',
};

test("the seed's example goes in unchanged: its mirror policy is a target and a mirror at 100 %", async (t) => {
  const { plane } = await startRig(t, { config: seedConfig, mirror: false });
  t.like(await plane.done('GET', '/v1/targets/wallarm'), {
    name: 'wallarm',
    endpoints: [{ host: 'wallarm', port: 8445 }],
  });
  t.like(await plane.done('GET', '/v1/mirrors/edge-wallarm'), {
    fleet: 'edge',
    target: 'wallarm',
    percent: 100,
  });
  const { clusters } = await plane.done('GET', '/v1/fleets/edge/resources');
  const cluster = clusters.find(({ name }: { name: string }) => name === 'mirrorplane:edge-wallarm');
  t.is(cluster.type, 'STRICT_DNS');
  const { status, headers, body } = await plane.call('GET', '/v1/fleets/edge/config');
  t.is(status, 200);
  t.regex(headers.get('content-type') ?? '', /yaml/);
  t.is(body, seedConfig());
});

test("the seed's example in a real Envoy: every request is copied, and the node sees what the edge saw", async (t) => {
  const { origin, wallarm, plane, envoy: join } = await startRig(t, { config: seedConfigAt, mirror: false });
  const envoy = await join();
  const port = await envoy.port();

  const load = await startLoad({ port, requests: 500 }).done;
  t.like(load, { ok: 500, failed: 0 });
  await settled(envoy);
  t.is(wallarm.completed, 500);
  t.is(await envoy.stat(`${MIRROR_STATS}.upstream_rq_total`), 500);

  for (const forged of [{}, FORGED]) {
    const client = await HttpConnection.open(port, { localAddress: '127.0.0.7' });
    t.teardown(() => client.close());
    const body = 'name=value';
    const headers = { Host: 'shop.example:8443', Authorization: 'Basic eDp5', Cookie: 'id=1', ...forged };
    const before = wallarm.completed;
    const request = get('/api/cart?x=1', { ...headers, 'Content-Length': `${body.length}` }, 'POST');
    t.is((await client.send(request, body)).firstLine, 'HTTP/1.1 200 OK');
    await until('the copy', () => wallarm.completed === before + 1);
    const copy = last(wallarm.requests);
    const primary = last(origin.requests);
    const one = (name: string): string => valuesOf(copy, name).join(' | ');
    t.is(copy.firstLine, 'POST /api/cart?x=1 HTTP/1.1');
    t.true(copy.raw.toString('latin1').endsWith(`\r\n\r\n${body}`));
    t.is(one('host'), 'shop.example:8443');
    t.is(one('x-forwarded-for'), '127.0.0.7');
    t.is(one('x-forwarded-port'), `${client.localPort}`);
    t.is(one('x-forwarded-proto'), 'http');
    t.is(one('x-scheme'), 'http');
    t.is(one('x-server-addr'), '127.0.0.1');
    t.is(one('x-server-port'), `${port}`);
    t.is(valuesOf(copy, 'x-request-id').length, 1);
    t.deepEqual(valuesOf(copy, 'x-request-id'), valuesOf(primary, 'x-request-id'));
    t.is(one('authorization'), 'Basic eDp5');
    t.is(one('cookie'), 'id=1');
    t.deepEqual(namesLike(copy, /^x-(envoy|mirrorplane)-/i), []);
    t.false(wallarm.requests.some((request) => request.head.includes('-shadow')));
  }

  const { status } = await plane.done('GET', '/v1/mirrors/edge-wallarm');
  t.like(status, {
    percent: 100,
    effectivePercent: 100,
    nodes: { total: 1, acked: 1, rejected: 0, pending: 0 },
  });
});

test('headers are removed from and set on the copy, never the primary', async (t) => {
  const mirror = {
    copy: {
      removeHeaders: ['Authorization', 'cookie'],
      setHeaders: { 'X-Application': '50 % off', 'X-Tenant': 'new' },
    },
  };
  const { origin, wallarm, envoy: join } = await startRig(t, { mirror });
  const client = await HttpConnection.open(await (await join()).port());
  t.teardown(() => client.close());
  await client.send(get('/', { Authorization: 'Basic eDp5', Cookie: 'id=1', 'X-Tenant': 'old' }));
  await until('the copy', () => wallarm.completed === 1);
  const [copy, primary] = [last(wallarm.requests), last(origin.requests)];
  const ours = ['authorization', 'cookie', 'x-tenant', 'x-application'];
  t.deepEqual(
    ours.map((name) => valuesOf(copy, name)),
    [[], [], ['new'], ['50 % off']],
  );
  t.deepEqual(
    ours.map((name) => valuesOf(primary, name)),
    [['Basic eDp5'], ['id=1'], ['old'], []],
  );
});

test('a route rewrites host and path: the primary is rewritten, the copy has what the client sent', async (t) => {
  const routes = [
    toOrigin('/prefix/', { prefix_rewrite: '/', host_rewrite_literal: 'inner.example' }),
    toOrigin('/regex/', {
      regex_rewrite: { pattern: { regex: '^/regex/(.*)$' }, substitution: '/r-\\1' },
    }),
    toOrigin('/'),
  ];
  const rig = await startRig(t, {
    config: ({ origin }) => edgeConfig({ origin, virtualHosts: [{ name: 'all', domains: ['*'], routes }] }),
  });
  const client = await HttpConnection.open(await (await rig.envoy()).port());
  t.teardown(() => client.close());
  const cases = [
    ['/prefix/a?b=c', '/a?b=c', 'inner.example'],
    ['/regex/a?b=c', '/r-a?b=c', 'shop.example:81'],
    ['/plain?b=c', '/plain?b=c', 'shop.example:81'],
  ] as const;
  for (const [index, [sent, path, host]] of cases.entries()) {
    for (const forged of [{}, FORGED]) {
      const before = rig.wallarm.completed;
      await client.send(get(sent, { Host: 'shop.example:81', ...forged }));
      await until(`copy ${index}`, () => rig.wallarm.completed === before + 1);
      const [copy, primary] = [last(rig.wallarm.requests), last(rig.origin.requests)];
      t.deepEqual([primary.firstLine, valuesOf(primary, 'host')], [`GET ${path} HTTP/1.1`, [host]]);
      t.deepEqual([copy.firstLine, valuesOf(copy, 'host')], [`GET ${sent} HTTP/1.1`, ['shop.example:81']]);
      t.deepEqual(namesLike(copy, /^x-(envoy|mirrorplane)-/i), []);
    }
  }
});

const VARIED: Answer = (request, head) => {
  const [, path = ''] = request.firstLine.split(' ');
  if (path.startsWith('/redirect')) {
    return answer(
      302,
      [
        ['Location', '/elsewhere'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ],
      '',
      head,
    );
  }
  if (path.startsWith('/broken')) return answer(503, [['Retry-After', '1']], 'no\n', head);
  if (path.startsWith('/chunked')) {
    return 'HTTP/1.1 200 OK\r\nDate: Tue, 01 Jan 2030 00:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';
  }
  return ECHO(request, head);
};

const BODY = Buffer.from(Array.from({ length: 5_000 }, (_, i) => i % 256));

/** Requests of every shape: what reaches the origin and the client is compared as bytes. */
const SHAPES: readonly (readonly [string, ...Buffer[]])[] = [
  [get('/')],
  [get('/a/../b//c/%2e%2E/d?x=%00&y=%C3%BC')],
  [get('/', { ...FORGED })],
  [get('/api', { Host: 'SHOP.example:8443', 'x-CaSe': 'Kept', 'X-Empty': '', Via: '1.1 a', TE: 'trailers' })],
  [get('/', { Authorization: 'Basic eDp5', Cookie: 'a=1; b=2', Referer: 'http://x/' }, 'HEAD')],
  [get('/', { Origin: 'http://x' }, 'OPTIONS')],
  [get('/post', { 'Content-Length': '0' }, 'POST')],
  [get('/post', { 'Content-Length': `${BODY.length}` }, 'POST'), BODY],
  [get('/put', { 'Transfer-Encoding': 'chunked' }, 'PUT'), Buffer.from('3\r\nabc\r\n0\r\n\r\n')],
  [get('/redirect')],
  [get('/broken')],
  [get('/chunked')],
  [get('/rewritten/x?y')],
];

test('what the origin and the client get is byte for byte what it is without mirrorplane', async (t) => {
  const virtualHosts: Json[] = [
    {
      name: 'all',
      domains: ['*'],
      request_headers_to_add: [
        { header: { key: 'x-edge', value: '%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT%' } },
      ],
      response_headers_to_remove: ['server'],
      routes: [
        toOrigin('/rewritten/', { prefix_rewrite: '/r/', host_rewrite_literal: 'inner' }),
        toOrigin('/'),
      ],
    },
  ];
  const mirror = { percent: 100, copy: { removeHeaders: ['Authorization'], setHeaders: { 'X-Copy': '1' } } };
  const rig = await startRig(t, {
    answer: VARIED,
    mirror,
    config: ({ origin }) => edgeConfig({ origin, virtualHosts }),
  });
  const plainOrigin = await Origin.start({ answer: VARIED });
  t.teardown(() => plainOrigin.stop());
  const plain = await Envoy.start(staticBootstrap(edgeConfig({ origin: plainOrigin.port, virtualHosts })));
  t.teardown(() => plain.stop());
  const mirrored = await rig.envoy();

  for (const [index, shape] of SHAPES.entries()) {
    const seen = [];
    for (const [envoy, origin] of [
      [plain, plainOrigin],
      [mirrored, rig.origin],
    ] as const) {
      const client = await HttpConnection.open(await envoy.port());
      const before = origin.count;
      const reply = await client.send(...shape);
      client.close();
      t.is(origin.count, before + 1);
      seen.push({ request: withoutGenerated(last(origin.requests)), answer: withoutGenerated(reply) });
    }
    t.deepEqual(seen[1], seen[0], `request ${index}`);
  }
  await settled(mirrored);
  t.is(rig.wallarm.completed, SHAPES.length);
});

/** The bytes, but for values that Envoy draws or measures anew for each request. */
function withoutGenerated(message: HttpMessage): string {
  return message.raw
    .toString('latin1')
    .replace(/^(x-request-id: )[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\r$/m, '$1<uuid>\r')
    .replace(/^(x-envoy-upstream-service-time: )\d+\r$/m, '$1<ms>\r');
}

function namesLike(message: HttpMessage, pattern: RegExp): string[] {
  return message.headers.map(([name]) => name).filter((name) => pattern.test(name));
}

function last<T>(list: readonly T[]): T {
  const value = list.at(-1);
  if (value === undefined) throw new Error('nothing arrived');
  return value;
}
