import type { Resource, TypeSnapshot } from '../snapshot/snapshot.ts';
import { type Diff, diffOf, emptyType } from './diff.ts';
import { type Response, deltaDiffResponse, deltaResponse } from './responses.ts';
import { type Subscription, WILDCARD, allowsLegacyWildcard, covers } from './subscription.ts';
import type { Outlet, TypeState } from './type-state.ts';
import type { DeltaRequest } from './types.ts';

/**
 * One type on an incremental stream. What the client has is a reference to a snapshot that all nodes share; names
 * subscribed to are kept apart from what is known of them.
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#incremental-xds
 */
export class DeltaType implements TypeState {
  readonly #typeUrl: string;
  readonly #outlet: Outlet;
  #subscription: Subscription;
  #started = false;
  /** What the client brought along, until it was compared. */
  #initial: ReadonlyMap<string, string> | undefined;
  /** Names asked for since the last response: sent even if the client has them. */
  #asked = new Set<string>();
  /** Names to send again once earlier types are settled. */
  #renewed = new Set<string>();
  /** What the client has, or will have once it acknowledges; removals that were held are in `leftovers`. */
  #base: TypeSnapshot;
  #accepted: TypeSnapshot;
  #refused: TypeSnapshot | undefined;
  #leftovers = new Set<string>();
  #nonce = '';
  #pending = false;

  constructor(typeUrl: string, outlet: Outlet) {
    this.#typeUrl = typeUrl;
    this.#outlet = outlet;
    this.#subscription = outlet.pool.take(false, []);
    this.#base = emptyType(typeUrl);
    this.#accepted = this.#base;
  }

  get subscription(): Subscription {
    return this.#subscription;
  }

  get pending(): boolean {
    return this.#pending;
  }

  get mustAnswer(): boolean {
    return this.#initial !== undefined || this.#asked.size > 0;
  }

