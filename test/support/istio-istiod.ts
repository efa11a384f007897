/** A real istiod as a child process, with our xDS server as its config source, and a stock Envoy as its gateway. */
import { spawn, type ChildProcess } from 'node:child_process';
import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmptyKubernetes } from './istio-kubernetes.ts';
import { until } from './until.ts';

/** Of these, stock Envoys have no notion: they are in Istio's build of Envoy only. */
const STOCK = {
  ENABLE_CA_SERVER: 'false',
  PILOT_ENABLE_METADATA_EXCHANGE: 'false',
  PILOT_ENABLE_ALPN_FILTER: 'false',
  PILOT_ENABLE_TELEMETRY_LABEL: 'false',
  PILOT_ENDPOINT_TELEMETRY_LABEL: 'false',
  PILOT_ENABLE_STATUS: 'false',
  POD_NAME: 'istiod-0',
  POD_NAMESPACE: 'istio-system',
};

export class Istiod {
  /** `http://127.0.0.1:PORT`, where its debug API is. */
  readonly http: string;
  readonly #grpcPort: number;
  readonly #process: ChildProcess;
  readonly #directory: string;
  readonly #kubernetes: EmptyKubernetes;
  readonly #exited: Promise<void>;

  private constructor(
    child: ChildProcess,
    directory: string,
    kubernetes: EmptyKubernetes,
    ports: { readonly http: number; readonly grpc: number },
  ) {
    this.#process = child;
    this.#directory = directory;
    this.#kubernetes = kubernetes;
    this.#grpcPort = ports.grpc;
    this.http = `http://127.0.0.1:${ports.http}`;
    this.#exited = new Promise((resolve) => child.once('exit', () => resolve()));
  }

  /** `source`: HOST:PORT of the config source. It is ready when that has answered every type it asks for. */
  static async start(binary: string, source: string): Promise<Istiod> {
    const directory = await mkdtemp(join(tmpdir(), 'mirrorplane-istiod-'));
    const path = (name: string): string => join(directory, name);
    const kubernetes = await EmptyKubernetes.start();
    await writeFile(path('kubeconfig'), kubernetes.kubeconfig);
    await writeFile(path('mesh.yaml'), JSON.stringify({ configSources: [{ address: `xds://${source}` }] }));
    const [http = 0, grpc = 0, monitoring = 0] = await freePorts(3);
    const log = openSync(path('log'), 'a');
    const child = spawn(
      binary,
      [
        ...['discovery', '--meshConfig', path('mesh.yaml'), '--kubeconfig', path('kubeconfig')],
        ...['--registries=Kubernetes', '--httpsAddr', '', '--secureGRPCAddr', '', '--ctrlz_port', '0'],
        ...['--grpcAddr', `127.0.0.1:${grpc}`, '--httpAddr', `127.0.0.1:${http}`],
        ...['--monitoringAddr', `127.0.0.1:${monitoring}`],
      ],
      { cwd: directory, stdio: ['ignore', log, log], env: { ...process.env, ...STOCK } },
    );
    process.once('exit', () => child.kill('SIGKILL'));
    const istiod = new Istiod(child, directory, kubernetes, { http, grpc });
    try {
      await until(
        'istiod is ready',
        async () => {
          if (child.exitCode !== null) throw new Error(`istiod ended with ${child.exitCode}`);
          const response = await fetch(`${istiod.http}/ready`).catch(() => undefined);
          await response?.arrayBuffer();
          return response?.ok === true;
        },
        { everyMs: 50 },
      );
    } catch (error) {
      const said = (await istiod.log())
        .split('\n')
        .filter((line) => !line.includes('is not ready'))
        .slice(-25)
        .join('\n');
      await istiod.stop();
      throw new Error(`${error instanceof Error ? error.message : String(error)}\n${said}`, { cause: error });
    }
    return istiod;
  }

  /** Bootstrap of an Envoy that is a gateway with the labels of the seed's example. */
  gatewayBootstrap(): string {
    return JSON.stringify({
      admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } },
      node: {
        // An address that is no ServiceEntry's endpoint: else that one's labels were the gateway's.
        id: 'router~10.99.0.5~gateway.default~default.svc.cluster.local',
        cluster: 'ingress',
        metadata: {
          NAMESPACE: 'default',
          CLUSTER_ID: 'Kubernetes',
          LABELS: { istio: 'ingress', app: 'istio-ingress' },
        },
      },
      dynamic_resources: {
        ads_config: {
          api_type: 'DELTA_GRPC',
          transport_api_version: 'V3',
          grpc_services: [{ envoy_grpc: { cluster_name: 'istiod' } }],
        },
        cds_config: { ads: {}, resource_api_version: 'V3' },
        lds_config: { ads: {}, resource_api_version: 'V3' },
      },
      static_resources: {
        clusters: [
          {
            name: 'istiod',
            type: 'STATIC',
            connect_timeout: '1s',
            typed_extension_protocol_options: {
              'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
                '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
                explicit_http_config: { http2_protocol_options: {} },
              },
            },
            load_assignment: {
              cluster_name: 'istiod',
              endpoints: [
                {
                  lb_endpoints: [
                    {
                      endpoint: {
                        address: { socket_address: { address: '127.0.0.1', port_value: this.#grpcPort } },
                      },
                    },
                  ],
                },
              ],
            },
          },
        ],
      },
    });
  }

  /** What it works with, in one order: its own is another each time. */
  async configs(): Promise<readonly unknown[]> {
    const response = await fetch(`${this.http}/debug/configz`);
    const configs = (await response.json()) as unknown[];
    return configs.map((config) => JSON.stringify(config)).sort();
  }

  log(): Promise<string> {
    return readFile(join(this.#directory, 'log'), 'utf8');
  }

  /** Ends this process, and only this one. */
  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGKILL');
      await this.#exited;
    }
    await this.#kubernetes.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** Ports that nobody listens on just now. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
