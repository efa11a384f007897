import type { NodeRecord } from './node-record.ts';
import type { NodeState } from './types.ts';

interface Waiter {
  readonly fleets: ReadonlySet<string>;
  readonly pending: Set<NodeRecord>;
  readonly done: () => void;
}

/** Those who wait until no connected node of some fleets is pending. A node's event costs a look at that node alone. */
export class Waiters {
  readonly #waiters = new Set<Waiter>();
  readonly #changed = new Set<NodeRecord>();
  readonly #stateOf: (node: NodeRecord) => string;

  constructor(stateOf: (node: NodeRecord) => NodeState) {
    this.#stateOf = stateOf;
  }

  /** Resolves when none of `pending` is, or when `signal` aborts. */
  async wait(fleets: ReadonlySet<string>, pending: Iterable<NodeRecord>, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { fleets, pending: new Set(pending), done: resolve };
    if (waiter.pending.size === 0 || signal.aborted) return;
    this.#waiters.add(waiter);
    const abort = (): void => resolve();
    signal.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener('abort', abort);
      this.#waiters.delete(waiter);
    }
  }

  /**
   * Something happened to the node. It is looked at when its stream has drawn its conclusions: one type acknowledged may
   * be what the next was held back for.
   */
  look(node: NodeRecord): void {
    if (this.#waiters.size === 0) return;
    if (this.#changed.size === 0) queueMicrotask(() => this.#lookAtChanged());
    this.#changed.add(node);
  }

  #lookAtChanged(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    for (const node of changed) this.#lookAt(node);
  }

  #lookAt(node: NodeRecord): void {
    for (const waiter of this.#waiters) {
      const concerns = node.connected && node.fleet !== undefined && waiter.fleets.has(node.fleet);
      if (concerns && this.#stateOf(node) === 'pending') waiter.pending.add(node);
      else if (waiter.pending.delete(node) && waiter.pending.size === 0) waiter.done();
    }
  }
}
