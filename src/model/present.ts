import { formatDuration } from './duration.ts';
import { DEFAULT_PACE } from './fleet.ts';
import type { Config, Fleet } from './fleet.ts';
import type { Mirror } from './mirror.ts';
import { formatPercent } from './percent.ts';
import { presentRollout } from './present-rollout.ts';
import type { Kind, Kinds } from './state.ts';
import type { Stop } from './stop.ts';
import type { NodeHealthProbe, NodeProbes, NodeStatusProbe, Target } from './target.ts';

/** The REST form of an object, without its revision: what its check reads back as an equal value. */
export type Presented = Readonly<Record<string, unknown>>;

/** Defaults are shown. */
export function presentFleet({
  name,
  dataPlane,
  nodeCluster,
  pace = DEFAULT_PACE,
  readBack,
}: Fleet): Presented {
  const delivery = {
    ackTimeout: formatDuration(pace.ackTimeoutMs),
    bake: formatDuration(pace.bakeMs),
    watch: formatDuration(pace.watchMs),
  };
  return { name, dataPlane, nodeCluster, delivery, ...(readBack && { readBack }) };
}

/** Defaults are shown; times are durations. */
export function presentTarget(target: Target): Presented {
  const { name, kind, endpoints, node, protocol, tls, limits, health } = target;
  return {
    name,
    ...(kind && { kind }),
    endpoints,
    ...(node && { node: presentProbes(node) }),
    protocol,
    ...(tls && { tls }),
    limits: {
      maxConnections: limits.maxConnections,
      maxPendingRequests: limits.maxPendingRequests,
      maxRequests: limits.maxRequests,
      connectTimeout: formatDuration(limits.connectTimeoutMs),
      maxStreamDuration: formatDuration(limits.maxStreamDurationMs),
      idleTimeout: formatDuration(limits.idleTimeoutMs),
      bufferBytes: limits.bufferBytes,
    },
    ...(health && {
      health: {
        path: health.path,
        ...(health.port !== undefined && { port: health.port }),
        interval: formatDuration(health.intervalMs),
        timeout: formatDuration(health.timeoutMs),
      },
    }),
  };
}

function presentProbes({ health, status }: NodeProbes): Presented {
  return { ...(health && { health: presentProbe(health) }), ...(status && { status: presentProbe(status) }) };
}

function presentProbe({ intervalMs, timeoutMs, ...where }: NodeHealthProbe | NodeStatusProbe): Presented {
  return { ...where, interval: formatDuration(intervalMs), timeout: formatDuration(timeoutMs) };
}

/** Defaults are shown; percents are decimals, times durations or ISO 8601. */
export function presentMirror(mirror: Mirror): Presented {
  const { name, fleet, target, percent, routes, exclude, copy } = mirror;
  const { onTargetFailure, expiresAfterMs, expiresAt, spread, suspension } = mirror;
  return {
    ...{ name, fleet, target, percent: formatPercent(percent), routes, exclude, copy },
    onTargetFailure: onTargetFailure ?? 'keep',
    ...(expiresAfterMs !== undefined && { expiresAfter: formatDuration(expiresAfterMs) }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(spread && {
      spread: {
        ...spread,
        fleetPercent: formatPercent(spread.fleetPercent),
        rest: formatPercent(spread.rest),
      },
    }),
    ...(suspension && { suspension }),
  };
}

/** Of a config, without its text. */
export function presentConfig({ format, digest, adopt }: Config): Presented {
  return { format, digest, adopt };
}

export function presentStop({ name, by, reason, since }: Stop): Presented {
  return { fleet: name, by, reason, since };
}

/** The REST form of an object of any kind. */
export function present<K extends Kind>(kind: K, value: Kinds[K]): Presented {
  return PRESENTERS[kind](value);
}

const PRESENTERS: { readonly [K in Kind]: (value: Kinds[K]) => Presented } = {
  fleet: presentFleet,
  config: presentConfig,
  target: presentTarget,
  mirror: presentMirror,
  rollout: presentRollout,
  stop: presentStop,
};
