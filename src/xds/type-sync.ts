import type { ResourceRef, TypeSnapshot } from '../snapshot/snapshot.ts';
import { NOTHING, changes, diffOf, doubtful, expiringOf, removes, sureOf, unionOf } from './diff.ts';
import type { Response } from './responses.ts';
import { type Subscription, type SubscriptionPool, covers } from './subscription.ts';

/** What one type does through its stream. */
export interface Outlet {
  readonly pool: SubscriptionPool;
  write(bytes: Buffer): void;
  sent(type: TypeSnapshot): void;
  acked(type: TypeSnapshot): void;
  /** The client has it already, by what it acknowledged before: nothing was sent. */
  settled(type: TypeSnapshot): void;
  /** `again`: nothing was sent, for what the client is to have now it has refused before. */
  rejected(type: TypeSnapshot, message: string, again: boolean): void;
  /** Resources of another type that the client needs again after these. `update`: it had others before. */
  resend(refs: readonly ResourceRef[], update: boolean): void;
}

/** Why a type may not be updated: an earlier one is not settled, or was refused together with it. */
export type Hold = 'none' | 'unsettled' | 'refused';

/** Where a type is: a response or a question is open; refused; held back; all sent and taken but removals. */
export type Standing = 'busy' | 'refused' | 'behind' | 'settled';

interface Flight {
  /** What the client is to have in the end, and what it has once it acknowledges this. */
  readonly goal: TypeSnapshot;
  readonly next: TypeSnapshot;
  /** What was asked for when it was sent. */
  readonly subscription: Subscription;
  /** Sent before earlier types were settled, because the client asked. */
  readonly early: boolean;
  /** It only keeps alive what the client has: its acknowledgement is no news. */
  readonly heartbeat: boolean;
  readonly names: ReadonlySet<string>;
  /** The client asked for everything since; of this response it has these names. */
  readonly only?: ReadonlySet<string>;
}

interface Refusal {
  readonly goal: TypeSnapshot;
  readonly subscription: Subscription;
  readonly early: boolean;
  readonly message: string;
}

export interface Message {
  readonly response: Response;
  /** What the client has once it acknowledges this. */
  readonly next: TypeSnapshot;
  /** Names that are in it whether or not the client had them. */
  readonly names: ReadonlySet<string>;
}

/**
 * One type on one stream: leads the client from what it has to what it should have. At most one response is
 * unacknowledged; what was refused is not sent again until its content changes; removals come last.
 */
export abstract class TypeSync {
  protected readonly typeUrl: string;
  protected readonly outlet: Outlet;
  /** What the client has, as far as it is subscribed. Shared by all streams that have the same. */
  protected known: TypeSnapshot = NOTHING;
  protected nonce = '';
  /** What the client has and would lose by itself is to be sent again. */
  protected mustKeepAlive = false;
  #subscription: Subscription;
  #flight: Flight | undefined;
  #refusal: Refusal | undefined;

  constructor(typeUrl: string, outlet: Outlet) {
    this.typeUrl = typeUrl;
    this.outlet = outlet;
    this.#subscription = outlet.pool.take(false, []);
  }

  get subscription(): Subscription {
    return this.#subscription;
  }

  get pending(): boolean {
    return this.#flight !== undefined;
  }

  /** A request that must be answered whatever else is under way. */
  protected abstract get mustAnswer(): boolean;
  /** Something is to be sent again although it did not change. */
  protected abstract get mustRenew(): boolean;
  /** Whether the client said, on connecting, that it has just this. False once it acknowledged anything. */
  abstract declares(type: TypeSnapshot): boolean;
  /** From now on counts what is acknowledged. */
  protected abstract forgetDeclared(): void;
  /** Has this sent again, if it is subscribed to. */
  abstract renew(name: string): void;
  /** Whether a client of this protocol is told of the removals between two contents. */
  protected abstract tellsRemovals(): boolean;
  /** The message after which the client has `next`; undefined when it has. `force`: send even so. */
  protected abstract message(next: TypeSnapshot, goal: TypeSnapshot, force: boolean): Message | undefined;
  /** Of the names asked for before everything was: those that the client has if they are known. */
  protected abstract keptByName(names: ReadonlySet<string>): ReadonlySet<string>;
  /** What the client has after refusing a message. */
  protected abstract afterRefusal(refused: TypeSnapshot, names: ReadonlySet<string>): TypeSnapshot;

  protected resubscribe(wildcard: boolean, names: Iterable<string>): void {
    const before = this.#subscription;
    this.#subscription = this.outlet.pool.take(wildcard, names);
    if (wildcard && !before.wildcard) this.#widen(this.keptByName(before.names));
    this.outlet.pool.release(before);
  }

