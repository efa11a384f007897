import { formatDuration } from '../../../model/duration.ts';
import type { Issue } from '../../../model/issue.ts';
import type { Mirror } from '../../../model/mirror.ts';

/** The mirrors that expire, and when: they share a layer, and so the shortest time of all. */
export interface Expiries {
  readonly mirrors: ReadonlySet<string>;
  /** Milliseconds; undefined when no mirror expires. */
  readonly ttlMs: number | undefined;
  readonly warnings: readonly Issue[];
}

export function expiriesOf(mirrors: readonly Mirror[]): Expiries {
  const times = new Map<string, number>();
  for (const { name, expiresAfterMs } of mirrors) {
    if (expiresAfterMs !== undefined) times.set(name, expiresAfterMs);
  }
  const ttlMs = times.size === 0 ? undefined : Math.min(...times.values());
  const warnings = [...times].flatMap(([name, time]) =>
    ttlMs === undefined || time === ttlMs
      ? []
      : [
          {
            path: `mirrors.${name}.expiresAfter`,
            message: `it ends after ${formatDuration(ttlMs)} already: mirrors of a fleet share the shortest time of all`,
          },
        ],
  );
  return { mirrors: new Set(times.keys()), ttlMs, warnings };
}
