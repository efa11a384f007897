import { formatDuration } from './duration.ts';
import type { Config, Fleet } from './fleet.ts';
import type { Mirror } from './mirror.ts';
import { formatPercent } from './percent.ts';
import type { Kind, Kinds } from './state.ts';
import type { Target } from './target.ts';

/** The REST form of an object, without its revision: what its check reads back as an equal value. */
export type Presented = Readonly<Record<string, unknown>>;

export function presentFleet({ name, dataPlane, nodeCluster }: Fleet): Presented {
  return { name, dataPlane, nodeCluster };
}

/** Defaults are shown; times are durations. */
export function presentTarget({ name, endpoints, protocol, tls, limits, health }: Target): Presented {
  return {
    name,
    endpoints,
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

/** Defaults are shown; the percent is a decimal. */
export function presentMirror({ name, fleet, target, percent, routes, exclude, copy }: Mirror): Presented {
  return { name, fleet, target, percent: formatPercent(percent), routes, exclude, copy };
}

/** Of a config, without its text. */
export function presentConfig({ format, digest, adopt }: Config): Presented {
  return { format, digest, adopt };
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
};