  /** Of what is known, and of what is on its way, the client has for sure what it had asked for by name. */
  #widen(names: ReadonlySet<string>): void {
    this.known = sureOf(this.known, names);
    const flight = this.#flight;
    if (flight === undefined) return;
    const only = new Set([...names].filter((name) => flight.only?.has(name) ?? true));
    this.#flight = { ...flight, only };
  }

  /** Takes an acknowledgement, or a rejection with the client's words. Of an older response it says nothing. */
  protected settle(nonce: string, error: string | undefined): void {
    const flight = this.#flight;
    if (flight === undefined || nonce !== this.nonce) return;
    this.#flight = undefined;
    const { goal, next, subscription, early, heartbeat, names, only } = flight;
    if (error === undefined) {
      if (heartbeat) return;
      const again = next === this.known;
      this.forgetDeclared();
      this.known = only === undefined ? next : sureOf(next, only);
      // An answer out of turn has the old content of what was refused.
      if (this.#refusal !== undefined && !changes(next, goal, this.#subscription)) this.#refusal = undefined;
      // What it has already is nothing new.
      if (again) this.outlet.settled(next);
      else this.outlet.acked(next);
      if (this.#refusal !== undefined) this.outlet.rejected(this.#refusal.goal, this.#refusal.message, true);
    } else {
      this.#refusal = { goal, subscription, early, message: error };
      this.known = heartbeat
        ? doubtful(this.known, next, new Set(expiringOf(next).names))
        : this.afterRefusal(next, names);
      this.outlet.rejected(goal, error, false);
    }
  }

  /** Sends what leads to `goal`, as far as `hold` lets it. */
  advance(goal: TypeSnapshot, hold: Hold): void {
    if (this.#flight !== undefined) return;
    if (hold === 'none' && !this.#standsRefused(goal)) {
      this.#lead(goal, this.#holdsRemovals(goal) ? unionOf(this.known, goal) : goal);
    } else if (this.mustAnswer || this.mustRenew) {
      // The client waits: it gets what it had of the rest, and the new names.
      this.#answer(this.known === NOTHING ? goal : unionOf(goal, this.known), goal, hold);
    } else if (this.mustKeepAlive) this.#answer(this.known, goal, hold);
  }

  #answer(next: TypeSnapshot, goal: TypeSnapshot, hold: Hold): void {
    const heartbeat = !this.mustAnswer && !this.mustRenew;
    const message = this.message(next, goal, false);
    this.mustKeepAlive = false;
    if (message !== undefined) this.#send(message, goal, hold !== 'none', heartbeat);
  }

  /** Has what ends by itself sent again, where the client has it for sure: what it refused is not pressed on it. */
  keepAlive(): void {
    this.mustKeepAlive ||= expiringOf(this.known).names.some((name) => this.covers(name));
  }

  /** Sends removals that were held back. */
  remove(goal: TypeSnapshot): void {
    if (this.#flight === undefined && this.known !== goal) this.#lead(goal, goal);
  }

  #lead(goal: TypeSnapshot, next: TypeSnapshot): void {
    const force = this.#refusal !== undefined;
    const heartbeat = this.known === next && !force && !this.mustAnswer && !this.mustRenew;
    if (heartbeat && !this.mustKeepAlive) return;
    const message = this.message(next, goal, force);
    this.mustKeepAlive = false;
    if (message !== undefined) return this.#send(message, goal, false, heartbeat);
    this.#refusal = undefined;
    if (this.known === next) return;
    this.known = next;
    if (next !== goal) return;
    this.forgetDeclared();
    this.outlet.settled(goal);
  }

  #send({ response, next, names }: Message, goal: TypeSnapshot, early: boolean, heartbeat: boolean): void {
    const before = this.known;
    this.nonce = response.nonce;
    this.#flight = { goal, next, subscription: this.#subscription, early, heartbeat, names };
    this.outlet.write(response.bytes);
    if (next !== before) this.outlet.sent(next);
    const { resend } = diffOf(before, next);
    if (resend.length > 0) this.outlet.resend(resend, before !== NOTHING);
  }

  #holdsRemovals(goal: TypeSnapshot): boolean {
    return goal.order === 'named' && this.tellsRemovals() && removes(this.known, goal, this.#subscription);
  }

  /** Whether the client has refused just this, when nothing was missing that could have been the reason. */
  #standsRefused(goal: TypeSnapshot): boolean {
    const refusal = this.#refusal;
    if (refusal === undefined || refusal.early) return false;
    const subscription = this.#subscription;
    if (changes(refusal.goal, goal, subscription) || removes(refusal.goal, goal, subscription)) return false;
    if (narrows(refusal.goal, refusal.subscription, subscription)) return false;
    if (refusal.goal !== goal) {
      this.#refusal = { ...refusal, goal };
      this.outlet.rejected(goal, refusal.message, true);
    }
    return true;
  }

  standing(goal: TypeSnapshot): Standing {
    if (this.#flight !== undefined || this.mustAnswer || this.mustRenew) return 'busy';
    if (this.#refusal !== undefined) return 'refused';
    return changes(this.known, goal, this.#subscription) ? 'behind' : 'settled';
  }

  release(): void {
    this.outlet.pool.release(this.#subscription);
  }

  protected covers(name: string): boolean {
    return covers(this.#subscription, name);
  }
}

/** Whether a resource that the one subscription covers is not covered by the other. */
function narrows(type: TypeSnapshot, before: Subscription, after: Subscription): boolean {
  if (before === after || after.wildcard) return false;
  return [...type.resources.keys()].some((name) => covers(before, name) && !covers(after, name));
}
