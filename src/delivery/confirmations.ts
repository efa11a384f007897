import type { Finding, ReadBack } from '../dataplanes/data-plane.ts';
import type { Snapshot, TypeSnapshot } from '../snapshot/snapshot.ts';
import type { Fleets } from './fleets.ts';
import type { NodeRecord, TypeRecord } from './node-record.ts';
import { type Ask, ReadBacks } from './read-backs.ts';
import type { Timers } from './timers.ts';

export type Refused = Extract<Finding, { readonly state: 'refused' }>;

export interface ConfirmationsOptions {
  readonly fleets: Fleets;
  readonly timers: Timers;
  readonly ask: Ask;
  /** It was read back from the node. */
  readonly applied: (node: NodeRecord, record: TypeRecord, type: TypeSnapshot) => void;
  /** The node has seen it, and goes on without it. */
  readonly refused: (node: NodeRecord, record: TypeRecord, type: TypeSnapshot, finding: Refused) => void;
  /** How the node stands changed in another way. */
  readonly changed: (node: NodeRecord) => void;
  readonly log: { warn(fields: object, message: string): void };
}

/** For data planes whose word is no proof: makes acknowledgements of what was read back, and of nothing else. */
export class Confirmations {
  readonly #options: ConfirmationsOptions;
  readonly #readBacks: ReadBacks<NodeRecord>;

  constructor(options: ConfirmationsOptions) {
    this.#options = options;
    this.#readBacks = new ReadBacks(options.timers, options.ask);
  }

  /** The node says that it has this. False where its word is enough. */
  take(node: NodeRecord, record: TypeRecord, type: TypeSnapshot): boolean {
    const fleet = this.#options.fleets.get(node.fleet);
    if (fleet?.dataPlane.readBack === undefined) return false;
    const news = record.taken?.version !== type.version;
    record.taken = type;
    record.pending = false;
    // What it took in between may still be in force.
    if (record.acked?.version === type.version) record.acked = news ? undefined : type;
    if (news) this.look(node);
    return true;
  }

  /** The node took something, or has another address now. */
  look(node: NodeRecord): void {
    const fleet = this.#options.fleets.get(node.fleet);
    const readBack = fleet?.dataPlane.readBack;
    if (fleet === undefined || readBack === undefined) return;
    const address = fleet.addressOf(node);
    node.readable = address !== undefined;
    if (address === undefined) {
      this.#readBacks.forget(node);
      node.finding = undefined;
      // What was read back earlier says nothing of what it takes from now on.
      for (const records of node.types.values()) for (const record of records) record.acked = undefined;
      this.#options.changed(node);
    } else this.#readBacks.look(node, this.#readable(node, readBack, address));
  }

  #readable(
    node: NodeRecord,
    readBack: ReadBack,
    address: string,
  ): Parameters<ReadBacks<NodeRecord>['look']>[1] {
    return {
      readBack,
      address,
      expected: () => (node.hasTaken() ? node.wanted : undefined),
      found: (of, finding) => this.#found(node, of, finding),
      failed: (message) => this.#note(node, 'unreachable', message),
    };
  }

  #note(node: NodeRecord, state: NonNullable<NodeRecord['finding']>['state'], message?: string): void {
    const isNews = node.finding?.state !== state;
    node.finding = { state, at: this.#options.timers.now(), ...(message !== undefined && { message }) };
    if (isNews && state === 'unreachable')
      this.#options.log.warn({ node: node.id, fleet: node.fleet, message }, 'a node cannot be read back');
  }

  #found(node: NodeRecord, of: Snapshot, finding: Finding): void {
    if (node.wanted === undefined) return;
    this.#note(node, finding.state, finding.state === 'applied' ? undefined : finding.message);
    const taken = node.takenOf(of);
    // While some of it is new, something else in force says nothing of the rest.
    const wasApplied = taken.every(([record, type]) => record.acked?.version === type.version);
    if (finding.state === 'other') return wasApplied ? this.#lost(node, taken) : undefined;
    for (const [record, type] of taken) {
      const isAcked = record.acked?.version === type.version;
      if (finding.state !== 'refused') {
        if (!isAcked) this.#options.applied(node, record, type);
      } else if (!isAcked && record.rejected?.type.version !== type.version)
        this.#options.refused(node, record, type, finding);
    }
  }

  /** It was in force, and is not any more: somebody else changed it, or the node was restarted. */
  #lost(node: NodeRecord, taken: ReturnType<NodeRecord['takenOf']>): void {
    if (taken.length === 0) return;
    for (const [record] of taken) record.acked = undefined;
    this.#options.log.warn({ node: node.id, fleet: node.fleet }, 'what was in force on a node is no longer');
    this.#options.changed(node);
  }

  forget(node: NodeRecord): void {
    this.#readBacks.forget(node);
  }

  stop(): void {
    this.#readBacks.stop();
  }
}
