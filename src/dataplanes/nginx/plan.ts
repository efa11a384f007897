import protobuf from 'protobufjs/minimal.js';
import type { Copy, RouteSelector } from '../../model/mirror.ts';
import type { Ppm } from '../../model/percent.ts';
import type { Endpoint, Limits, Tls } from '../../model/target.ts';

// CommonJS, without names that Node could see.
const { Reader, Writer } = protobuf;

/** The resource type that agents subscribe to, by the name of their driver. Its schema: protos/mirrorplane/nginx/v1. */
export const PLAN_TYPE = 'type.googleapis.com/mirrorplane.nginx.v1.Plan';

/**
 * How a change gets into NGINX. `lua`: percents and addresses are in a shared dict, and need no reload. `reload`: all is
 * in the configuration.
 */
export type Driver = 'lua' | 'reload';

export const DRIVERS: readonly Driver[] = ['lua', 'reload'];

/** What an NGINX is to copy. The agent makes files of it, for what it finds on its machine. */
export interface Plan {
  /** Hash of everything else in it. */
  readonly version: string;
  readonly mirrors: readonly PlannedMirror[];
}

export interface PlannedMirror {
  readonly name: string;
  /** As the driver can have it: rounded already. */
  readonly percent: Ppm;
  readonly routes: readonly RouteSelector[];
  readonly exclude: readonly RouteSelector[];
  readonly copy: Copy;
  readonly expiresAfterMs?: number;
  /** Set by the agent alone: no location has a line for it, whatever its driver. */
  readonly withdrawn?: true;
  /** Set by the agent alone: `address:port` of those that do not answer. */
  readonly leftOut?: readonly string[];
  readonly target: {
    readonly name: string;
    readonly endpoints: readonly Endpoint[];
    readonly tls?: Tls;
    readonly limits: Limits;
  };
}

const LIMIT = 'limit/';

/** Why NGINX has a mirror at less than its plan says. */
export const LIMIT_REASONS = [
  /** Copies to its target fail, or are not answered, or late. */
  'unwell',
  /** The control plane was not heard of for longer than the mirror may go on without. */
  'expired',
  /** NGINX does not say what it has: it was restarted, or does not answer. */
  'unknown',
  /** No location includes a file that it is in. */
  'not-included',
  /** A location includes its file where nothing makes the copies: they would be requests to its owner's own locations. */
  'misplaced',
  /** Its target is the NGINX itself. */
  'loop',
] as const;

export type LimitReason = (typeof LIMIT_REASONS)[number];

export interface Limit {
  readonly percent: Ppm;
  /** Undefined from an agent that gives none. */
  readonly reason: LimitReason | undefined;
}

/** What an agent subscribes to besides its plan, to say that NGINX is at less than the plan says. There is no such resource. */
export function limitName(mirror: string, percent: Ppm, reason?: LimitReason): string {
  return [`${LIMIT}${mirror}`, percent, ...(reason === undefined ? [] : [reason])].join('/');
}

/** The lowest limit that these names say of the mirror. */
export function limitAmong(names: Iterable<string>, mirror: string): Limit | undefined {
  let lowest: Limit | undefined;
  for (const name of names) {
    if (!name.startsWith(`${LIMIT}${mirror}/`)) continue;
    const [, percent = '', said] = name.slice(LIMIT.length).split('/');
    if (!/^\d{1,7}$/.test(percent) || Number(percent) >= (lowest?.percent ?? Infinity)) continue;
    lowest = { percent: Number(percent), reason: LIMIT_REASONS.find((reason) => reason === said) };
  }
  return lowest;
}

/** A serialised `google.protobuf.Any` of `mirrorplane.nginx.v1.Plan`, whose only field (1, a string) is the plan as JSON. */
export function encodePlan(plan: Plan): Uint8Array {
  const message = Writer.create().uint32(10).string(JSON.stringify(plan)).finish();
  return Writer.create().uint32(10).string(PLAN_TYPE).uint32(18).bytes(message).finish();
}

/** Reads the value of such an `Any`. Throws where it is none. */
export function decodePlan(value: Uint8Array): Plan {
  const reader = Reader.create(value);
  let json: string | undefined;
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 10) json = reader.string();
    else reader.skipType(tag & 7);
  }
  if (json === undefined) throw new Error('the plan is empty');
  return JSON.parse(json) as Plan;
}
