import { EVERY_FLEET } from '../model/stop.ts';
import type { Stop } from '../model/stop.ts';
import type { State } from '../model/state.ts';
import { changeOf, currentValue } from './change-of.ts';
import { NO_BLOBS, notFound } from './draft.ts';
import type { Draft } from './draft.ts';
import type { WriteContext } from './types.ts';

/** Nothing is copied in a fleet, or in all, until it is released. One that stands stays as it is. */
export function draftStop(state: State, fleet: string, { author, reason }: WriteContext, now: Date): Draft {
  if (fleet !== EVERY_FLEET && !state.fleet.has(fleet)) throw notFound('fleet', fleet);
  const before = currentValue(state, 'stop', fleet);
  const stop: Stop = { name: fleet, by: author, reason: reason ?? '', since: now.toISOString() };
  return { changes: changeOf('stop', fleet, before, before ?? stop), blobs: NO_BLOBS, warnings: [] };
}

/** What no stop holds is released already. */
export function draftRelease(state: State, fleet: string): Draft {
  if (fleet !== EVERY_FLEET && !state.fleet.has(fleet)) throw notFound('fleet', fleet);
  const changes = changeOf('stop', fleet, currentValue(state, 'stop', fleet), undefined);
  const held = state.stop.has(EVERY_FLEET) && fleet !== EVERY_FLEET;
  const path = 'stop';
  const message = 'a stop of all fleets still holds it: release that one too';
  return { changes, blobs: NO_BLOBS, warnings: held ? [{ path, message }] : [] };
}
