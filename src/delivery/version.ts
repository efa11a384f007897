import type { Compiled } from '../dataplanes/data-plane.ts';

/** One structure of a fleet: what nodes are on. Percents are put on it as they are wanted now. */
export interface Version {
  /** The revision that first had the structure. */
  readonly revision: number;
  readonly structure: string;
  /** The newest that has this structure. */
  compiled: Compiled;
}

export function makeVersion(revision: number, compiled: Compiled): Version {
  return { revision, structure: compiled.structure, compiled };
}
