import test from 'ava';
import { edgeConfig, type Json } from '../support/edge-config.ts';
import { HttpConnection, get } from '../support/http-client.ts';
import { valuesOf } from '../support/http-messages.ts';
import { startRig } from '../support/rig.ts';
import { until } from '../support/until.ts';

const ROUTER = 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router';
const FORGED = { 'X-Envoy-Original-Host': 'spoof.evil', 'X-Envoy-Original-Path': '/spoofed' };

interface Case {
  readonly what: string;
  readonly action: Json;
  readonly manager?: Json;
  /** Further headers that the client sends. */
  readonly headers?: Readonly<Record<string, string>>;
  /** First line and Host of the primary. */
  readonly primary: readonly [string, string];
}

const SUPPRESSING = {
  http_filters: [{ name: 'router', typed_config: { '@type': ROUTER, suppress_envoy_headers: true } }],
};

const CASES: readonly Case[] = [
  {
    what: 'a Host from a header that the client did not send',
    action: { cluster: 'origin', host_rewrite_header: 'x-host' },
    primary: ['GET /api/cart?x=1 HTTP/1.1', 'a.example'],
  },
  {
    what: 'a literal Host and a prefix, with the headers of Envoy suppressed',
    action: { cluster: 'origin', host_rewrite_literal: 'inside', prefix_rewrite: '/v2/' },
    manager: SUPPRESSING,
    primary: ['GET /v2/api/cart?x=1 HTTP/1.1', 'inside'],
  },
  {
    what: 'a Host that a weighted cluster rewrites',
    action: { weighted_clusters: { clusters: [{ name: 'origin', weight: 1, host_rewrite_literal: 'wa' }] } },
    primary: ['GET /api/cart?x=1 HTTP/1.1', 'wa'],
  },
  {
    what: 'a path by a regular expression',
    action: {
      cluster: 'origin',
      regex_rewrite: { pattern: { regex: '^/api/(.*)$' }, substitution: '/\\1' },
    },
    primary: ['GET /cart?x=1 HTTP/1.1', 'a.example'],
  },
  {
    what: "Host and path of a WebSocket, whose filters are an owner's own",
    action: { cluster: 'origin', host_rewrite_literal: 'inside', prefix_rewrite: '/v2/' },
    manager: {
      upgrade_configs: [
        { upgrade_type: 'websocket', filters: [{ name: 'router', typed_config: { '@type': ROUTER } }] },
      ],
    },
    headers: { Connection: 'Upgrade', Upgrade: 'websocket' },
    primary: ['GET /v2/api/cart?x=1 HTTP/1.1', 'inside'],
  },
  {
    what: 'a Host that is made of the path, with headers that only mirrorplane sets',
    action: {
      cluster: 'origin',
      host_rewrite_path_regex: { pattern: { regex: '^/(\\w+)/.*$' }, substitution: '\\1' },
    },
    headers: { 'X-Mirrorplane-Host': 'spoof.evil', 'X-Mirrorplane-Path': '/spoofed' },
    primary: ['GET /api/cart?x=1 HTTP/1.1', 'api'],
  },
];

for (const { what, action, manager, headers, primary } of CASES) {
  test(`the copy carries what the client sent, and nothing it forged: ${what}`, async (t) => {
    const {
      origin,
      wallarm,
      envoy: join,
    } = await startRig(t, {
      config: (ports) =>
        edgeConfig({
          origin: ports.origin,
          virtualHosts: [
            { name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: action }] },
          ],
          ...(manager && { manager }),
        }),
    });
    const envoy = await join();
    for (const [index, forged] of [{}, FORGED].entries()) {
      // Envoy closes one whose upgrade was answered with something else.
      const client = await HttpConnection.open(await envoy.port());
      t.teardown(() => client.close());
      await client.send(get('/api/cart?x=1', { Host: 'a.example', ...headers, ...forged }));
      await until('the copy', () => wallarm.completed === index + 1);
      const [copy, request] = [wallarm.requests.at(-1), origin.requests.at(-1)];
      if (copy === undefined || request === undefined) throw new Error('nothing arrived');
      t.deepEqual([request.firstLine, ...valuesOf(request, 'host')], [...primary]);
      t.deepEqual([copy.firstLine, ...valuesOf(copy, 'host')], ['GET /api/cart?x=1 HTTP/1.1', 'a.example']);
      t.false(/spoof|x-mirrorplane|x-envoy/i.test(copy.head));
    }
  });
}
