import { nodeHash } from '../model/spread.ts';
import { nextWave } from './waves.ts';
import type { Version } from './version.ts';

/** A node as a change sees it. */
export interface Recipient {
  readonly id: string;
  readonly connected: boolean;
}

/**
 * How far a new structure has come in a fleet: who was given it, and who of these has not acknowledged it. Makes no
 * decision but whose turn it is.
 */
export class Change<N extends Recipient> {
  readonly version: Version;
  /** Epoch milliseconds. */
  readonly since: number;
  readonly granted = new Set<N>();
  readonly waiting = new Set<N>();
  /** Nodes that left before they acknowledged it. */
  readonly lost = new Set<string>();
  /** When every node had it; undefined before. */
  completeAt: number | undefined;
  /** How many waves there were, and when the last began; epoch milliseconds. */
  waves = 0;
  grantedAt: number;

  /** Nobody new is given it before; epoch milliseconds. */
  readonly heldUntil: number;

  constructor(version: Version, since: number, heldUntil = since) {
    this.version = version;
    this.since = since;
    this.heldUntil = heldUntil;
    this.grantedAt = since;
  }

  grant(node: N): void {
    this.granted.add(node);
    this.waiting.add(node);
  }

  /** The node has it. True when it was waited for. */
  settle(node: N): boolean {
    this.lost.delete(node.id);
    return this.waiting.delete(node);
  }

  /** A node that left is no longer waited for. */
  leave(node: N): void {
    if (this.waiting.delete(node)) this.lost.add(node.id);
    this.granted.delete(node);
  }

  /** Two nodes that went away when they were given it are no chance; of a large wave, a tenth. */
  isLosing(): boolean {
    return this.lost.size >= Math.max(2, Math.ceil(this.granted.size / 10));
  }

  /** Whose turn is next, of all connected nodes: ordered by a hash of structure and id, so that it is not always the same. */
  next(members: Iterable<N>): readonly N[] {
    const rest: N[] = [];
    let total = 0;
    for (const node of members) {
      total += 1;
      if (!this.granted.has(node)) rest.push(node);
    }
    const count = nextWave(this.granted.size, total) - this.granted.size;
    if (count >= rest.length) return rest;
    const salt = this.version.structure;
    // Who left without an answer is not asked first again.
    const rank = (node: N): number => nodeHash(salt, node.id) + (this.lost.has(node.id) ? 2 ** 32 : 0);
    return rest.sort((a, b) => rank(a) - rank(b)).slice(0, count);
  }
}
