/**
 * A Kubernetes API with nothing in it: istiod does not start without one. Lists are empty, watches say nothing, what is
 * written is given back, and whoever asks whether he may, may.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export class EmptyKubernetes {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<EmptyKubernetes> {
    const server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new EmptyKubernetes(server);
  }

  /** How to get here, as client programs read it. */
  get kubeconfig(): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'empty',
      clusters: [{ name: 'empty', cluster: { server: this.url } }],
      users: [{ name: 'nobody', user: {} }],
      contexts: [{ name: 'empty', context: { cluster: 'empty', user: 'nobody' } }],
    });
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://kubernetes');
  const body = await bodyOf(request);
  const send = (status: number, json: object): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(json));
  };
  const fixed = FIXED.get(url.pathname);
  if (fixed !== undefined) return send(200, fixed);
  if (request.method !== 'GET') return send(request.method === 'POST' ? 201 : 200, written(body));
  // Without the newer way of listing, clients take the older.
  if (url.searchParams.has('sendInitialEvents')) return send(422, status(422, 'Invalid'));
  if (url.searchParams.has('watch')) {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    return;
  }
  if (isObject(url.pathname)) return send(404, status(404, 'NotFound'));
  const list = { metadata: { resourceVersion: '1' }, items: [] };
  // Who asks for no more than the metadata wants to be told so.
  const isMetadata = String(request.headers.accept).includes('PartialObjectMetadataList');
  send(200, { ...(isMetadata && METADATA), ...list });
}

const FIXED: ReadonlyMap<string, object> = new Map<string, object>([
  ['/version', { major: '1', minor: '33', gitVersion: 'v1.33.0' }],
  ['/api', { kind: 'APIVersions', versions: ['v1'] }],
  ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: [] }],
  ['/api/v1', { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: 'v1', resources: [] }],
]);

const METADATA = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' };

/** `/api/v1/namespaces/NAMESPACE/RESOURCE/NAME` and the like, below `/apis/GROUP` too. */
function isObject(path: string): boolean {
  const parts = path.split('/').filter(Boolean);
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const within = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest;
  return within.length > 1;
}

function written(body: string): object {
  const object = parse(body) as { metadata?: object; spec?: object; kind?: string };
  return {
    ...object,
    metadata: { ...object.metadata, resourceVersion: '1' },
    ...(/AccessReview$/.test(object.kind ?? '') && { status: { allowed: true } }),
  };
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return {};
  }
}

function status(code: number, reason: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: reason };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
