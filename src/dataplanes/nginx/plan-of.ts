import type { Mirror } from '../../model/mirror.ts';
import { FULL } from '../../model/percent.ts';
import type { Ppm } from '../../model/percent.ts';
import type { Target } from '../../model/target.ts';
import { contentHash } from '../../snapshot/build.ts';
import type { Driver, Plan, PlannedMirror } from './plan.ts';

/** `split_clients` knows two decimals of a percent. */
export const RELOAD_STEP: Ppm = 100;

/** A percent as a driver can have it. What is more than nothing stays so, and what is less than everything too. */
export function roundedFor(driver: Driver, percent: Ppm): Ppm {
  if (driver === 'lua' || percent <= 0 || percent >= FULL) return percent;
  const rounded = Math.round(percent / RELOAD_STEP) * RELOAD_STEP;
  return Math.min(FULL - RELOAD_STEP, Math.max(RELOAD_STEP, rounded));
}

/** A mirror as agents get it, but for its percent. */
export type Unshared = Omit<PlannedMirror, 'percent'>;

export function unshared(mirror: Mirror, target: Target): Unshared {
  const { name, routes, exclude, copy, expiresAfterMs } = mirror;
  const { endpoints, tls, limits } = target;
  return {
    ...{ name, routes, exclude, copy },
    ...(expiresAfterMs !== undefined && { expiresAfterMs }),
    target: { name: target.name, endpoints, ...(tls && { tls }), limits },
  };
}

export function planOf(
  mirrors: readonly Unshared[],
  driver: Driver,
  percents: ReadonlyMap<string, Ppm>,
): Plan {
  const planned = mirrors.map((mirror) => ({
    ...mirror,
    percent: roundedFor(driver, percents.get(mirror.name) ?? 0),
  }));
  return { version: contentHash(JSON.stringify(planned)), mirrors: planned };
}
