/** Data planes that share one configuration. */
export interface Fleet {
  readonly name: string;
  /** Which folder of `dataplanes` serves it: `envoy`, ... */
  readonly dataPlane: string;
  /** Nodes that announce this as their `node.cluster` belong to the fleet. */
  readonly nodeCluster: string;
}

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
