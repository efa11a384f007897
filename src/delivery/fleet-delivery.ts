import type { Compiled } from '../dataplanes/data-plane.ts';
import type { Pace } from '../model/fleet.ts';
import { DEFAULT_PACE } from '../model/fleet.ts';
import type { Verdict } from '../model/verdict.ts';
import type { Snapshot, TypeSnapshot } from '../snapshot/snapshot.ts';
import { Change } from './change.ts';
import type { NodeRecord } from './node-record.ts';
import type { Timers } from './timers.ts';
import { type Version, makeVersion } from './version.ts';

/** What a fleet's delivery tells those around it. */
export interface FleetOutlet {
  readonly timers: Timers;
  /** Connected nodes of the fleet. */
  members(): ReadonlySet<NodeRecord>;
  /** The node is on another structure now. */
  serve(node: NodeRecord): void;
  /** What the node has, or would have, on this structure. */
  snapshotOn(node: NodeRecord, version: Version): Snapshot | undefined;
  /** Where the fleet stands changed: nodes that wait for it are to be looked at. */
  moved(): void;
  judged(verdict: Verdict): void;
  /** Why the next wave must wait although everyone acknowledged; undefined: it need not. */
  unproven(change: Change<NodeRecord>): string | undefined;
}

/** Why a change is taken back. */
export type Cause = Pick<Verdict, 'node' | 'typeUrl'> & { readonly message: string };

/** After a restart of ours: until nodes are back, those that come first are not all there are. */
const RETURN_MS = 15_000;
/** How often something that has to be proven is looked at. */
const PROOF_EVERY_MS = 100;

/**
 * Which structure each node of one fleet is on. A new structure goes to one node, then to waves, each when the one
 * before has acknowledged it; a refusal, a missing answer or a rise of errors takes it back from those who have it.
 * Percents are not its business: they are put on whatever structure a node is on.
 */
export class FleetDelivery {
  readonly fleet: string;
  readonly #outlet: FleetOutlet;
  readonly #rejected = new Map<string, Verdict>();
  /** By structure: the revision that had it first. */
  readonly #begun = new Map<string, number>();
  /** Structures that an earlier life of ours was delivering: some nodes may have them. */
  readonly #interrupted = new Set<string>();
  pace: Pace = DEFAULT_PACE;
  #good: Version | undefined;
  #change: Change<NodeRecord> | undefined;
  /** The structure that is wanted was rejected: nodes are on the last good one. */
  #refusal: Verdict | undefined;
  #timer:
    { readonly what: 'answers' | 'bake' | 'watch' | 'return'; readonly callOff: () => void } | undefined;

  constructor(fleet: string, outlet: FleetOutlet) {
    this.fleet = fleet;
    this.#outlet = outlet;
  }

  get good(): Version | undefined {
    return this.#good;
  }

  get change(): Change<NodeRecord> | undefined {
    return this.#change;
  }

  get refusal(): Verdict | undefined {
    return this.#refusal;
  }

  /** The structure that every node has, or will have when the change under way is done. */
  get goal(): Version | undefined {
    return this.#change?.version ?? this.#good;
  }

  /** What was judged in earlier lives; `good`: the last good structure, where the newest is not known to be. */
  remember(verdicts: readonly Verdict[], good: Version | undefined): void {
    for (const verdict of verdicts) {
      if (verdict.verdict === 'rejected') this.#rejected.set(verdict.structure, verdict);
      if (verdict.verdict === 'begun') this.#begun.set(verdict.structure, verdict.revision);
      if (verdict.verdict === 'begun') this.#interrupted.add(verdict.structure);
      else this.#interrupted.delete(verdict.structure);
    }
    this.#good = good;
  }

