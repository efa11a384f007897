import type { Resource, TypeSnapshot } from '../snapshot/snapshot.ts';
import { declared, diffOf, doubtful, expiringOf, isSame, isSendable, without } from './diff.ts';
import { deltaDiffResponse, deltaHeartbeat, deltaResponse } from './responses.ts';
import { WILDCARD, allowsLegacyWildcard } from './subscription.ts';
import { type Message, TypeSync } from './type-sync.ts';
import type { DeltaRequest } from './types.ts';

const NO_NAMES: ReadonlySet<string> = new Set();

/**
 * One type on an incremental stream. Names subscribed to are kept apart from what is known of them, so that a resource
 * that does not exist yet, or no longer, is sent when it does.
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol#incremental-xds
 */
export class DeltaType extends TypeSync {
  #started = false;
  /** The client has nothing and was told nothing. */
  #fresh = false;
  /** Names asked for since the last response: sent even if the client has them. */
  #asked: Set<string> | undefined;
  /** What the client said it has when it connected: its own map of versions, not to be kept for long. */
  #declared: TypeSnapshot | undefined;
  /** Names to send again because of a change elsewhere. */
  #renewed: Set<string> | undefined;

  protected override get mustAnswer(): boolean {
    return this.#fresh || this.#asked !== undefined;
  }

  protected override get mustRenew(): boolean {
    return this.#renewed !== undefined;
  }

  /** True when the subscription changed. */
  receive(request: DeltaRequest): boolean {
    const first = !this.#started;
    this.#started = true;
    // The first request of a stream is no acknowledgement, whatever nonce it brings from an earlier one.
    if (first) return this.#start(request);
    if (request.nonce !== '') this.settle(request.nonce, request.error);
    return this.#subscribe(request);
  }

  /** What the client brings along is compared, and only differences are sent. */
  #start({ subscribe, initialVersions }: DeltaRequest): boolean {
    const names = subscribe.filter((name) => name !== WILDCARD);
    const legacy = subscribe.length === 0 && allowsLegacyWildcard(this.typeUrl);
    this.resubscribe(legacy || names.length < subscribe.length, names);
    if (initialVersions.size === 0) {
      this.#fresh = true;
    } else {
      this.#declared = declared(this.typeUrl, initialVersions);
      this.known = this.#declared;
      this.#ask(names.filter((name) => !initialVersions.has(name)));
    }
    return true;
  }

  override declares(type: TypeSnapshot): boolean {
    return this.#declared !== undefined && isSame(this.#declared, type, this.subscription);
  }

  protected override forgetDeclared(): void {
    this.#declared = undefined;
  }

  #subscribe({ subscribe, unsubscribe }: DeltaRequest): boolean {
    if (subscribe.length === 0 && unsubscribe.length === 0) return false;
    const before = this.subscription;
    const names = new Set(before.names);
    let { wildcard } = before;
    for (const name of unsubscribe) {
      if (name === WILDCARD) wildcard = false;
      names.delete(name);
      this.#asked?.delete(name);
    }
    if (this.#asked?.size === 0) this.#asked = undefined;
    for (const name of subscribe) {
      if (name === WILDCARD) wildcard = true;
      else names.add(name);
    }
    this.resubscribe(wildcard, names);
    this.#ask(subscribe.filter((name) => name !== WILDCARD));
    // Still covered, but the client may have dropped it with the name.
    if (wildcard) this.#ask(unsubscribe.filter((name) => name !== WILDCARD));
    if (wildcard && !before.wildcard) this.#asked ??= new Set();
    return true;
  }

  #ask(names: readonly string[]): void {
    if (names.length === 0 || this.#fresh) return;
    this.#asked ??= new Set();
    for (const name of names) this.#asked.add(name);
  }

  override renew(name: string): void {
    // The first response has everything.
    if (this.#fresh || (this.#started && !this.covers(name))) return;
    this.#renewed ??= new Set();
    this.#renewed.add(name);
  }

  protected override tellsRemovals(): boolean {
    return true;
  }

  protected override message(next: TypeSnapshot, goal: TypeSnapshot): Message | undefined {
    const fresh = this.#fresh;
    const asked = this.#asked;
    const keepsAlive = this.mustKeepAlive;
    const names = new Set([...(asked ?? NO_NAMES), ...(this.#renewed ?? NO_NAMES)]);
    this.#fresh = false;
    this.#asked = undefined;
    this.#renewed = undefined;
    if (keepsAlive && names.size === 0 && next === this.known) return this.#heartbeat();
    if (keepsAlive) for (const name of expiringOf(this.known).names) names.add(name);
    if (fresh || names.size === 0) return this.#shared(next, fresh, asked !== undefined);
    return this.#own(next, goal, names, asked ?? NO_NAMES);
  }

  /** What takes all nodes of a fleet from one content to another. */
  #shared(next: TypeSnapshot, fresh: boolean, asked: boolean): Message | undefined {
    const diff = diffOf(this.known, next);
    const response = deltaDiffResponse(next, diff, this.subscription, fresh, this.nonce);
    return response.empty && !fresh && !asked ? undefined : { response, next, names: NO_NAMES };
  }

  /** Keeps alive what it has, and changes nothing. */
  #heartbeat(): Message | undefined {
    const response = deltaHeartbeat(this.known, this.subscription, this.nonce);
    return response.empty
      ? undefined
      : { response, next: this.known, names: new Set(expiringOf(this.known).names) };
  }

  /** The same, and what this client asked for. */
  #own(
    next: TypeSnapshot,
    goal: TypeSnapshot,
    names: ReadonlySet<string>,
    asked: ReadonlySet<string>,
  ): Message | undefined {
    const { changed, removed } = diffOf(this.known, next);
    const resources = new Map<string, Resource>();
    for (const resource of changed) if (this.covers(resource.name)) resources.set(resource.name, resource);
    const gone = new Set(removed.filter((name) => this.covers(name)));
    const missing = new Set<string>();
    for (const name of names) {
      if (!this.covers(name)) continue;
      const [known, final] = [next.resources.get(name), goal.resources.get(name)];
      if (final !== undefined) resources.set(name, isSendable(known) ? known : final);
      else if (asked.has(name)) missing.add(name);
    }
    if (resources.size === 0 && gone.size === 0 && missing.size === 0) return undefined;
    const response = deltaResponse(next, resources.values(), [...gone, ...missing]);
    return { response, next: without(next, missing), names };
  }

  /** Those it does not have were asked for, and are answered for. */
  protected override keptByName(names: ReadonlySet<string>): ReadonlySet<string> {
    return names;
  }

  protected override afterRefusal(refused: TypeSnapshot, names: ReadonlySet<string>): TypeSnapshot {
    return doubtful(this.known, refused, names);
  }
}
