import type { Fleet } from '../model/fleet.ts';
import type { Issue, Result } from '../model/issue.ts';
import type { Mirror } from '../model/mirror.ts';
import type { Ppm } from '../model/percent.ts';
import type { Endpoint, Target } from '../model/target.ts';
import type { Snapshot, TypeSnapshot } from '../snapshot/snapshot.ts';

/** What a kind of data plane must be able to do. All of it is pure: no clock, no I/O. */
export interface DataPlane<Native extends NativeConfig = NativeConfig> {
  /** The fleet's `dataPlane`. */
  readonly kind: string;
  readonly capabilities: Capabilities;
  /** Content-Type of a config that is no JSON; not given: YAML. */
  readonly textType?: string;
  /** Reads a fleet's native configuration: every problem at once, each with a path into the text's own structure. */
  readConfig(
    text: string,
    format: 'yaml' | 'json',
    options: { fleet: string; adopt: boolean },
  ): Result<Native>;
  /** Whether a text, or its beginning, is evidently a configuration of this kind, and of no other. */
  looksLike?(text: string): boolean;
  /** Makes what the fleet gets. Cheap when only percents differ from an earlier call's input. */
  compile(input: CompileInput<Native>): Result<Compiled>;
  /** Which variant of the snapshot a node needs, from what it said of itself. */
  variantFor(node: NodeTraits): string;
  /** The percent in force on a node that acknowledged these; undefined while that is not known. */
  effectivePercent(mirror: string, acked: ReadonlyMap<string, TypeSnapshot>): Ppm | undefined;
  /** The percent that a node by itself holds a mirror down to, for now, as it says by what it asks for. */
  limitOf?(mirror: string, node: NodeTraits): Ppm | undefined;
  /** The mirror whose copies go to this cluster of a load report. */
  mirrorOfCluster(cluster: string): string | undefined;
  /** What a node of this variant and version cannot do of what it is to do, in words for its owner; empty: nothing. */
  limitations(variant: string, node: NodeTraits, mirrors: readonly Mirror[]): readonly string[];
  /** The `nodeCluster` of a client that announces none, from its id; undefined where it cannot tell. */
  clusterOf?(nodeId: string): string | undefined;
  /** Given where an acknowledgement, or having fetched it, is no proof that it is in force. */
  readonly readBack?: ReadBack;
  /** Given where nodes fetch one document over HTTP instead of subscribing: `GET /v1/fleets/{fleet}/{path}`. */
  readonly polled?: Polled;
  /** By format: what would be served, as a text for those who apply it themselves. */
  readonly renderings: Readonly<Record<string, (compiled: Compiled) => string>>;
}

/** What a kind of data plane can do, for those who choose and for the documents. */
export interface Capabilities {
  /** A percent is rounded to a multiple of this, in parts per million. */
  readonly percentStep: Ppm;
  /** Each request by chance, or every n-th by a counter. */
  readonly sampling: 'random' | 'counter';
  /** What `copy` can ask for. `setHeaders`: literal values. */
  readonly copy: {
    readonly setHeaders: boolean;
    readonly removeHeaders: boolean;
    readonly withoutBody: boolean;
  };
  /** Fields of a route selector that it understands. */
  readonly selectors: readonly string[];
  /** Whether a share of a fleet's nodes can have another percent than the rest. */
  readonly fleetShare: boolean;
  /** Whether mirrors stop by themselves when the control plane is gone (`expiresAfter`). */
  readonly expiresAfter: boolean;
  /** Whether nodes report what they copy: `status.observed`, coverage and errors as gates. */
  readonly loadReports: boolean;
  /** How it is known that something is in force, in words. */
  readonly applied: string;
  /** What a fleet's config is, in words. */
  readonly config: string;
}

/** How what is in force is read from a node's own API. Pure: the caller asks. */
export interface ReadBack {
  /** To be asked below the node's address: `/api/rawdata`. All are JSON. */
  readonly paths: readonly string[];
  /** What the answers, by path, say of what the node should have. `address`: where they came from. */
  judge(expected: Snapshot, answers: ReadonlyMap<string, unknown>, address?: string): Finding;
}

