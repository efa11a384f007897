import type { TypeSnapshot } from '../snapshot/snapshot.ts';
import { diffOf, emptyType, unionOf } from './diff.ts';
import { sotwResponse } from './responses.ts';
import { type Subscription, WILDCARD, allowsLegacyWildcard, covers } from './subscription.ts';
import type { Outlet, TypeState } from './type-state.ts';
import type { SotwRequest } from './types.ts';

/**
 * One type on a state-of-the-world stream. Each response is all the client is subscribed to.
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
 */
export class SotwType implements TypeState {
  readonly #typeUrl: string;
  readonly #outlet: Outlet;
  #subscription: Subscription;
  #started = false;
  #mustAnswer = false;
  #renew = false;
  #nonce = '';
  #pending = false;
  /** What was last sent, or is known to be the same for this subscription. */
  #view: TypeSnapshot | undefined;
  /** What the client last acknowledged. */
  #accepted: TypeSnapshot | undefined;
  /** What the client refused; it is not sent again unless its content changes. */
  #refused: TypeSnapshot | undefined;

  constructor(typeUrl: string, outlet: Outlet) {
    this.#typeUrl = typeUrl;
    this.#outlet = outlet;
    this.#subscription = outlet.pool.take(false, []);
  }

  get subscription(): Subscription {
    return this.#subscription;
  }

  get pending(): boolean {
    return this.#pending;
  }

  get mustAnswer(): boolean {
    return this.#mustAnswer;
  }

  /** True when the subscription changed. */
  receive(request: SotwRequest): boolean {
    if (this.#started && request.nonce !== this.#nonce) {
      // An answer to a response that is no longer the latest: the client will answer the latest too, with its names.
      return false;
    }
    if (this.#started && this.#pending) this.#settle(request);
    // The first request of a stream is no acknowledgement, whatever nonce it brings from an earlier one.
    const first = !this.#started;
    this.#started = true;
    const changed = this.#subscribe(request.names, first);
    this.#mustAnswer ||= first;
    return changed || first;
  }

  #settle({ error }: SotwRequest): void {
    this.#pending = false;
    const view = this.#view;
    if (view === undefined) return;
    if (error === undefined) {
      this.#refused = undefined;
      this.#accepted = view;
      this.#outlet.acked(view);
    } else {
      this.#refused = view;
      this.#outlet.rejected(view, error);
    }
  }

  #subscribe(names: readonly string[], first: boolean): boolean {
    const before = this.#subscription;
    const explicit = names.includes(WILDCARD);
    // No names at all: everything, until names were given.
    const legacy =
      names.length === 0 &&
      (first || (before.wildcard && before.names.size === 0)) &&
      allowsLegacyWildcard(this.#typeUrl);
    const wildcard = explicit || legacy;
    const count = names.length - (explicit ? 1 : 0);
    const added =
      (wildcard && !before.wildcard) || names.some((name) => name !== WILDCARD && !before.names.has(name));
    if (!added && wildcard === before.wildcard && count === before.names.size) return false;
    this.#subscription = this.#outlet.pool.take(
      wildcard,
      names.filter((name) => name !== WILDCARD),
    );
    this.#outlet.pool.release(before);
    if (added) this.#mustAnswer = true;
    return true;
  }

  advance(target: TypeSnapshot): void {
    const next = this.#withRemovalsHeld(target);
    if (this.#mustAnswer || this.#renew) return this.#send(next);
    const view = this.#view ?? emptyType(this.#typeUrl);
    if (view === next) return;
    if (!this.#same(view, next)) this.#send(next);
    else if (this.#refused === undefined && next === target) this.#adopt(target);
  }

  /** Where removals come last, what the client has and `target` lacks stays in for now. */
  #withRemovalsHeld(target: TypeSnapshot): TypeSnapshot {
    const has = this.#refused === undefined ? this.#view : this.#accepted;
    if (has === undefined || target.order !== 'named' || !this.#subscription.wildcard) return target;
    return diffOf(has, target).removed.length === 0 ? target : unionOf(has, target);
  }

  /** Whether both are the same to this client. */
  #same(a: TypeSnapshot, b: TypeSnapshot): boolean {
    const { changed, removed } = diffOf(a, b);
    if (changed.some(({ name }) => covers(this.#subscription, name))) return false;
    // An absent name in a response to names means nothing.
    return !this.#subscription.wildcard || removed.length === 0;
  }

  #send(next: TypeSnapshot): void {
    const before = (this.#refused === undefined ? this.#view : this.#accepted) ?? emptyType(this.#typeUrl);
    const response = sotwResponse(next, this.#subscription, this.#nonce);
    this.#nonce = response.nonce;
    this.#view = next;
    this.#pending = true;
    this.#mustAnswer = false;
    this.#renew = false;
    this.#outlet.write(response.bytes);
    this.#outlet.sent(next);
    const refs = diffOf(before, next).changed.flatMap(({ resend }) => resend ?? []);
    if (refs.length > 0) this.#outlet.resend(refs);
  }

  /** The same for this client under another version: nothing to send. */
  #adopt(target: TypeSnapshot): void {
    this.#view = target;
    this.#accepted = target;
    this.#outlet.acked(target);
  }

  settled(target: TypeSnapshot): boolean {
    if (this.#pending || this.#mustAnswer || this.#renew || this.#refused !== undefined) return false;
    const { changed } = diffOf(this.#view ?? emptyType(this.#typeUrl), target);
    return !changed.some(({ name }) => covers(this.#subscription, name));
  }

  remove(target: TypeSnapshot): void {
    const view = this.#view;
    if (view === undefined || view === target) return;
    if (this.#same(view, target)) this.#adopt(target);
    else this.#send(target);
  }

  renew(name: string): void {
    if (covers(this.#subscription, name) && this.#view !== undefined) this.#renew = true;
  }

  release(): void {
    this.#outlet.pool.release(this.#subscription);
  }
}
