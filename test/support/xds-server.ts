import type { Client } from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import { makeResource, makeSnapshot, makeTypeSnapshot } from '../../src/snapshot/build.ts';
import type { PushOrder, Snapshot, TypeSnapshot } from '../../src/snapshot/snapshot.ts';
import type { ClusterLoad } from '../../src/xds/load-reports.ts';
import { XdsServer } from '../../src/xds/server.ts';
import type { NodeInfo, StreamObserver, XdsStream } from '../../src/xds/types.ts';
import { FENCE, type Protocol, XdsClient, body, connect, nodeOf } from './xds-client.ts';

const url = (name: string): string => `type.googleapis.com/${name}`;
export const RTDS = url('envoy.service.runtime.v3.Runtime');
export const SDS = url('envoy.extensions.transport_sockets.tls.v3.Secret');
export const CDS = url('envoy.config.cluster.v3.Cluster');
export const EDS = url('envoy.config.endpoint.v3.ClusterLoadAssignment');
export const LDS = url('envoy.config.listener.v3.Listener');
export const RDS = url('envoy.config.route.v3.RouteConfiguration');

const ORDERS: readonly (readonly [string, PushOrder])[] = [
  [RTDS, 'independent'],
  [SDS, 'named'],
  [CDS, 'named'],
  [EDS, 'named'],
  [LDS, 'root'],
  [RDS, 'named'],
  [FENCE, 'independent'],
];

/** Content by name, by type; in the push order of Envoy's types. */
export type Contents = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** `9s:on` is `on` for 9 seconds. */
export function expiryIn(content: string): { readonly content: string; readonly ttlMs?: number } {
  const [, seconds, rest] = /^(\d+)s:(.*)$/.exec(content) ?? [];
  return seconds === undefined || rest === undefined
    ? { content }
    : { content: rest, ttlMs: Number(seconds) * 1000 };
}

/** A snapshot with these contents. A cluster whose content begins with `eds` has its endpoints sent again after it. */
export function snapshotOf(contents: Contents): Snapshot {
  return makeSnapshot(ORDERS.map(([typeUrl]) => typeOf(typeUrl, contents[typeUrl] ?? {})));
}

export function typeOf(typeUrl: string, contents: Readonly<Record<string, string>>): TypeSnapshot {
  const order = ORDERS.find(([known]) => known === typeUrl)?.[1] ?? 'named';
  const resources = Object.entries(contents).map(([name, text]) => {
    const { content, ttlMs } = expiryIn(text);
    const resend = typeUrl === CDS && content.startsWith('eds') ? { typeUrl: EDS, name } : undefined;
    return makeResource(name, body(name, content), resend, ttlMs);
  });
  return makeTypeSnapshot(typeUrl, resources, { order });
}

/** Serves one snapshot to everyone and writes down what it hears. */
export class Owner implements StreamObserver {
  readonly streams = new Set<XdsStream>();
  readonly events: string[] = [];
  readonly loads: (readonly [NodeInfo, readonly ClusterLoad[], number | undefined])[] = [];
  /** How often a stream asked for something else than before. */
  asked = 0;
  readonly #acked = new Map<string, TypeSnapshot>();
  #snapshot: Snapshot | undefined;
  #changed = Promise.withResolvers<void>();

  serve(snapshot: Snapshot | undefined): void {
    this.#snapshot = snapshot;
    for (const stream of this.streams) stream.serve(snapshot);
  }

  opened(stream: XdsStream): void {
    this.streams.add(stream);
    this.#note(`opened ${stream.node.id}`);
  }

  /** Called before what was asked for is served. */
  onSubscribed: (stream: XdsStream, typeUrl: string) => void = () => undefined;

  subscribed(stream: XdsStream, typeUrl: string): void {
    this.asked += 1;
    this.onSubscribed(stream, typeUrl);
    stream.serve(this.#snapshot);
    this.#wake();
  }

  sent(_stream: XdsStream, type: TypeSnapshot): void {
    this.#note(`sent ${short(type)}`);
  }

  acked(_stream: XdsStream, type: TypeSnapshot): void {
    this.#acked.set(type.typeUrl, type);
    this.#note(`acked ${short(type)}`);
  }

  rejected(_stream: XdsStream, type: TypeSnapshot, message: string): void {
    this.#note(`rejected ${short(type)}: ${message}`);
  }

  closed(stream: XdsStream): void {
    this.streams.delete(stream);
    this.#note(`closed ${stream.node.id}`);
  }

  settled(_stream: XdsStream, type: TypeSnapshot): void {
    this.#acked.set(type.typeUrl, type);
    this.#note(`acked ${short(type)}`);
  }

  /** How often nodes report, milliseconds. */
  intervalMs = 10_000;

  reportInterval(): number {
    return this.intervalMs;
  }

  reported(node: NodeInfo, loads: readonly ClusterLoad[], intervalMs: number | undefined): void {
    this.loads.push([node, loads, intervalMs]);
    this.#note('reported');
  }

  /** Whether the last acknowledgement of that type was of just what is served. */
  has(typeUrl: string): boolean {
    return this.#acked.get(typeUrl)?.version === this.#snapshot?.types.get(typeUrl)?.version;
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await this.#changed.promise;
  }

  #note(event: string): void {
    if (!event.includes('Fence')) this.events.push(event);
    this.#wake();
  }

  #wake(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** `Cluster a,b` */
function short({ typeUrl, resources }: TypeSnapshot): string {
  return `${typeUrl.slice(typeUrl.lastIndexOf('.') + 1)} ${[...resources.keys()].join(',')}`;
}

export interface XdsRig {
  readonly owner: Owner;
  readonly server: XdsServer;
  readonly port: number;
  readonly warnings: string[];
  /** A connection of its own. */
  readonly channel: () => Client;
  /** A stream on a connection of its own. */
  readonly client: (protocol: Exclude<Protocol, 'loads'>, id?: string, path?: string) => XdsClient;
}

export async function startXds(
  t: ExecutionContext,
  options: Partial<ConstructorParameters<typeof XdsServer>[0]> = {},
): Promise<XdsRig> {
  const owner = new Owner();
  const warnings: string[] = [];
  const log = { warn: (_fields: object, message: string) => void warnings.push(message) };
  const server = new XdsServer({
    observer: owner,
    loadReports: owner,
    log,
    ...options,
  });
  const { port } = await server.start({ host: '127.0.0.1', port: 0 });
  const clients: Client[] = [];
  t.teardown(async () => {
    clients.forEach((client) => client.close());
    await server.stop();
  });
  const channel = (): Client => {
    const client = connect(port);
    clients.push(client);
    return client;
  };
  return {
    owner,
    server,
    port,
    warnings,
    channel,
    client: (protocol, id = 'edge-1', path = undefined) =>
      new XdsClient(channel(), protocol, nodeOf(id), path),
  };
}
