/** A control plane with the seed's NGINX example, an edge with an agent beside it, and a node on NGINX behind it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ControlPlane } from './control-plane.ts';
import { Nginx, freePorts } from './nginx.ts';
import { NginxAgent } from './nginx-agent.ts';
import { until } from './until.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import type { ExecutionContext } from 'ava';

/** The two locations as the seed has them. */
const SEED = `location / {
        mirror /mirror-test;
        mirror_request_body on;
        root   /usr/share/nginx/html;
        index  index.html index.htm; 
    }

location /mirror-test {
        internal;
        #proxy_pass http://111.11.111.1$request_uri;
        proxy_pass http://222.222.222.222$request_uri;
        proxy_set_header X-SERVER-PORT $server_port;
        proxy_set_header X-SERVER-ADDR $server_addr;
        proxy_set_header HOST $http_host;
        proxy_set_header X-Forwarded-For $realip_remote_addr;
        proxy_set_header X-Forwarded-Port $realip_remote_port;
        proxy_set_header X-Forwarded-Proto $http_x_forwarded_proto;
        proxy_set_header X-Scheme $scheme;
        proxy_set_header X-Request-ID $request_id;
    }
`;

/** The example of the seed, with the node's address in it. */
export function seedExample(port: number): string {
  return SEED.replace('proxy_pass http://222.222.222.222$', `proxy_pass http://127.0.0.1:${port}$`);
}

/** What the example becomes in fleet `ngx`. */
export const MIRROR = 'ngx-mirror-test';

/** One copy, as the node logs it. */
export interface NodeLine {
  readonly host: string;
  readonly uri: string;
  readonly method: string;
  readonly protocol: string;
  readonly remoteAddr: string;
  readonly peer: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

const LOGGED = [
  ...['x-server-port', 'x-server-addr', 'x-forwarded-for', 'x-forwarded-port', 'x-forwarded-proto'],
  ...['x-scheme', 'x-request-id', 'connection', 'authorization'],
];

/** Stands for a Wallarm node: NGINX with realip, as the seed's side of the node has it. */
export class NginxNode {
  readonly port: number;
  readonly #nginx: Nginx;

  private constructor(nginx: Nginx, port: number) {
    this.#nginx = nginx;
    this.port = port;
  }

  static async start(t: ExecutionContext): Promise<NginxNode> {
    const [port = 0, backend = 0] = await freePorts(2);
    const fields = [
      ...[
        ['host', 'http_host'],
        ['uri', 'request_uri'],
        ['method', 'request_method'],
      ],
      ...[
        ['protocol', 'server_protocol'],
        ['remoteAddr', 'remote_addr'],
      ],
      ...[
        ['peer', 'realip_remote_addr'],
        ['body', 'request_body'],
      ],
      ...LOGGED.map((name) => [name, `http_${name.replaceAll('-', '_')}`]),
    ].map(([name, variable]) => `"${name}":"$${variable}"`);
    const nginx = await Nginx.start({
      port,
      http: (directory) => `log_format copies escape=json '{${fields.join(',')}}';
        client_max_body_size 8m; client_body_buffer_size 1m;
        server { listen 127.0.0.1:${backend}; return 200; }
        server {
          listen 127.0.0.1:${port};
          set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For; real_ip_recursive on;
          location / { access_log ${join(directory, 'copies.log')} copies; proxy_pass http://127.0.0.1:${backend}; }
        }`,
    });
    t.teardown(() => nginx.stop());
    return new NginxNode(nginx, port);
  }

  /** Copies so far; the first is none, but the question whether it is up. */
  async copies(): Promise<readonly NodeLine[]> {
    const text = await readFile(join(this.#nginx.directory, 'copies.log'), 'utf8').catch(() => '');
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const all = JSON.parse(line) as Record<string, string>;
        const headers = Object.fromEntries(LOGGED.map((name) => [name, all[name] ?? '']));
        return { ...all, headers } as unknown as NodeLine;
      });
  }

