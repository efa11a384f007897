import type { Mirror, Spread } from './mirror.ts';
import { FULL } from './percent.ts';
import type { Ppm } from './percent.ts';

export const MAX_HASH = 0xff_ff_ff_ff;

/** FNV-1a over UTF-16 code units, then a finaliser: ids that differ in the last letter are spread evenly. 0 to 2^32 - 1. */
export function nodeHash(salt: string, node: string): number {
  let hash = 0x81_1c_9d_c5;
  const text = `${salt}\0${node}`;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01_00_01_93);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2_b2_ae_35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** A node stays in as long as the threshold is not lowered, whoever else joins or leaves. */
export function isInShare(
  { rollout, threshold }: Pick<Spread, 'rollout' | 'threshold'>,
  node: string,
): boolean {
  return nodeHash(rollout, node) <= threshold;
}

/**
 * The threshold by which `share` of these nodes are in: rounded up, so a share above 0 has at least one of them.
 * Never below `atLeast`, so a larger share only adds nodes. Without nodes it is the share of all possible hashes.
 */
export function thresholdFor(salt: string, nodes: Iterable<string>, share: Ppm, atLeast = 0): number {
  if (share >= FULL) return MAX_HASH;
  const hashes = [...nodes].map((node) => nodeHash(salt, node)).sort((a, b) => a - b);
  const wanted = Math.ceil((hashes.length * share) / FULL);
  const found = hashes[wanted - 1] ?? Math.floor((MAX_HASH * share) / FULL);
  return Math.max(found, atLeast);
}

/**
 * The percent that a rollout of the mirror goes back to: where an earlier one left a share, that of the nodes outside it.
 * Of two percents in force it is the one that no node has to be raised to.
 */
export function baselineOf({ percent, spread }: Pick<Mirror, 'percent' | 'spread'>): Ppm {
  return Math.min(percent, spread?.rest ?? percent);
}

/** The mirror's percent on a node, as far as rollouts go. */
export function percentOn({ percent, spread }: Pick<Mirror, 'percent' | 'spread'>, node: string): Ppm {
  return spread === undefined || isInShare(spread, node) ? percent : spread.rest;
}
