/** Data planes that share one configuration. */
export interface Fleet {
  readonly name: string;
  /** Which folder of `dataplanes` serves it: `envoy`, ... */
  readonly dataPlane: string;
  /** Nodes that announce this as their `node.cluster` belong to the fleet. */
  readonly nodeCluster: string;
  /** How a change of its configuration reaches its nodes. Not given: {@link DEFAULT_PACE}. */
  readonly pace?: Pace;
  /**
   * Where a node's own API is asked what is in force, by node id; `*`: any other node. For data planes whose word that
   * they took something proves nothing. `http://HOST:PORT`, without a path.
   */
  readonly readBack?: Readonly<Record<string, string>>;
}

/** Times in milliseconds. */
export interface Pace {
  /** A node that has not acknowledged a change after so long stops it. */
  readonly ackTimeoutMs: number;
  /** How long a wave is looked at, after its last acknowledgement, before the next. */
  readonly bakeMs: number;
  /** How long the errors of the primaries are watched after the last wave: a rise takes the change back. */
  readonly watchMs: number;
}

export const DEFAULT_PACE: Pace = Object.freeze({ ackTimeoutMs: 15_000, bakeMs: 100, watchMs: 30_000 });

/** A fleet's own native configuration, kept as its owner wrote it. */
export interface Config {
  /** The fleet's name. */
  readonly name: string;
  readonly format: 'yaml' | 'json';
  /** Hex SHA-256 of the text; the text itself is kept once per digest. */
  readonly digest: string;
  /** Whether mirror policies found in it became targets and mirrors. */
  readonly adopt: boolean;
}
