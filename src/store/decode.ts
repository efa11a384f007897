import { isDeepStrictEqual } from 'node:util';
import { checkFleet } from '../model/check-fleet.ts';
import { checkMirror } from '../model/check-mirror.ts';
import { isRollout } from '../model/check-rollout.ts';
import { checkTarget } from '../model/check-target.ts';
import type { Config, Fleet } from '../model/fleet.ts';
import { deepFreeze } from '../model/freeze.ts';
import type { Mirror } from '../model/mirror.ts';
import { isName } from '../model/name.ts';
import { presentFleet, presentMirror, presentTarget } from '../model/present.ts';
import type { Kind, Kinds } from '../model/state.ts';
import { KINDS } from '../model/state.ts';
import { EVERY_FLEET } from '../model/stop.ts';
import type { Stop } from '../model/stop.ts';
import type { Target } from '../model/target.ts';
import { StoreError } from './store.ts';

export function isKind(text: string): text is Kind {
  return KINDS.some((kind) => kind === text);
}

/**
 * A stored object, frozen. What the model's own checks would not let in was not written by us, and is refused:
 * damaged data must stop the start, not become some fleet's configuration.
 */
export function decode<K extends Kind>(kind: K, name: string, body: string): Kinds[K] {
  try {
    const value = JSON.parse(body) as Kinds[K];
    if (DECODERS[kind](name, value)) return deepFreeze(value);
  } catch (error) {
    throw new StoreError(`the stored ${kind} "${name}" cannot be read`, { cause: error });
  }
  throw new StoreError(`the stored ${kind} "${name}" is damaged`);
}

const DECODERS: { readonly [K in Kind]: (name: string, value: Kinds[K]) => boolean } = {
  fleet: isFleet,
  config: isConfig,
  target: isTarget,
  mirror: isMirror,
  rollout: isRollout,
  stop: isStop,
};

function isFleet(name: string, value: Fleet): boolean {
  const checked = checkFleet(name, presentFleet(value), [value.dataPlane]);
  return isName(value.dataPlane) && checked.ok && isDeepStrictEqual(checked.value, value);
}

function isTarget(name: string, value: Target): boolean {
  const checked = checkTarget(name, presentTarget(value));
  return checked.ok && isDeepStrictEqual(checked.value, value);
}

function isMirror(name: string, value: Mirror): boolean {
  const checked = checkMirror(name, presentMirror(value));
  return checked.ok && isDeepStrictEqual(checked.value, value);
}

function isStop(name: string, value: Stop): boolean {
  return (
    (isName(name) || name === EVERY_FLEET) &&
    value.name === name &&
    [value.by, value.reason, value.since].every((text) => typeof text === 'string') &&
    !Number.isNaN(Date.parse(value.since)) &&
    Object.keys(value).length === 4
  );
}

function isConfig(name: string, value: Config): boolean {
  return (
    isName(name) &&
    value.name === name &&
    (value.format === 'yaml' || value.format === 'json') &&
    /^[0-9a-f]{64}$/.test(value.digest) &&
    typeof value.adopt === 'boolean' &&
    Object.keys(value).length === 4
  );
}
