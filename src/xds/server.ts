import { once } from 'node:events';
import { type AddressInfo, type Server as NetServer, type Socket, createServer } from 'node:net';
import {
  type ConnectionInjector,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type UntypedHandleCall,
  status,
} from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';
import {
  LOAD_REPORTING_SERVICE,
  type LoadReportOptions,
  LoadReports,
  type LoadRequest,
  decodeLoadRequest,
} from './load-reports.ts';
import { serviceDefinition } from './protocol.ts';
import { decodeDelta, decodeNode, decodeSotw } from './requests.ts';
import { DeltaStream, SotwStream, type StreamSetup } from './stream.ts';
import { SubscriptionPool } from './subscription.ts';
import type { DeltaRequest, NodeInfo, SotwRequest, StreamObserver, XdsRequest } from './types.ts';

export interface XdsServerOptions extends LoadReportOptions {
  readonly observer: StreamObserver;
  readonly timers?: XdsTimers;
  readonly tls?:
    { readonly cert: Buffer; readonly key: Buffer; readonly clientCa?: Buffer | undefined } | undefined;
}

/** Time, and a call after so many milliseconds; a test has its own. */
export interface XdsTimers {
  /** Milliseconds of a clock that is never set. */
  now(): number;
  /** Returns what calls it off. */
  after(ms: number, call: () => void): () => void;
}