  /** Takes what is wanted now. Nodes are not served here but where their structure changes. */
  publish(revision: number, compiled: Compiled): void {
    const { structure } = compiled;
    const known = [this.#good, this.#change?.version].find((version) => version?.structure === structure);
    if (known !== undefined) {
      known.compiled = compiled;
      this.#refusal = undefined;
      if (known === this.#good) this.#withdraw();
      return;
    }
    this.#refusal = this.#rejected.get(structure);
    this.#supersede();
    if (this.#refusal !== undefined) {
      this.#withdraw();
      // There is nothing better: nodes that connect get it, and say so.
      this.#good ??= makeVersion(revision, compiled);
      return;
    }
    const begun = this.#begun.get(structure);
    const now = this.#outlet.timers.now();
    const held = this.#interrupted.delete(structure) ? now + RETURN_MS : now;
    this.#change = new Change(makeVersion(begun ?? revision, compiled), now, held);
    if (begun === undefined) this.#judge(this.#change.version, 'begun', {});
    this.advance();
  }

  /** A change that all have, and that was only being watched, is what to go back to. */
  #supersede(): void {
    const change = this.#change;
    if (change?.completeAt !== undefined) this.#accept(change);
    this.#stopTimer();
    this.#change = undefined;
  }

  /** Back to the good structure, without a verdict: it is wanted again. */
  #withdraw(): void {
    this.#stopTimer();
    this.#change = undefined;
    this.#returnAll();
  }

  #returnAll(): void {
    for (const node of this.#outlet.members()) {
      if (node.base !== this.#good) this.#put(node, this.#good);
    }
    this.#outlet.moved();
  }

