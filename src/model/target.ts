/** Where copies go. */
export interface Target {
  readonly name: string;
  /** A Wallarm node, which can be asked how it is. Absent: whatever takes copies. */
  readonly kind?: 'wallarm';
  readonly endpoints: readonly Endpoint[];
  /** Of a Wallarm node: what the control plane asks it. */
  readonly node?: NodeProbes;
  /** What the node speaks. */
  readonly protocol: 'http1' | 'http2';
  readonly tls?: Tls;
  readonly limits: Limits;
  readonly health?: HealthCheck;
}

export interface Endpoint {
  /** DNS name or IP address. */
  readonly host: string;
  readonly port: number;
}

/** TLS from the data plane to the target. Paths are files on the data plane's machine. */
export interface Tls {
  /** SNI, and the name checked in the certificate when a CA is given. */
  readonly serverName?: string;
  /** PEM of the CAs to trust. Without it and `caFile` the certificate is not verified. */
  readonly ca?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** What bounds the harm a slow or dead target can do. Times in milliseconds, sizes in bytes. */
export interface Limits {
  readonly maxConnections: number;
  readonly maxPendingRequests: number;
  readonly maxRequests: number;
  readonly connectTimeoutMs: number;
  /** Caps how long one copy may take; also how long a target that does not read can stall an upload. */
  readonly maxStreamDurationMs: number;
  readonly idleTimeoutMs: number;
  readonly bufferBytes: number;
}

/** Active health check by the data plane: `GET path`; a target with no healthy endpoint gets no copies. */
export interface HealthCheck {
  readonly path: string;
  readonly port?: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** What the control plane itself asks every endpoint's host, whatever the data planes check. Each is off unless given. */
export interface NodeProbes {
  readonly health?: NodeHealthProbe;
  readonly status?: NodeStatusProbe;
}

interface Pace {
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** `GET path`: 2xx is well. */
export interface NodeHealthProbe extends Pace {
  readonly port: number;
  readonly path: string;
}

/** The node's counters. `url`: where they are not at the endpoint's host, or not in plain HTTP; `{host}` in it is that host. */
export type NodeStatusProbe = Pace &
  ({ readonly port: number; readonly path: string } | { readonly url: string });

export const WALLARM_PORT = 8445;

export const DEFAULT_LIMITS: Limits = Object.freeze({
  maxConnections: 128,
  maxPendingRequests: 128,
  maxRequests: 256,
  connectTimeoutMs: 1000,
  maxStreamDurationMs: 2000,
  idleTimeoutMs: 30_000,
  bufferBytes: 1_048_576,
});
