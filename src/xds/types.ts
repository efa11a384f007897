import type { Snapshot, TypeSnapshot } from '../snapshot/snapshot.ts';

/** What a node said of itself in the first request of a stream. */
export interface NodeInfo {
  readonly id: string;
  readonly cluster: string;
  /** `1.40.0`, where it said so. */
  readonly version: string | undefined;
}

/** One xDS stream as its owner sees it. */
export interface XdsStream {
  readonly id: number;
  readonly node: NodeInfo;
  /** Address and port of the connection. */
  readonly peer: string;
  readonly protocol: 'sotw' | 'delta' | 'poll';
  /** Names subscribed to, by type URL; `*` for everything. */
  subscriptions(): ReadonlyMap<string, ReadonlySet<string>>;
  /**
   * Whether the client said, when it asked for this type first, that it has just this content as far as it is subscribed
   * (versions of an earlier connection). Undefined while it has not asked for the type.
   */
  declared(type: TypeSnapshot): boolean | undefined;
  /** From now on the stream converges to this. Undefined: it is sent nothing, and what the node has stays. */
  serve(snapshot: Snapshot | undefined): void;
}

/** Owner of the streams: says what each is to have, and hears what became of it. */
export interface StreamObserver {
  /** First request of a stream: its node is known. */
  opened(stream: XdsStream): void;
  /** What the stream is subscribed to changed; called before the request is answered. */
  subscribed(stream: XdsStream, typeUrl: string): void;
  sent(stream: XdsStream, type: TypeSnapshot): void;
  /** The client acknowledged that it has exactly this, as far as it is subscribed. */
  acked(stream: XdsStream, type: TypeSnapshot): void;
  /** The same by what it acknowledged before, or said on connecting: nothing had to be sent, and nothing was answered. */
  settled(stream: XdsStream, type: TypeSnapshot): void;
  /** The client refused it, in these words, and keeps what it had. */
  rejected(stream: XdsStream, type: TypeSnapshot, message: string): void;
  closed(stream: XdsStream): void;
}

/** A request of either protocol, decoded. */
export interface XdsRequest {
  readonly node: Uint8Array | undefined;
  readonly typeUrl: string;
  readonly nonce: string;
  /** Of a rejection. */
  readonly error: string | undefined;
}

/** https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/discovery/v3/discovery.proto#service-discovery-v3-discoveryrequest */
export interface SotwRequest extends XdsRequest {
  readonly version: string;
  readonly names: readonly string[];
}

/** https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/discovery/v3/discovery.proto#service-discovery-v3-deltadiscoveryrequest */
export interface DeltaRequest extends XdsRequest {
  readonly subscribe: readonly string[];
  readonly unsubscribe: readonly string[];
  readonly initialVersions: ReadonlyMap<string, string>;
}
