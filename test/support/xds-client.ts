import { readFileSync } from 'node:fs';
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type StatusObject,
  credentials,
} from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import 'protobufjs/ext/descriptor/index.js';

const transport = readFileSync(new URL('../../protos/transport-v1.40.0.binpb', import.meta.url));
const root = (protobuf.Root as unknown as { fromDescriptor(set: Uint8Array): protobuf.Root }).fromDescriptor(
  transport,
);
const discovery = (name: string): protobuf.Type => root.lookupType(`envoy.service.discovery.v3.${name}`);
const types = {
  sotw: { request: discovery('DiscoveryRequest'), response: discovery('DiscoveryResponse') },
  delta: { request: discovery('DeltaDiscoveryRequest'), response: discovery('DeltaDiscoveryResponse') },
  loads: {
    request: root.lookupType('envoy.service.load_stats.v3.LoadStatsRequest'),
    response: root.lookupType('envoy.service.load_stats.v3.LoadStatsResponse'),
  },
};
export type Protocol = keyof typeof types;

export const ADS = 'envoy.service.discovery.v3.AggregatedDiscoveryService';
export const PATHS: Readonly<Record<Protocol, string>> = {
  sotw: `/${ADS}/StreamAggregatedResources`,
  delta: `/${ADS}/DeltaAggregatedResources`,
  loads: '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats',
};

const WRAPPER = 'type.googleapis.com/envoy.service.discovery.v3.Resource';

/** Type that `fence` asks for; to be in every snapshot. */
export const FENCE = 'type.googleapis.com/test.Fence';

/** A response of either protocol. `resources`: body by name; `ttls`: of those that end by themselves, milliseconds. */
export interface Received {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly version: string;
  readonly resources: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
  readonly ttls: Readonly<Record<string, number>>;
  readonly removed: readonly string[];
}

export interface Sent {
  readonly type?: string;
  readonly node?: object | null;
  /** State of the world. */
  readonly names?: readonly string[];
  /** Delta. */
  readonly subscribe?: readonly string[];
  readonly unsubscribe?: readonly string[];
  readonly initial?: Readonly<Record<string, string>>;
  readonly nonce?: string;
  readonly version?: string;
  readonly error?: string;
}

/** Bodies are `name=content`, as `content` makes them. */
export function body(name: string, content: string): Buffer {
  const any = root.lookupType('google.protobuf.Any');
  return Buffer.from(
    any
      .encode({ type_url: 'type.googleapis.com/test.Body', value: Buffer.from(`${name}=${content}`) })
      .finish(),
  );
}

function textOf(any: { value: Uint8Array }): [string, string] {
  const text = Buffer.from(any.value).toString();
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}

export function encodeRequest(protocol: 'sotw' | 'delta', sent: Sent): Buffer {
  const { type = '', node, nonce = '', error } = sent;
  const common = {
    ...(node !== null && node !== undefined && { node }),
    type_url: type,
    response_nonce: nonce,
    ...(error !== undefined && { error_detail: { code: 13, message: error } }),
  };
  const message =
    protocol === 'sotw'
      ? { ...common, version_info: sent.version ?? '', resource_names: sent.names ?? [] }
      : {
          ...common,
          resource_names_subscribe: sent.subscribe ?? [],
          resource_names_unsubscribe: sent.unsubscribe ?? [],
          initial_resource_versions: Object.entries(sent.initial ?? {}).map(([key, value]) => ({
            key,
            value,
          })),
        };
  return Buffer.from(types[protocol].request.encode(message).finish());
}

interface RawResponse {
  readonly type_url: string;
  readonly nonce: string;
  readonly version_info: string;
  readonly system_version_info: string;
  readonly resources: readonly (RawAny & RawResource)[];
  readonly removed_resources: readonly string[];
}

interface RawAny {
  readonly type_url: string;
  readonly value: Uint8Array;
}

interface RawResource {
  readonly name: string;
  readonly version: string;
  readonly resource: RawAny;
  readonly ttl: { readonly seconds: unknown; readonly nanos: number } | null;
}

function ttlsOf(resources: readonly RawResource[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    resources.flatMap(({ name, ttl }) =>
      ttl === null ? [] : [[name, Number(ttl.seconds) * 1000 + ttl.nanos / 1e6] as const],
    ),
  );
}

/** Answer to a first report. */
export interface LoadInterval {
  readonly send_all_clusters: boolean;
  readonly load_reporting_interval: { readonly seconds: unknown; readonly nanos: number };
}

export function decodeResponse(protocol: 'sotw' | 'delta', bytes: Buffer): Received {
  const raw = types[protocol].response.decode(bytes) as unknown as RawResponse;
  const common = { typeUrl: raw.type_url, nonce: raw.nonce };
  if (protocol === 'sotw') {
    const wrapped = raw.resources
      .filter(({ type_url: url }) => url === WRAPPER)
      .map(({ value }) => discovery('Resource').decode(value) as unknown as RawResource);
    const plain = raw.resources.filter(({ type_url: url }) => url !== WRAPPER);
    return {
      ...common,
      version: raw.version_info,
      resources: Object.fromEntries([...plain, ...wrapped.map(({ resource }) => resource)].map(textOf)),
      versions: Object.fromEntries(wrapped.map(({ name, version }) => [name, version])),
      ttls: ttlsOf(wrapped),
      removed: [],
    };
  }
  return {
    ...common,
    version: raw.system_version_info,
    resources: Object.fromEntries(raw.resources.map(({ resource }) => textOf(resource))),
    versions: Object.fromEntries(raw.resources.map(({ name, version }) => [name, version])),
    ttls: ttlsOf(raw.resources),
    removed: raw.removed_resources,
  };
}

