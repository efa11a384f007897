import type { Ppm } from './percent.ts';

/** A policy: which requests of a fleet are copied to which target, how many of them, and how the copy looks. */
export interface Mirror {
  readonly name: string;
  readonly fleet: string;
  readonly target: string;
  readonly percent: Ppm;
  /** A request is copied when it matches one of these (none given: every request) ... */
  readonly routes: readonly RouteSelector[];
  /** ... and none of these. */
  readonly exclude: readonly RouteSelector[];
  readonly copy: Copy;
  /** What happens when the target fails most copies: nothing, or no copies until it is well. Not given: `keep`. */
  readonly onTargetFailure?: 'suspend';
  /** Data planes stop copying when they have not heard of the control plane for so long, in milliseconds. */
  readonly expiresAfterMs?: number;
  /** The percent becomes 0 at this time. ISO 8601, UTC. */
  readonly expiresAt?: string;
  /** Set by a rollout: the nodes outside the share have another percent. */
  readonly spread?: Spread;
  /** Set while the target is unwell. */
  readonly suspension?: Suspension;
}

/** Which nodes of the fleet have the mirror's percent; the rest have `rest`. See {@link isInShare}. */
export interface Spread {
  /** Name of the rollout; nodes are ordered by a hash of it and their id. */
  readonly rollout: string;
  /** Nodes with a hash up to this are in: 0 to 2^32 - 1. */
  readonly threshold: number;
  /** What was asked for, in ppm of the fleet's nodes. */
  readonly fleetPercent: Ppm;
  readonly rest: Ppm;
}

/** A circuit breaker. `open`: no copies until `until`; `half-open`: a trickle, to see whether the target is well. */
export interface Suspension {
  readonly state: 'open' | 'half-open';
  /** Epoch milliseconds. */
  readonly since: number;
  /** End of `open`, epoch milliseconds. */
  readonly until: number;
  /** How many times in a row it was opened: each time for longer. */
  readonly times: number;
  /** What was seen, in words. */
  readonly reason: string;
}

/** All fields given must match. */
export interface RouteSelector {
  /** Name of the route configuration. */
  readonly routeConfig?: string;
  /** Name of the virtual host. */
  readonly virtualHost?: string;
  /** `shop.example`, or `*.shop.example` for every host below it. */
  readonly domain?: string;
  /** Name of the route. */
  readonly route?: string;
  /** The route's own `match`, as in the fleet's config: selects exactly that route. */
  readonly match?: Readonly<Record<string, unknown>>;
  /** Requests whose path starts with this, as a plain string. */
  readonly pathPrefix?: string;
  readonly methods?: readonly string[];
  readonly headers?: readonly HeaderMatch[];
}

/** Exactly one of exact, prefix, regex (RE2, whole value) and present. */
export interface HeaderMatch {
  readonly name: string;
  readonly exact?: string;
  readonly prefix?: string;
  readonly regex?: string;
  readonly present?: boolean;
}

/** How the copy differs from the primary request. Nothing here touches the primary. */
export interface Copy {
  /** `wallarm`: the headers a Wallarm node needs. `none`: the request as it goes upstream. */
  readonly preset: 'wallarm' | 'none';
  /**
   * Which address is the client's. `peer`: the TCP peer. `forwarded`: what the edge itself takes for it
   * (X-Forwarded-For by its trust settings). `auto`: `forwarded` where the config states whom it trusts, else `peer`.
   */
  readonly clientAddress: 'auto' | 'peer' | 'forwarded';
  readonly removeHeaders: readonly string[];
  /** Literal values, by header name. */
  readonly setHeaders: Readonly<Record<string, string>>;
  /** The copy has no body. Not given: it has the request's. */
  readonly body?: false;
}

export const DEFAULT_COPY: Copy = Object.freeze({
  preset: 'wallarm',
  clientAddress: 'auto',
  removeHeaders: Object.freeze([]),
  setHeaders: Object.freeze({}),
});
