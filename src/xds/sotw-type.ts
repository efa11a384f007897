import type { TypeSnapshot } from '../snapshot/snapshot.ts';
import { changes, removes } from './diff.ts';
import { sotwResponse, sotwVersion } from './responses.ts';
import { WILDCARD, allowsLegacyWildcard } from './subscription.ts';
import { type Message, TypeSync } from './type-sync.ts';
import type { SotwRequest } from './types.ts';

const NO_NAMES: ReadonlySet<string> = new Set();

/**
 * One type on a state-of-the-world stream. Each response is all the client is subscribed to.
 * https://www.envoyproxy.io/docs/envoy/latest/api-docs/xds_protocol
 */
export class SotwType extends TypeSync {
  #started = false;
  /** The version that the client brought along. */
  #declared = '';
  /** Whether names were ever given: from then on a request without names asks for nothing. */
  #named = false;
  protected mustAnswer = false;
  protected mustRenew = false;

  /** True when the subscription changed. */
  receive({ nonce, error, names, version }: SotwRequest): boolean {
    const first = !this.#started;
    if (first) this.#declared = version;
    // An answer to a response that is no longer the latest: the latest will be answered too, with the names of then.
    if (!first && nonce !== '' && nonce !== this.nonce) return false;
    // The first request of a stream is no acknowledgement, whatever nonce it brings from an earlier one.
    if (!first && nonce !== '') this.settle(nonce, error);
    this.#started = true;
    this.mustAnswer ||= first;
    return this.#subscribe(names) || first;
  }

  override declares(type: TypeSnapshot): boolean {
    return this.#declared !== '' && this.#declared === sotwVersion(type, this.subscription);
  }

  protected override forgetDeclared(): void {
    this.#declared = '';
  }

  #subscribe(names: readonly string[]): boolean {
    const before = this.subscription;
    this.#named ||= names.length > 0;
    const explicit = names.includes(WILDCARD);
    const wildcard = explicit || (!this.#named && allowsLegacyWildcard(this.typeUrl));
    const count = names.length - (explicit ? 1 : 0);
    const added =
      (wildcard && !before.wildcard) || names.some((name) => name !== WILDCARD && !before.names.has(name));
    if (!added && wildcard === before.wildcard && count === before.names.size) return false;
    this.resubscribe(
      wildcard,
      names.filter((name) => name !== WILDCARD),
    );
    this.mustAnswer ||= added;
    return true;
  }

  /** An absent name in a response to names means nothing. */
  protected override tellsRemovals(): boolean {
    return this.subscription.wildcard;
  }

  protected override message(next: TypeSnapshot, _goal: TypeSnapshot, force: boolean): Message | undefined {
    const { known, subscription } = this;
    const needed =
      force ||
      this.mustAnswer ||
      this.mustRenew ||
      this.mustKeepAlive ||
      changes(known, next, subscription) ||
      (this.tellsRemovals() && removes(known, next, subscription));
    if (!needed) return undefined;
    this.mustAnswer = false;
    this.mustRenew = false;
    return { response: sotwResponse(next, subscription, this.nonce), next, names: NO_NAMES };
  }

  /** Names may have been added since the last response; the next one is complete. */
  protected override keptByName(): ReadonlySet<string> {
    return NO_NAMES;
  }

  /** As it was: whatever comes next is complete. */
  protected override afterRefusal(): TypeSnapshot {
    return this.known;
  }

  override renew(name: string): void {
    this.mustRenew ||= this.#started && this.covers(name);
  }
}