/** A state-of-the-world response with its resources as they are: serialised `google.protobuf.Any`s. */
export function decodeAnys(bytes: Buffer): {
  readonly typeUrl: string;
  readonly nonce: string;
  readonly version: string;
  readonly anys: readonly Buffer[];
} {
  const raw = types.sotw.response.decode(bytes) as unknown as RawResponse;
  const any = root.lookupType('google.protobuf.Any');
  const anys = raw.resources.map(({ type_url, value }) =>
    Buffer.from(any.encode({ type_url, value }).finish()),
  );
  return { typeUrl: raw.type_url, nonce: raw.nonce, version: raw.version_info, anys };
}

/** One stream of a client under a test's command: nothing is acknowledged that the test does not acknowledge. */
export class XdsClient {
  readonly protocol: 'sotw' | 'delta';
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #received: Received[] = [];
  readonly raw: Buffer[] = [];
  readonly ended: Promise<StatusObject>;
  #wake = Promise.withResolvers<void>();
  #node: object | undefined;
  #fences = 0;
  #fenceNonce = '';

  constructor(client: Client, protocol: 'sotw' | 'delta', node: object, path = PATHS[protocol]) {
    this.protocol = protocol;
    this.#node = node;
    const same = (bytes: Buffer): Buffer => bytes;
    this.#call = client.makeBidiStreamRequest(path, same, same);
    const ended = Promise.withResolvers<StatusObject>();
    this.ended = ended.promise;
    this.#call.on('data', (bytes: Buffer) => {
      const response = decodeResponse(protocol, bytes);
      if (response.typeUrl !== FENCE) this.raw.push(bytes);
      this.#received.push(response);
      this.#wake.resolve();
    });
    this.#call.on('error', () => undefined);
    this.#call.on('status', (status: StatusObject) => {
      ended.resolve(status);
      this.#wake.resolve();
    });
  }

  /** Sends a request; the node goes with the first alone. */
  send(sent: Sent): void {
    const node = sent.node === undefined ? this.#node : sent.node;
    this.#node = undefined;
    this.#call.write(encodeRequest(this.protocol, { ...sent, node: node ?? null }));
  }

  sendBytes(bytes: Buffer): void {
    this.#call.write(bytes);
  }

  async #next(): Promise<Received> {
    for (;;) {
      const response = this.#received.shift();
      if (response !== undefined) return response;
      this.#wake = Promise.withResolvers();
      const status = await Promise.race([this.#wake.promise, this.ended]);
      if (status !== undefined && this.#received.length === 0) {
        throw new Error(`stream ended: ${status.code} ${status.details}`);
      }
    }
  }

  /** The next response, of that type. */
  async expect(type: string): Promise<Received> {
    const response = await this.#next();
    if (response.typeUrl !== type) {
      throw new Error(`expected ${type}, got ${response.typeUrl} ${JSON.stringify(response)}`);
    }
    return response;
  }

  /**
   * All that was sent until the server had read what this client sent so far: it reads in order and answers at once, so
   * that what did not come before the fence's answer was not sent.
   */
  async fence(): Promise<readonly Received[]> {
    const before: Received[] = [];
    this.#fences += 1;
    const name = `fence-${this.#fences}`;
    const nonce = this.#fenceNonce;
    this.send({ type: FENCE, ...(nonce !== '' && { nonce }), names: [name], subscribe: [name] });
    for (;;) {
      const response = await this.#next();
      if (response.typeUrl !== FENCE) {
        before.push(response);
        continue;
      }
      this.#fenceNonce = response.nonce;
      return before;
    }
  }

  ack({ typeUrl, nonce, version }: Received, more: Sent = {}): void {
    this.send({ type: typeUrl, nonce, version, ...more });
  }

  nack({ typeUrl, nonce }: Received, error: string, more: Sent = {}): void {
    this.send({ type: typeUrl, nonce, error, ...more });
  }

  cancel(): void {
    this.#call.cancel();
  }

  end(): void {
    this.#call.end();
  }
}

/** A node as Envoy describes itself, shortened. */
export function nodeOf(id: string, cluster = 'edge'): object {
  return {
    id,
    cluster,
    user_agent_name: 'envoy',
    user_agent_build_version: { version: { major_number: 1, minor_number: 40, patch: 0 } },
  };
}

export function connect(port: number, secure: ChannelCredentials = credentials.createInsecure()): Client {
  return new Client(`127.0.0.1:${port}`, secure, {
    // Without this, clients of one process share a connection.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': -1,
    'grpc.ssl_target_name_override': 'localhost',
  });
}

/** One stream of load reports. */
export class LoadClient {
  readonly #call: ClientDuplexStream<Buffer, Buffer>;
  readonly #received: LoadInterval[] = [];
  #wake = Promise.withResolvers<void>();

  constructor(client: Client) {
    const same = (bytes: Buffer): Buffer => bytes;
    this.#call = client.makeBidiStreamRequest(PATHS.loads, same, same);
    this.#call.on('error', () => undefined);
    this.#call.on('data', (bytes: Buffer) => {
      this.#received.push(types.loads.response.decode(bytes) as unknown as LoadInterval);
      this.#wake.resolve();
    });
  }

  send(message: object): void {
    this.#call.write(Buffer.from(types.loads.request.encode(message).finish()));
  }

  async next(): Promise<LoadInterval> {
    for (;;) {
      const answer = this.#received.shift();
      if (answer !== undefined) return answer;
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }
}
