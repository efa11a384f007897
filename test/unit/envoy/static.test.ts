/** What would be pushed, as one static configuration: read by a real Envoy as `envoy --mode validate` reads it. */
import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { load } from 'js-yaml';
import { envoyBinary } from '../../../scripts/fetch-envoy.ts';
import {
  VARIANTS,
  createEnvoyDataPlane,
  loadSchema,
  renderStatic,
} from '../../../src/dataplanes/envoy/index.ts';
import { checkMirror } from '../../../src/model/check-mirror.ts';
import { checkTarget } from '../../../src/model/check-target.ts';
import type { Result } from '../../../src/model/issue.ts';
import { edgeConfig, cluster, type Json } from '../../support/edge-config.ts';

const envoy = createEnvoyDataPlane(loadSchema());
const root = new URL('../../../', import.meta.url);
const run = promisify(execFile);
const TYPES = 'type.googleapis.com/envoy.extensions';

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.issues, null, 2));
  return result.value;
}

/** Undefined where the config does not compile at all. */
function render(
  config: string,
  targets: object = {},
  mirrors: object = {},
  variant = 'runtime',
): string | undefined {
  const read = envoy.readConfig(config, 'yaml', { fleet: 'edge', adopt: true });
  if (!read.ok) return undefined;
  const all = [
    ...read.value.adopted.targets,
    ...Object.entries(targets).map(([name, body]) => value(checkTarget(name, body))),
  ];
  const joined = [
    ...read.value.adopted.mirrors,
    ...Object.entries(mirrors).map(([name, body]) => value(checkMirror(name, body))),
  ].flatMap((mirror) => {
    const target = all.find(({ name }) => name === mirror.target);
    return target === undefined ? [] : [{ mirror, target }];
  });
  const fleet = { name: 'edge', dataPlane: 'envoy', nodeCluster: 'edge' };
  const compiled = envoy.compile({ fleet, config: read.value, mirrors: joined });
  return compiled.ok ? renderStatic(compiled.value, variant) : undefined;
}

