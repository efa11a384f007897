import type { TypeSnapshot } from '../snapshot/snapshot.ts';
import type { Subscription, SubscriptionPool } from './subscription.ts';

/** What a type's state does through its stream. */
export interface Outlet {
  readonly pool: SubscriptionPool;
  write(bytes: Buffer): void;
  sent(type: TypeSnapshot): void;
  acked(type: TypeSnapshot): void;
  rejected(type: TypeSnapshot, message: string): void;
  /** Resources of another type that a client needs again after these. */
  resend(names: readonly { readonly typeUrl: string; readonly name: string }[]): void;
}

/** One type on one stream, in either protocol. */
export interface TypeState {
  readonly subscription: Subscription;
  /** A response is out and not yet acknowledged or rejected: the next waits for it. */
  readonly pending: boolean;
  /** A request that must be answered whatever else is under way. */
  readonly mustAnswer: boolean;
  /** Sends what leads to `target`, removals excepted where these come last. */
  advance(target: TypeSnapshot): void;
  /** Whether all but held removals of `target` was sent and acknowledged. */
  settled(target: TypeSnapshot): boolean;
  /** Sends removals that were held back. Only when settled. */
  remove(target: TypeSnapshot): void;
  /** Has these sent again, as far as they are subscribed to. */
  renew(name: string): void;
  release(): void;
}
