import test from 'ava';
import { edgeConfig, toOrigin } from '../support/edge-config.ts';
import { HttpConnection, get } from '../support/http-client.ts';
import { settled, startRig } from '../support/rig.ts';

interface Sent {
  readonly method: string;
  readonly host: string;
  readonly path: string;
}

test('a mirror copies what it selects, and nothing of what it excludes; each request is routed as before', async (t) => {
  const virtualHosts = [
    {
      name: 'shop',
      domains: ['shop.example', 'www.shop.example'],
      routes: [toOrigin('/api/'), toOrigin('/')],
    },
    { name: 'rest', domains: ['*'], routes: [toOrigin('/')] },
  ];
  const mirror = {
    routes: [{ domain: 'shop.example', pathPrefix: '/api', methods: ['GET', 'POST'] }],
    exclude: [{ pathPrefix: '/api/login' }, { headers: [{ name: 'x-private', present: true }] }],
  };
  const rig = await startRig(t, { mirror, config: ({ origin }) => edgeConfig({ origin, virtualHosts }) });
  const envoy = await rig.envoy();
  const client = await HttpConnection.open(await envoy.port());
  t.teardown(() => client.close());

  const sent: (Sent & { headers: Record<string, string>; copied: boolean })[] = [];
  for (const method of ['GET', 'POST', 'PUT']) {
    for (const host of ['shop.example', 'www.shop.example', 'other.example']) {
      for (const path of ['/api', '/api/cart', '/api/login', '/api/login/x', '/apiary', '/', '/x/api/']) {
        for (const headers of [{}, { 'X-Private': 'yes' }] as Record<string, string>[]) {
          const copied =
            method !== 'PUT' &&
            host === 'shop.example' &&
            path.startsWith('/api') &&
            !path.startsWith('/api/login') &&
            !('X-Private' in headers);
          sent.push({ method, host, path, headers, copied });
        }
      }
    }
  }
  for (const [n, { method, host, path, headers }] of sent.entries()) {
    const length = method === 'GET' ? {} : { 'Content-Length': '0' };
    const answer = await client.send(get(path, { Host: host, 'X-N': `${n}`, ...length, ...headers }, method));
    t.is(answer.firstLine, 'HTTP/1.1 200 OK');
  }
  await settled(envoy);
  t.is(rig.origin.count, sent.length);
  t.deepEqual(
    rig.wallarm.heads.map((head) => Number(head.get('x-n'))).sort((a, b) => a - b),
    sent.flatMap(({ copied }, n) => (copied ? [n] : [])),
  );
  t.is(rig.wallarm.count, 6);
});

test('two mirrors on one fleet: each has its own share, target and selection', async (t) => {
  const rig = await startRig(t, { mirror: { percent: 100, routes: [{ pathPrefix: '/api' }] } });
  await rig.plane.done('PUT', '/v1/mirrors/audit', {
    fleet: 'edge',
    target: 'wallarm',
    percent: 100,
    routes: [{ methods: ['POST'] }],
    copy: { setHeaders: { 'X-Mirror': 'audit' } },
  });
  const envoy = await rig.envoy();
  const client = await HttpConnection.open(await envoy.port());
  t.teardown(() => client.close());
  await client.send(get('/api'));
  await client.send(get('/other', { 'Content-Length': '0' }, 'POST'));
  await client.send(get('/api/both', { 'Content-Length': '0' }, 'POST'));
  await client.send(get('/none'));
  await settled(envoy);
  await settled(envoy, 'cluster.mirrorplane_audit');
  t.deepEqual(rig.wallarm.heads.map((head) => `${head.firstLine} ${head.get('x-mirror') ?? '-'}`).sort(), [
    'GET /api HTTP/1.1 -',
    'POST /api/both HTTP/1.1 -',
    'POST /api/both HTTP/1.1 audit',
    'POST /other HTTP/1.1 audit',
  ]);
});