/**
 * `other`: it has something else, still; what, in words. `refused`: it has seen it and will not have it, in its own.
 * `harmful`: mirrors that it has nevertheless, and that do harm as they are.
 */
export type Finding =
  | { readonly state: 'applied' }
  | { readonly state: 'other'; readonly message?: string }
  | { readonly state: 'refused'; readonly message: string; readonly harmful?: readonly string[] };

/** A document that nodes fetch. Its snapshot has one type with one resource, whose body is the document itself. */
export interface Polled {
  readonly path: string;
  readonly contentType: string;
  readonly typeUrl: string;
}

/** A native configuration that was read and found good. */
export interface NativeConfig {
  /** Number of resources by type: `{listeners: 1, routes: 1, clusters: 2}`. */
  readonly counts: Readonly<Record<string, number>>;
  /** Mirror policies that were found in it, as objects of ours. Empty unless adopted. */
  readonly adopted: Adoption;
  readonly surroundings: Surroundings;
}

/** What is around a fleet's edges, as far as their own config says: where copies had better not go. */
export interface Surroundings {
  /** Where they take requests that can be copied, by addresses of their machines. `0.0.0.0`, `::`: any. */
  readonly listeners: readonly Listener[];
  /** What they answer for. */
  readonly hosts: readonly NamedHost[];
  /** Where they send the requests themselves, and not only copies. */
  readonly origins: readonly Origin[];
}

export interface Listener extends Endpoint {
  /** Whether the mirror copies requests that come in here, at least some. Undefined: the config does not tell. */
  copiedBy(mirror: Mirror): boolean | undefined;
}

/** `shop.example`, `*.shop.example`, `shop.*`; `*` is everything. No ports. */
export interface NamedHost {
  readonly name: string;
  /** Where the config says so. */
  readonly path: string;
}

export interface Origin {
  readonly host: string;
  /** Not given: it is not known which. */
  readonly port?: number;
  readonly path: string;
}

export interface Adoption {
  readonly targets: readonly Target[];
  readonly mirrors: readonly Mirror[];
}

export interface CompileInput<Native extends NativeConfig = NativeConfig> {
  readonly fleet: Fleet;
  readonly config: Native;
  readonly mirrors: readonly { readonly mirror: Mirror; readonly target: Target }[];
}

export interface Compiled {
  readonly warnings: readonly Issue[];
  /** Hash of everything that percents leave alone: a change of it is delivered with care, a change of percents at once. */
  readonly structure: string;
  /** By mirror: hash of where its copies go (endpoints, protocol, TLS). */
  readonly destinations: ReadonlyMap<string, string>;
  /** The same structure with these percents, by mirror; mirrors that are not named have 0. Cheap. */
  withPercents(percents: ReadonlyMap<string, Ppm>): Compiled;
  /** Where the requests go that a mirror copies: what its copies are compared with. Undefined for an unknown mirror. */
  primaries(mirror: string): Primaries | undefined;
  /** The snapshot for nodes of that variant; built on first use and kept. */
  snapshot(variant: string): Snapshot;
  /** What is pushed, as the data plane's own JSON, by type (`listeners`, `routes`, ...). */
  resources(variant?: string): Readonly<Record<string, readonly unknown[]>>;
}

/** The clusters behind the routes of a mirror. */
export interface Primaries {
  readonly clusters: ReadonlySet<string>;
  /**
   * Whether the requests of these clusters are just the requests the mirror may copy. False where they serve other
   * routes too, or where a request can reach them more than once (retries, hedging): then counting them tells nothing.
   */
  readonly exact: boolean;
}

/** What is known of a node before it is served. */
export interface NodeTraits {
  /** `major.minor.patch` of the data plane, where it said so. */
  readonly version: string | undefined;
  /** Names it asked for, by type URL. `*` is among them for everything. */
  readonly subscriptions: ReadonlyMap<string, ReadonlySet<string>>;
}