  async count(): Promise<number> {
    const text = await readFile(join(this.#nginx.directory, 'copies.log'), 'latin1').catch(() => '');
    return text.split('\n').length - 1;
  }
}

export interface NginxRig {
  readonly plane: ControlPlane;
  readonly data: string;
  readonly edge: Nginx;
  /** Of the edge's server. */
  readonly port: number;
  /** Where the edge tells its agent what is in force. */
  readonly state: { readonly host: string; readonly port: number };
  readonly agent: () => NginxAgent;
  /** A new agent beside the same NGINX, when the last one ended. */
  readonly startAgent: (xds?: string) => Promise<NginxAgent>;
  /** Resolves when no copy is under way. */
  readonly settled: () => Promise<void>;
  /** Resolves when the control plane shows this of the node. */
  readonly node: (state: string) => Promise<any>;
  /** Breaks the owner's main file, or mends it; NGINX is not told. */
  readonly setBroken: (broken: boolean) => void;
}

export interface NginxRigOptions {
  readonly driver: 'lua' | 'reload';
  readonly fleet?: string;
  /** To the agent. */
  readonly flags?: readonly string[];
}

/** Starts a control plane, and an edge with an agent, of a fleet that has no config yet. */
export async function startNginxRig(t: ExecutionContext, options: NginxRigOptions): Promise<NginxRig> {
  const { driver, fleet = 'ngx', flags = [] } = options;
  const data = temporaryDirectory(t);
  const state = temporaryDirectory(t);
  const plane = await ControlPlane.start({ data });
  t.teardown(() => plane.stop());
  await plane.done('PUT', `/v1/fleets/${fleet}`, { dataPlane: 'nginx', delivery: { watch: '1s' } });
  const [port = 0, status = 0, stateListen = 0] = await freePorts(3);
  const edge = await Nginx.prepare({
    port: status,
    lua: driver === 'lua',
    http: (directory) => `
      include ${join(directory, 'mirrorplane')}/http.conf;
      server { listen 127.0.0.1:${status}; location / { stub_status; } }
      server {
        listen 127.0.0.1:${port};
        include mirrorplane/server.conf;
        location / {
          include mirrorplane/location.conf;
          root ${join(directory, 'html')};
          index index.html;
        }
      }`,
  });
  t.teardown(() => edge.stop());
  let current: NginxAgent | undefined;
  const startAgent = async (xds = plane.xds): Promise<NginxAgent> => {
    const agent = await NginxAgent.start({
      ...{ nginx: edge, xds, cluster: fleet, node: 'ngx-1', state },
      stateListen: `127.0.0.1:${stateListen}`,
      more: flags,
    });
    current = agent;
    t.teardown(async () => {
      await agent.stop();
      if (!t.passed) t.log(agent.said());
    });
    return agent;
  };
  // Before NGINX: what it includes is not there yet.
  const agent = await startAgent();
  t.is(agent.find('ready')?.['driver'], driver);
  await edge.start();
  const text = readFileSync(edge.conf, 'utf8');
  return {
    ...{ plane, data, edge, port, startAgent },
    state: { host: '127.0.0.1', port: stateListen },
    agent: () => current ?? agent,
    settled: async () => {
      await until('no copy under way', async () => {
        // A connection that is kept goes with the workers of a reload.
        const headers = { connection: 'close' };
        const said = await fetch(`http://127.0.0.1:${status}/`, { headers }).then(
          (response) => response.text(),
          () => '',
        );
        return said.includes('Writing: 1 ');
      });
    },
    node: (wanted) =>
      until(`the node is ${wanted}`, async () => {
        const { body } = await plane.call('GET', '/v1/nodes/ngx-1');
        return body?.state === wanted && body.connected === true && body;
      }),
    setBroken: (broken) => writeFileSync(edge.conf, broken ? text.replace('events {', 'evnts {') : text),
  };
}
