import type { NodeInfo } from '../xds/types.ts';
import { NodeRecord } from './node-record.ts';

/** Disconnected nodes that are still shown. */
const MAX_DISCONNECTED = 10_000;
const MAX_DISCONNECTED_MS = 24 * 3600 * 1000;

/** Every node that is there or was lately, by id: so that who looks for one that went finds it for a day. */
export class Nodes {
  readonly #nodes = new Map<string, NodeRecord>();
  /** Disconnected nodes, the longest gone first. */
  readonly #gone = new Set<NodeRecord>();

  get(id: string): NodeRecord | undefined {
    return this.#nodes.get(id);
  }

  values(): Iterable<NodeRecord> {
    return this.#nodes.values();
  }

  /** The one with this id, which is here (again) from now on. */
  came(info: NodeInfo, now: number): NodeRecord {
    const node = this.#nodes.get(info.id) ?? new NodeRecord(info, now);
    this.#nodes.set(info.id, node);
    this.#gone.delete(node);
    return node;
  }

  /** It is disconnected from now on; the longest gone may be forgotten for it. */
  went(node: NodeRecord, now: number): void {
    node.disconnectedAt = now;
    this.#gone.add(node);
    for (const gone of this.#gone) {
      const isLate = (gone.disconnectedAt ?? 0) < now - MAX_DISCONNECTED_MS;
      if (this.#gone.size <= MAX_DISCONNECTED && !isLate) return;
      this.#gone.delete(gone);
      this.#nodes.delete(gone.id);
    }
  }
}