  #put(node: NodeRecord, version: Version | undefined): void {
    node.base = version;
    this.#outlet.serve(node);
  }

  /** A node came, or asks for more. It is given the change where it says that it has it, and else when its turn comes. */
  join(node: NodeRecord): void {
    const change = this.#change;
    if (change === undefined) node.base = this.#good;
    else if (node.base === change.version || this.#good === undefined || this.#isDue(node, change)) {
      node.base = change.version;
      if (!change.granted.has(node)) change.grant(node);
    } else node.base ??= this.#good;
    this.advance();
  }

  #isDue(node: NodeRecord, change: Change<NodeRecord>): boolean {
    if (change.completeAt !== undefined) {
      // Those that were there when it was complete may have been few: the others get it in waves like everyone.
      if (change.granted.size * 2 > this.#outlet.members().size) return true;
      change.completeAt = undefined;
    }
    const good = this.#good && this.#outlet.snapshotOn(node, this.#good);
    const next = this.#outlet.snapshotOn(node, change.version);
    // From before a restart of ours: it is not to go back and forth.
    return good !== undefined && next !== undefined && node.declares(next, good);
  }

  leave(node: NodeRecord): void {
    const change = this.#change;
    if (change === undefined) return;
    change.leave(node);
    if (change.completeAt === undefined && this.#good !== undefined && change.isLosing()) {
      const message = `${[...change.lost].join(', ')} went away when given it, without an answer`;
      this.reject({ node: node.id, message });
    } else this.advance();
  }

  /** Something was acknowledged. */
  acked(node: NodeRecord): void {
    const change = this.#change;
    if (change === undefined || !change.waiting.has(node)) return;
    if (node.base !== change.version || node.state() === 'pending') return;
    if (change.settle(node)) this.advance();
  }

  /** The node refused some of what it was given. */
  refused(node: NodeRecord, type: TypeSnapshot, message: string): void {
    const change = this.#change;
    const good = this.#good;
    const before = good && this.#outlet.snapshotOn(node, good)?.types.get(type.typeUrl);
    // It refuses what it would be given anyway.
    if (before?.version === type.version) return this.acked(node);
    if (change !== undefined && node.base === change.version) {
      this.reject({ node: node.id, typeUrl: type.typeUrl, message });
    } else if (node.base !== good && good !== undefined) this.#put(node, good);
  }

  /** Takes the change under way back, for good. */
  reject(cause: Cause): void {
    const change = this.#change;
    if (change === undefined) return;
    this.#stopTimer();
    this.#change = undefined;
    const verdict = this.#judge(change.version, 'rejected', cause);
    this.#rejected.set(verdict.structure, verdict);
    this.#refusal = verdict;
    this.#good ??= change.version;
    this.#returnAll();
  }

  /** Goes on with the change as far as it may. */
  advance(): void {
    const change = this.#change;
    if (change === undefined) return;
    const members = this.#outlet.members();
    const held = change.heldUntil - this.#outlet.timers.now();
    if (held > 0 && this.#good !== undefined) return this.#wait('return', held, () => this.advance());
    if (change.completeAt !== undefined) return this.#watch(change, change.completeAt);
    // With nothing to go back to, waves would protect nobody.
    if (this.#good === undefined)
      this.#grant(
        change,
        [...members].filter((node) => !change.granted.has(node)),
      );
    else if (change.granted.size === 0) this.#grant(change, change.next(members));
    if (this.#change !== change || change.granted.size === 0) return;
    if (change.waiting.size > 0) return this.#awaitAnswers(change);
    if (change.granted.size < members.size) return this.#bake(change);
    change.completeAt = this.#outlet.timers.now();
    this.#outlet.moved();
    this.#watch(change, change.completeAt);
  }

  #grant(change: Change<NodeRecord>, nodes: readonly NodeRecord[]): void {
    if (nodes.length === 0) return;
    change.waves += 1;
    change.grantedAt = this.#outlet.timers.now();
    for (const node of nodes) change.grant(node);
    for (const node of nodes) this.#put(node, change.version);
    for (const node of nodes) if (node.state() === 'acked') change.settle(node);
    this.#outlet.moved();
    this.#stopTimer();
    this.#awaitAnswers(change);
  }

  /** A node that came back in the middle is waited for like the others, and no longer. */
  #awaitAnswers(change: Change<NodeRecord>): void {
    if (this.#good === undefined || this.#timer !== undefined) return;
    this.#wait('answers', this.pace.ackTimeoutMs, () => this.#late(change));
  }

  #late(change: Change<NodeRecord>): void {
    const late = [...change.waiting].at(0);
    if (late === undefined) return this.advance();
    const found = late.finding?.message;
    const why = found === undefined ? '' : `: ${found}`;
    const message = `${late.id} has not acknowledged it within ${this.pace.ackTimeoutMs / 1000} s${why}`;
    this.reject({ node: late.id, message });
  }

  /** Everyone acknowledged: a look at what that did, before more nodes get it. */
  #bake(change: Change<NodeRecord>): void {
    const ms = this.#outlet.unproven(change) === undefined ? this.pace.bakeMs : PROOF_EVERY_MS;
    this.#wait('bake', ms, () => {
      if (this.#change !== change) return;
      if (change.waiting.size > 0 || this.#outlet.unproven(change) !== undefined) return this.advance();
      this.#grant(change, change.next(this.#outlet.members()));
      this.advance();
    });
  }

  #watch(change: Change<NodeRecord>, completeAt: number): void {
    const left = this.pace.watchMs - (this.#outlet.timers.now() - completeAt);
    if (left <= 0) this.#finish(change);
    else this.#wait('watch', left, () => this.advance());
  }

  #finish(change: Change<NodeRecord>): void {
    this.#change = undefined;
    this.#accept(change);
    this.#outlet.moved();
  }

  #accept(change: Change<NodeRecord>): void {
    this.#good = change.version;
    this.#judge(change.version, 'good', {});
  }

  #judge(version: Version, verdict: Verdict['verdict'], cause: Cause | Record<string, never>): Verdict {
    const { revision, structure } = version;
    if (verdict === 'begun') this.#begun.set(structure, revision);
    const time = new Date(this.#outlet.timers.now()).toISOString();
    const made: Verdict = { fleet: this.fleet, revision, structure, verdict, time, ...cause };
    this.#outlet.judged(made);
    return made;
  }

  /** One thing is waited for at a time; nodes that come and go do not put off what is waited for already. */
  #wait(what: 'answers' | 'bake' | 'watch' | 'return', ms: number, call: () => void): void {
    if (this.#timer?.what === what && what !== 'answers') return;
    this.#stopTimer();
    const callOff = this.#outlet.timers.after(ms, () => {
      this.#timer = undefined;
      call();
    });
    this.#timer = { what, callOff };
  }

  #stopTimer(): void {
    this.#timer?.callOff();
    this.#timer = undefined;
  }

  stop(): void {
    this.#stopTimer();
  }
}
