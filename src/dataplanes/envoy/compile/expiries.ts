import { formatDuration } from '../../../model/duration.ts';
import type { Issue } from '../../../model/issue.ts';
import type { Mirror } from '../../../model/mirror.ts';

/** The mirrors that expire, and when: all of a fleet's share one layer, and so the shortest time. */
export interface Expiries {
  readonly mirrors: ReadonlySet<string>;
  /** Milliseconds; undefined when no mirror expires. */
  readonly ttlMs: number | undefined;
  readonly warnings: readonly Issue[];
}

export function expiriesOf(mirrors: readonly Mirror[]): Expiries {
  const times = mirrors.flatMap(({ expiresAfterMs }) => expiresAfterMs ?? []);
  const ttlMs = times.length === 0 ? undefined : Math.min(...times);
  const expiring = mirrors.filter(({ expiresAfterMs }) => expiresAfterMs !== undefined);
  const others = ttlMs === undefined ? [] : mirrors.filter(({ expiresAfterMs }) => expiresAfterMs !== ttlMs);
  const warnings = others.map(({ name }) => ({
    path: `mirrors.${name}.expiresAfter`,
    message:
      `without its control plane it ends after ${formatDuration(ttlMs ?? 0)}: mirrors of a fleet end together, after ` +
      'the shortest time of them',
  }));
  return { mirrors: new Set(expiring.map(({ name }) => name)), ttlMs, warnings };
}
