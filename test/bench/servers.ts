import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A control plane under measurement. */
export interface MeasuredServer {
  readonly pid: number;
  /** host:port of xDS. */
  readonly xds: string;
  /** Flags of the fleet simulator that make one change by RTDS, or by a route. */
  triggers(via: 'rtds' | 'rds'): readonly string[];
  stop(): Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');
export const bin = join(root, '.cache', 'bench');

/** Thousands of connections need as many file descriptors. */
export function withFiles(command: readonly string[]): readonly string[] {
  return ['sh', '-c', 'ulimit -n "$(ulimit -Hn)" 2>/dev/null; exec "$@"', 'sh', ...command];
}

async function freePort(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  const server = createServer().listen(0, '127.0.0.1', () => {
    const address = server.address();
    server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
  });
  return promise;
}

/** Starts a process and waits for a line on its standard output. */
async function startProcess(command: readonly string[], ready: RegExp): Promise<ChildProcess> {
  const [file = '', ...args] = withFiles(command);
  const child = spawn(file, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  child.once('exit', (code) => reject(new Error(`${command.join(' ')} ended with ${code}`)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (ready.test(line)) resolve();
  });
  await promise;
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.removeAllListeners('exit');
  child.once('exit', () => resolve());
  child.kill('SIGTERM');
  await promise;
}

export async function startGoControlPlane(routes: number): Promise<MeasuredServer> {
  const xds = `127.0.0.1:${await freePort()}`;
  const admin = `127.0.0.1:${await freePort()}`;
  const child = await startProcess(
    [
      join(bin, 'gcp-baseline'),
      '-addr',
      xds,
      '-admin',
      admin,
      '-routes',
      String(routes),
      '-rtds',
      'mirrorplane',
    ],
    /^xds /,
  );
  return {
    pid: child.pid ?? 0,
    xds,
    triggers: (via) => [
      ...['-trigger-url', `http://${admin}/percent`, '-trigger-body', `{"percent":{percent},"via":"${via}"}`],
      ...['-expect', via === 'rtds' ? '"mirror.percent":{percent}' : '"numerator":{percent}'],
    ],
    stop: () => end(child),
  };
}

export async function startMirrorplane(routes: number): Promise<MeasuredServer> {
  const data = mkdtempSync(join(tmpdir(), 'mirrorplane-bench-'));
  const xds = `127.0.0.1:${await freePort()}`;
  const http = `127.0.0.1:${await freePort()}`;
  // At level info a connect is a line; "ready" is one too.
  const child = await startProcess(
    [process.execPath, 'src/main.ts', 'serve', '--http', http, '--xds', xds, '--data', data],
    /"msg":"ready"/,
  );
  const put = async (path: string, body: unknown): Promise<void> => {
    const response = await fetch(`http://${http}${path}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  };
  await put('/v1/fleets/edge/config', configOf(routes));
  await put('/v1/targets/wallarm', { endpoints: [{ host: 'wallarm.local', port: 8445 }] });
  await put('/v1/mirrors/edge-wallarm', { fleet: 'edge', target: 'wallarm', percent: 10 });
  return {
    pid: child.pid ?? 0,
    xds,
    triggers: () => [
      ...['-trigger-method', 'PATCH', '-trigger-url', `http://${http}/v1/mirrors/edge-wallarm`],
      ...['-H', 'content-type: application/json', '-trigger-body', '{"percent":{percent}}'],
      ...['-expect', '"numerator":{percent}0000'],
    ],
    stop: async () => {
      await end(child);
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** What internal/baseline/resources.go builds, as a config of lists; the mirror comes by REST. */
function configOf(routes: number): object {
  const type = 'type.googleapis.com/envoy.extensions.filters';
  const clusters = Array.from({ length: 20 }, (_, n) => {
    const name = `backend-${String(n).padStart(4, '0')}`;
    const address = { socket_address: { address: `${name}.local`, port_value: 8080 } };
    const endpoints = [{ lb_endpoints: [{ endpoint: { address } }] }];
    return {
      name,
      type: 'STRICT_DNS',
      connect_timeout: '1s',
      load_assignment: { cluster_name: name, endpoints },
    };
  });
  const hcm = {
    '@type': `${type}.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'ingress',
    rds: { route_config_name: 'ingress', config_source: { ads: {}, resource_api_version: 'V3' } },
    http_filters: [
      { name: 'envoy.filters.http.router', typed_config: { '@type': `${type}.http.router.v3.Router` } },
    ],
  };
  return {
    clusters,
    listeners: [
      {
        name: 'ingress',
        address: { socket_address: { address: '0.0.0.0', port_value: 8080 } },
        filter_chains: [
          { filters: [{ name: 'envoy.filters.network.http_connection_manager', typed_config: hcm }] },
        ],
      },
    ],
    routes: [
      {
        name: 'ingress',
        virtual_hosts: [
          {
            name: 'all',
            domains: ['*'],
            routes: Array.from({ length: routes }, (_, n) => ({
              match: { prefix: `/service/${String(n).padStart(3, '0')}/` },
              route: { cluster: clusters[n % clusters.length]?.name },
            })),
          },
        ],
      },
    ],
  };
}
