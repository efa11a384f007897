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
}

export const DEFAULT_COPY: Copy = Object.freeze({
  preset: 'wallarm',
  clientAddress: 'auto',
  removeHeaders: Object.freeze([]),
  setHeaders: Object.freeze({}),
});