  /** True when the subscription changed. */
  receive(request: DeltaRequest): boolean {
    if (this.#pending && request.nonce !== '' && request.nonce === this.#nonce) this.#settle(request.error);
    const first = !this.#started;
    this.#started = true;
    if (first) this.#initial = request.initialVersions;
    return this.#subscribe(request, first) || first;
  }

  #settle(error: string | undefined): void {
    this.#pending = false;
    const target = this.#base;
    if (error === undefined) {
      this.#refused = undefined;
      this.#accepted = target;
      if (this.#leftovers.size === 0) this.#outlet.acked(target);
    } else {
      this.#refused = target;
      this.#base = this.#accepted;
      this.#outlet.rejected(target, error);
    }
  }

  #subscribe({ subscribe, unsubscribe }: DeltaRequest, first: boolean): boolean {
    if (!first && subscribe.length === 0 && unsubscribe.length === 0) return false;
    const before = this.#subscription;
    const names = new Set(before.names);
    const legacy = first && subscribe.length === 0 && allowsLegacyWildcard(this.#typeUrl);
    let wildcard = before.wildcard || legacy;
    for (const name of unsubscribe) {
      if (name === WILDCARD) wildcard = false;
      names.delete(name);
      this.#asked.delete(name);
      this.#leftovers.delete(name);
    }
    for (const name of subscribe) {
      if (name === WILDCARD) {
        if (!before.wildcard && !first) this.#base.resources.forEach((_, known) => this.#asked.add(known));
        wildcard = true;
      } else {
        names.add(name);
        if (!first) this.#asked.add(name);
      }
    }
    // Still covered by the wildcard, but the client may have dropped it with the name.
    if (wildcard) for (const name of unsubscribe) if (name !== WILDCARD) this.#asked.add(name);
    this.#subscription = this.#outlet.pool.take(wildcard, names);
    this.#outlet.pool.release(before);
    return true;
  }

  /** `onlyAsked`: earlier types are not settled, so only what the client waits for goes out. */
  advance(target: TypeSnapshot, onlyAsked = false): void {
    if (this.#initial !== undefined) return this.#meet(target, this.#initial);
    if (
      this.#asked.size === 0 &&
      this.#renewed.size === 0 &&
      this.#base === target &&
      this.#refused === undefined
    )
      return;
    if (onlyAsked) {
      if (this.#asked.size > 0) this.#answer(target);
    } else if (this.#refused !== undefined) this.#recover(target, this.#refused);
    else this.#update(target);
  }

  /** First contact: what the client brought is compared, and only differences are sent. */
  #meet(target: TypeSnapshot, initial: ReadonlyMap<string, string>): void {
    this.#initial = undefined;
    const base = this.#base;
    this.#base = target;
    if (initial.size === 0) {
      const diff = diffOf(base, target);
      this.#send(
        target,
        deltaDiffResponse(target, diff, this.#subscription, 'first', this.#nonce),
        diff.changed,
      );
      return;
    }
    const changed = [...target.resources.values()].filter(
      ({ name, version }) => covers(this.#subscription, name) && initial.get(name) !== version,
    );
    const gone = [...initial.keys()].filter(
      (name) => !target.resources.has(name) && covers(this.#subscription, name),
    );
    const missing = [...this.#subscription.names].filter(
      (name) => !target.resources.has(name) && !initial.has(name),
    );
    const removed = target.order === 'root' ? [...missing, ...gone] : missing;
    if (target.order !== 'root') this.#leftovers = new Set(gone);
    if (changed.length > 0 || removed.length > 0)
      this.#send(target, deltaResponse(target, changed, removed), changed);
    else this.#agree(target);
  }

  #answer(target: TypeSnapshot): void {
    const names = [...this.#asked];
    const found = names.flatMap((name) => target.resources.get(name) ?? []);
    const missing = names.filter((name) => !target.resources.has(name));
    this.#asked.clear();
    this.#send(this.#base, deltaResponse(target, found, missing), []);
  }

  #update(target: TypeSnapshot): void {
    const diff = diffOf(this.#base, target);
    const touches = diff.changed.some(({ name }) => covers(this.#subscription, name));
    const gone = diff.removed.filter((name) => covers(this.#subscription, name));
    const held = target.order === 'root' ? [] : gone;
    for (const { name } of diff.changed) this.#leftovers.delete(name);
    for (const name of held) this.#leftovers.add(name);
    const tell = gone.length > held.length;
    if (this.#asked.size > 0 || this.#renewed.size > 0)
      return this.#updateAsked(target, diff, tell ? gone : []);
    this.#base = target;
    if (touches || tell) {
      const response = deltaDiffResponse(
        target,
        diff,
        this.#subscription,
        tell ? 'tell' : 'hold',
        this.#nonce,
      );
      this.#send(target, response, diff.changed);
    } else this.#agree(target);
  }

  #updateAsked(target: TypeSnapshot, diff: Diff, gone: readonly string[]): void {
    const wanted = new Set([...this.#asked, ...this.#renewed, ...diff.changed.map(({ name }) => name)]);
    const covered = [...wanted].filter((name) => covers(this.#subscription, name));
    const found = covered.flatMap((name) => target.resources.get(name) ?? []);
    const missing = [...this.#asked].filter((name) => !target.resources.has(name));
    this.#asked.clear();
    this.#renewed.clear();
    this.#base = target;
    for (const name of missing) this.#leftovers.delete(name);
    this.#send(target, deltaResponse(target, found, new Set([...missing, ...gone])), diff.changed);
  }

  /**
   * After a rejection the client may have applied some of it (CDS does): whatever differs from what it had, or from
   * what it refused, is sent, and what only the refused had is removed.
   */
  #recover(target: TypeSnapshot, refused: TypeSnapshot): void {
    const fromRefused = diffOf(refused, target);
    const covered = (name: string): boolean => covers(this.#subscription, name);
    const same = !fromRefused.changed.some(({ name }) => covered(name)) && !fromRefused.removed.some(covered);
    if (same && this.#asked.size === 0) return;
    const fromAccepted = diffOf(this.#accepted, target);
    const resources = new Map<string, Resource>();
    for (const resource of [...fromAccepted.changed, ...fromRefused.changed]) {
      if (covered(resource.name)) resources.set(resource.name, resource);
    }
    for (const name of this.#asked) {
      const resource = target.resources.get(name);
      if (resource !== undefined) resources.set(name, resource);
    }
    const missing = [...this.#asked].filter((name) => !target.resources.has(name));
    const removed = new Set(
      [...fromAccepted.removed, ...fromRefused.removed, ...this.#leftovers].filter(covered),
    );
    for (const name of target.resources.keys()) removed.delete(name);
    this.#asked.clear();
    this.#renewed.clear();
    this.#leftovers = target.order === 'root' ? new Set() : removed;
    this.#base = target;
    const told = target.order === 'root' ? [...removed, ...missing] : missing;
    const changed = [...resources.values()];
    // What it refused may be half applied: an acknowledgement of nothing would say it is not.
    if (changed.length > 0 || told.length > 0 || removed.size === 0) {
      this.#send(target, deltaResponse(target, changed, told), changed);
    } else {
      this.#refused = undefined;
    }
  }

  #send(target: TypeSnapshot, response: Response, changed: readonly Resource[]): void {
    this.#nonce = response.nonce;
    this.#pending = true;
    this.#outlet.write(response.bytes);
    this.#outlet.sent(target);
    const refs = changed.flatMap(({ resend }) => resend ?? []);
    if (refs.length > 0) this.#outlet.resend(refs);
  }

  /** The client has it already. */
  #agree(target: TypeSnapshot): void {
    this.#accepted = target;
    if (this.#leftovers.size === 0) this.#outlet.acked(target);
  }

  settled(target: TypeSnapshot): boolean {
    if (this.#pending || this.mustAnswer || this.#renewed.size > 0 || this.#refused !== undefined)
      return false;
    return this.#base === target || this.#base.version === target.version;
  }

  remove(target: TypeSnapshot): void {
    if (this.#leftovers.size === 0) return;
    const names = [...this.#leftovers];
    this.#leftovers.clear();
    this.#base = target;
    this.#send(target, deltaResponse(target, [], names), []);
  }

  renew(name: string): void {
    if (covers(this.#subscription, name)) this.#renewed.add(name);
  }

  release(): void {
    this.#outlet.pool.release(this.#subscription);
  }
}
