/** One xDS resource, serialised once and shared by every stream that gets it. */
export interface Resource {
  readonly name: string;
  /** Hash of the content: equal content has an equal version after a restart and on another replica. */
  readonly version: string;
  /** A serialised `google.protobuf.Any`. */
  readonly body: Buffer;
  /** Resources of the type `resends` names that a client needs again after this one changed (Envoy: the
   *  endpoints of a cluster, which otherwise stays warming). */
  readonly resend?: ResourceRef;
  /**
   * How long a client keeps it after the last sign of life of the control plane, in milliseconds; not given: for good.
   * Renewed by heartbeats. https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#ttl
   */
  readonly ttlMs?: number;
}

export interface ResourceRef {
  readonly typeUrl: string;
  readonly name: string;
}

/**
 * How a type takes part in make-before-break. `independent`: pushed at once whatever else is under way (runtime).
 * `root`: nothing names its resources, so removals go with updates (listeners: the next may need the address).
 * `named`: others name its resources, so removals come last.
 */
export type PushOrder = 'independent' | 'root' | 'named';

/** All resources of one type. */
export interface TypeSnapshot {
  readonly typeUrl: string;
  /** Hash over names and versions. */
  readonly version: string;
  readonly resources: ReadonlyMap<string, Resource>;
  /** What these resources mean to those who made them; carried along so that an acknowledgement can be read back. */
  readonly labels: ReadonlyMap<string, number>;
  readonly order: PushOrder;
  /** What other types name is of this: a client that asks for those and not for this cannot work. */
  readonly required?: boolean;
}

/** The resources of one fleet variant. The order of `types` is the order in which changes are pushed. */
export interface Snapshot {
  readonly types: ReadonlyMap<string, TypeSnapshot>;
}