const SYSTEM_TIMERS: XdsTimers = {
  now: () => performance.now(),
  after(ms, call) {
    const timer = setTimeout(call, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

interface KeptAlive {
  keepAlive(now: number): boolean;
}

interface Receiver<R> extends KeptAlive {
  open(): void;
  receive(request: R): void;
  close(): void;
}

/** Discovery services, by the type that each is limited to. */
const SERVICES: Readonly<Record<string, string | undefined>> = {
  'envoy.service.discovery.v3.AggregatedDiscoveryService': undefined,
  'envoy.service.runtime.v3.RuntimeDiscoveryService': 'envoy.service.runtime.v3.Runtime',
  'envoy.service.cluster.v3.ClusterDiscoveryService': 'envoy.config.cluster.v3.Cluster',
  'envoy.service.endpoint.v3.EndpointDiscoveryService': 'envoy.config.endpoint.v3.ClusterLoadAssignment',
  'envoy.service.listener.v3.ListenerDiscoveryService': 'envoy.config.listener.v3.Listener',
  'envoy.service.route.v3.RouteDiscoveryService': 'envoy.config.route.v3.RouteConfiguration',
  'envoy.service.secret.v3.SecretDiscoveryService': 'envoy.extensions.transport_sockets.tls.v3.Secret',
};

/** A whole fleet may come back at once; a dropped SYN costs its node a second. */
const BACKLOG = 8192;
/** How often streams are looked at for what would end: times to live are of seconds. */
const KEEP_ALIVE_MS = 500;
const MAX_REQUEST_BYTES = 8 * 1024 * 1024;

/** The gRPC server of the discovery and load reporting services. */
export class XdsServer {
  readonly #options: XdsServerOptions;
  readonly #pool = new SubscriptionPool();
  readonly #server: Server;
  readonly #health = new HealthImplementation({ '': 'NOT_SERVING' });
  readonly #listener: NetServer;
  readonly #sockets = new Set<Socket>();
  #injector: ConnectionInjector | undefined;
  #count = 0;
  readonly #streams = new Set<KeptAlive>();
  readonly #loadReports: LoadReports;
  readonly #timers: XdsTimers;
  /** Calls off the next look; undefined while nothing that is served ends by itself. */
  #nextLook: (() => void) | undefined;
  #stopped = false;

  constructor(options: XdsServerOptions) {
    this.#options = options;
    this.#timers = options.timers ?? SYSTEM_TIMERS;
    this.#loadReports = new LoadReports(options);
    this.#server = new Server({
      'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
      'grpc.max_send_message_length': -1,
      'grpc.keepalive_time_ms': 30_000,
      'grpc.keepalive_timeout_ms': 10_000,
      // Envoys of our bootstrap ping every 10 seconds.
      'grpc.http2.min_ping_interval_without_data_ms': 1000,
    });
    for (const [service, type] of Object.entries(SERVICES)) this.#addDiscovery(service, type);
    this.#server.addService(serviceDefinition(LOAD_REPORTING_SERVICE, decodeLoadRequest), {
      StreamLoadStats: (call: ServerDuplexStream<LoadRequest, Buffer>) => {
        this.#loadReports.serve(call);
      },
    });
    this.#health.addToServer(this.#server);
    this.#listener = createServer({ noDelay: true }, (socket) => this.#accept(socket));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#sockets.delete(socket));
    if (this.#injector === undefined) socket.destroy();
    else this.#injector.injectConnection(socket);
  }

  /** Listens; resolves with the port. Port 0 is any free one. */
  async start(address: { readonly host: string; readonly port: number }): Promise<{ readonly port: number }> {
    this.#injector = this.#server.createConnectionInjector(this.#credentials());
    this.#listener.listen({ host: address.host, port: address.port, backlog: BACKLOG });
    await once(this.#listener, 'listening');
    // Running out of file descriptors, say: those who are connected are not to suffer.
    this.#listener.on('error', (error) => {
      this.#options.log.warn({ err: error }, 'a connection could not be accepted');
    });
    this.#health.setStatus('', 'SERVING');
    return { port: (this.#listener.address() as AddressInfo).port };
  }

  /** Has nodes report at the interval that the observer wants now. */
  reviseLoadReports(): void {
    this.#loadReports.revise();
  }

  /** Sends again what would end at the nodes, where it is time; and again later, as long as something would. */
  #keepAlive(): void {
    this.#nextLook = undefined;
    const now = this.#timers.now();
    let more = false;
    for (const stream of this.#streams) if (stream.keepAlive(now)) more = true;
    if (more) this.#lookLater();
  }

  #lookLater(): void {
    if (this.#stopped) return;
    this.#nextLook ??= this.#timers.after(KEEP_ALIVE_MS, () => this.#keepAlive());
  }

  /** Ends every stream; nodes keep what they have. */
  async stop(): Promise<void> {
    this.#health.setStatus('', 'NOT_SERVING');
    this.#stopped = true;
    this.#nextLook?.();
    this.#nextLook = undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#listener.close(() => resolve());
    this.#injector?.destroy();
    this.#server.forceShutdown();
    // Also those that have not come as far as a session.
    for (const socket of this.#sockets) socket.destroy();
    await promise;
  }

  /** Open connections and distinct sets of names asked for: both are empty when nobody is connected. */
  get load(): { readonly connections: number; readonly subscriptions: number } {
    return { connections: this.#sockets.size, subscriptions: this.#pool.size };
  }

  #credentials(): ServerCredentials {
    const { tls } = this.#options;
    if (tls === undefined) return ServerCredentials.createInsecure();
    const pair = [{ cert_chain: tls.cert, private_key: tls.key }];
    return ServerCredentials.createSsl(tls.clientCa ?? null, pair, tls.clientCa !== undefined);
  }

  #addDiscovery(service: string, type: string | undefined): void {
    const only = type === undefined ? undefined : `type.googleapis.com/${type}`;
    const sotw = (call: ServerDuplexStream<SotwRequest, Buffer>): void => this.#serve(call, only, SotwStream);
    const delta = (call: ServerDuplexStream<DeltaRequest, Buffer>): void =>
      this.#serve(call, only, DeltaStream);
    this.#addMethods(service, 'Stream', decodeSotw, sotw as never);
    this.#addMethods(service, 'Delta', decodeDelta, delta as never);
  }

  /** The methods of a service whose names begin with `prefix`; each of the two protocols has its own messages. */
  #addMethods(
    service: string,
    prefix: string,
    decode: (bytes: Buffer) => unknown,
    handler: UntypedHandleCall,
  ): void {
    const all = serviceDefinition(service, decode);
    const methods = Object.entries(all).filter(([name]) => name.startsWith(prefix));
    this.#server.addService(
      Object.fromEntries(methods),
      Object.fromEntries(methods.map(([name]) => [name, handler])),
    );
  }

  #serve<R extends XdsRequest>(
    call: ServerDuplexStream<R, Buffer>,
    only: string | undefined,
    Stream: new (setup: StreamSetup) => Receiver<R>,
  ): void {
    let stream: Receiver<R> | undefined;
    let ended = false;
    const close = (): void => {
      ended = true;
      if (stream !== undefined) this.#streams.delete(stream);
      stream?.close();
    };
    const fail = (code: status, details: string): void => {
      close();
      call.emit('error', { code, details });
    };
    const receive = (request: R): void => {
      const typeUrl = only ?? request.typeUrl;
      if (only !== undefined && request.typeUrl !== '' && request.typeUrl !== only) {
        return fail(status.INVALID_ARGUMENT, `this service has ${only} alone`);
      }
      if (typeUrl === '') return fail(status.INVALID_ARGUMENT, 'type_url is missing');
      if (stream === undefined) {
        if (request.node === undefined) return fail(status.INVALID_ARGUMENT, 'the first request has no node');
        const node = readNode(request.node);
        if (node === undefined) return fail(status.INVALID_ARGUMENT, 'the node cannot be read');
        if (node.id === '') return fail(status.INVALID_ARGUMENT, 'node.id is missing');
        this.#count += 1;
        stream = new Stream({
          id: this.#count,
          node,
          peer: call.getPeer(),
          pool: this.#pool,
          observer: this.#options.observer,
          write: (bytes) => void call.write(bytes),
          expires: () => this.#lookLater(),
        });
        this.#streams.add(stream);
        stream.open();
      }
      stream.receive(typeUrl === request.typeUrl ? request : { ...request, typeUrl });
    };
    call.on('data', (request: R) => {
      if (ended) return;
      try {
        receive(request);
      } catch (error) {
        this.#options.log.warn({ err: error, peer: call.getPeer() }, 'a discovery stream failed');
        fail(status.INTERNAL, 'internal error');
      }
    });
    call.on('end', () => {
      close();
      call.end();
    });
    call.on('cancelled', close);
    call.on('error', close);
    call.on('close', close);
  }
}

function readNode(bytes: Uint8Array): NodeInfo | undefined {
  try {
    return decodeNode(bytes);
  } catch {
    return undefined;
  }
}
