import type { Logger } from 'pino';
import type { Control } from '../control/control.ts';
import type { FleetMemory } from '../delivery/delivery.ts';
import type { Verdict } from '../model/verdict.ts';

/**
 * What each fleet's nodes made of its structures before a restart: what was rejected is not tried again, and where the
 * newest is not known to be good, there is the last good one to go back to.
 */
export async function recall(
  control: Control,
  verdicts: readonly Verdict[],
  log: Logger,
): Promise<ReadonlyMap<string, FleetMemory>> {
  const memory = new Map<string, FleetMemory>();
  for (const fleet of control.state.fleet.keys()) {
    const own = verdicts.filter((verdict) => verdict.fleet === fleet);
    const last = own.findLast(({ verdict }) => verdict === 'good');
    try {
      const compiled = last && (await control.compiledAt(last.revision, fleet));
      const good = last && compiled && { revision: last.revision, compiled };
      memory.set(fleet, { verdicts: own, ...(good && { good }) });
    } catch (error) {
      // An old configuration that this version no longer reads must not stop the start: the newest is read.
      log.warn(
        { err: error, fleet, revision: last?.revision },
        'the last good configuration cannot be read any more',
      );
      memory.set(fleet, { verdicts: own });
    }
  }
  return memory;
}