/** Envoy's words; empty when it takes it. */
async function validate(text: string): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'mirrorplane-static-'));
  const file = join(directory, 'envoy.json');
  try {
    await writeFile(file, text);
    await run(await envoyBinary(), ['--mode', 'validate', '-c', file, '--log-level', 'error']);
    return '';
  } catch (error) {
    return (error as { stderr?: string }).stderr ?? String(error);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

interface Case {
  readonly config: string;
  readonly targets?: object;
  readonly mirrors?: object;
}

const golden = readdirSync(new URL('test/golden/in/', root)).map((file): [string, Case] => [
  `test/golden/in/${file}`,
  load(readFileSync(new URL(`test/golden/in/${file}`, root), 'utf8')) as Case,
]);
const seed = readFileSync(new URL('envoy/seed.yaml', root), 'utf8');

for (const [name, { config, targets, mirrors }] of [
  ...golden,
  ['envoy/seed.yaml', { config: seed }] as const,
]) {
  const texts = VARIANTS.map((variant) => render(config, targets, mirrors, variant));
  if (texts.includes(undefined)) continue;
  test(`${name}: Envoy takes every variant of it`, async (t) => {
    for (const [index, text] of texts.entries()) {
      if (text !== undefined) t.is(await validate(text), '', VARIANTS[index]);
    }
  });
}

const MIRRORS = { m: { fleet: 'edge', target: 'node', percent: 5, expiresAfter: '20s' } };
const TARGETS = { node: { endpoints: [{ host: '127.0.0.1', port: 8445 }] } };

function edge(options: Partial<Parameters<typeof edgeConfig>[0]>, targets: object = TARGETS): string {
  const text = render(JSON.stringify(edgeConfig({ origin: 9000, ...options })), targets, MIRRORS);
  if (text === undefined) throw new Error('it does not compile');
  return text;
}

test('nothing in it asks for anything: routes, endpoints and runtime stand in it', (t) => {
  const text = edge({});
  t.false(/"(rds|ads|eds_cluster_config|rtds_layer|ads_config)":/.test(text));
  const { static_resources: resources, layered_runtime: runtime } = JSON.parse(text);
  const { typed_config: manager } = resources.listeners[0].filter_chains[0].filters[0];
  t.is(manager.route_config.name, 'edge-routes');
  const copies = resources.clusters.find(({ name }: { name: string }) => name === 'mirrorplane:m');
  t.is(copies.type, 'STATIC');
  t.is(copies.load_assignment.endpoints[0].lb_endpoints.length, 1);
  t.deepEqual(runtime.layers, [
    {
      name: 'mirrorplane',
      static_layer: { 'mirrorplane.m': { numerator: 50_000, denominator: 'MILLION' } },
    },
  ]);
});

const log = (config: Json): Json => ({
  access_log: [
    {
      name: 'log',
      typed_config: { '@type': `${TYPES}.access_loggers.stream.v3.StdoutAccessLog`, ...config },
    },
  ],
});

const REFUSED: Readonly<Record<string, { text: () => string; words: RegExp }>> = {
  'a formatter in an access log': {
    text: () =>
      edge({ manager: log({ log_format: { text_format_source: { inline_string: '%NOT_A_COMMAND%' } } }) }),
    words: /Not supported field in StreamInfo: NOT_A_COMMAND/,
  },
  'a formatter in a header': {
    text: () =>
      edge({
        virtualHosts: [
          {
            name: 'all',
            domains: ['*'],
            routes: [{ match: { prefix: '/' }, route: { cluster: 'origin' } }],
            request_headers_to_add: [{ header: { key: 'x-a', value: '%NOT_A_COMMAND%' } }],
          },
        ],
      }),
    words: /NOT_A_COMMAND/,
  },
  'an address that is none': {
    text: () => {
      const json = cluster('bad', 1);
      return edge({
        clusters: [JSON.parse(JSON.stringify(json).replace('127.0.0.1', 'no.address')) as Json],
      });
    },
    words: /malformed IP address: no\.address/,
  },
  'an extension that this Envoy has not': {
    text: () =>
      edge({
        clusters: [
          {
            ...cluster('bad', 1),
            transport_socket: {
              name: 'nope',
              typed_config: { '@type': 'type.googleapis.com/envoy.config.core.v3.Http1ProtocolOptions' },
            },
          },
        ],
      }),
    words: /Didn't find a registered implementation for 'nope'/,
  },
};

for (const [what, { text, words }] of Object.entries(REFUSED)) {
  test(`Envoy refuses ${what}, and says why`, async (t) => {
    t.regex(await validate(text()), words);
  });
}

const FILE = '/nonexistent/mirrorplane/file';

test('files are the nodes own: Envoy is not made to open any, and takes the rest as it is', async (t) => {
  const tls = {
    name: 'envoy.transport_sockets.tls',
    typed_config: {
      '@type': `${TYPES}.transport_sockets.tls.v3.UpstreamTlsContext`,
      sni: 'origin.example',
      common_tls_context: {
        key_log: { path: FILE },
        tls_certificates: [{ certificate_chain: { filename: FILE }, private_key: { filename: FILE } }],
        validation_context: {
          trusted_ca: { filename: FILE },
          match_typed_subject_alt_names: [{ san_type: 'DNS', matcher: { exact: 'origin.example' } }],
        },
      },
    },
  };
  const watched = {
    timeout: '1s',
    interval: '5s',
    unhealthy_threshold: 1,
    healthy_threshold: 1,
    event_log_path: FILE,
    http_health_check: { path: '/kept' },
  };
  const text = edge(
    {
      clusters: [
        { ...cluster('safe', 1), transport_socket: tls, health_checks: [watched] },
        {
          name: 'from-file',
          type: 'EDS',
          eds_cluster_config: {
            eds_config: { path_config_source: { path: FILE }, resource_api_version: 'V3' },
          },
        },
      ],
      manager: {
        access_log: [
          {
            name: 'log',
            typed_config: { '@type': `${TYPES}.access_loggers.file.v3.FileAccessLog`, path: FILE },
          },
        ],
        http_filters: [
          {
            name: 'envoy.filters.http.basic_auth',
            typed_config: {
              '@type': `${TYPES}.filters.http.basic_auth.v3.BasicAuth`,
              users: { filename: FILE },
            },
          },
          {
            name: 'envoy.filters.http.jwt_authn',
            typed_config: {
              '@type': `${TYPES}.filters.http.jwt_authn.v3.JwtAuthentication`,
              providers: { one: { issuer: 'one', local_jwks: { filename: FILE } } },
            },
          },
          {
            name: 'envoy.filters.http.lua',
            typed_config: {
              '@type': `${TYPES}.filters.http.lua.v3.Lua`,
              default_source_code: { filename: FILE },
            },
          },
          {
            name: 'envoy.filters.http.router',
            typed_config: { '@type': `${TYPES}.filters.http.router.v3.Router` },
          },
        ],
      },
    },
    {
      node: {
        ...TARGETS.node,
        tls: { serverName: 'node.example', caFile: FILE, certFile: FILE, keyFile: FILE },
      },
    },
  );
  t.false(text.includes(FILE));
  t.true(text.includes('"/kept"') && text.includes('origin.example') && text.includes('node.example'));
  t.is(await validate(text), '');
});

test('pushed secrets are static ones; what is in files comes later', async (t) => {
  const listed = {
    listeners: [
      {
        name: 'tls',
        address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
        filter_chains: ['inline', 'in-files'].map((name) => ({
          name,
          filter_chain_match: { server_names: [`${name}.example`] },
          transport_socket: {
            name: 'envoy.transport_sockets.tls',
            typed_config: {
              '@type': `${TYPES}.transport_sockets.tls.v3.DownstreamTlsContext`,
              session_ticket_keys: { keys: [{ filename: FILE }] },
              common_tls_context: {
                tls_certificate_sds_secret_configs: [{ name: 'certificate' }],
                validation_context_sds_secret_config: { name },
              },
            },
          },
          filters: [
            {
              name: 'envoy.filters.network.tcp_proxy',
              typed_config: {
                '@type': `${TYPES}.filters.network.tcp_proxy.v3.TcpProxy`,
                stat_prefix: 'a',
                cluster: 'origin',
              },
            },
          ],
        })),
        listener_filters: [
          {
            name: 'envoy.filters.listener.tls_inspector',
            typed_config: { '@type': `${TYPES}.filters.listener.tls_inspector.v3.TlsInspector` },
          },
        ],
      },
    ],
    clusters: [
      {
        ...cluster('origin', 9000),
        transport_socket: {
          name: 'envoy.transport_sockets.tls',
          typed_config: {
            '@type': `${TYPES}.transport_sockets.tls.v3.UpstreamTlsContext`,
            common_tls_context: { tls_certificate_sds_secret_configs: [{ name: 'certificate' }] },
          },
        },
      },
    ],
    secrets: [
      { name: 'inline', validation_context: { match_typed_subject_alt_names: [] } },
      { name: 'in-files', validation_context: { trusted_ca: { filename: FILE } } },
      {
        name: 'certificate',
        tls_certificate: { certificate_chain: { filename: FILE }, private_key: { filename: FILE } },
      },
    ],
  };
  const text = render(JSON.stringify(listed));
  if (text === undefined) return t.fail('it does not compile');
  t.false(text.includes(FILE));
  const { secrets } = JSON.parse(text).static_resources;
  t.deepEqual(
    secrets.map(({ name }: { name: string }) => name),
    ['inline'],
  );
  t.is(await validate(text), '');
});
