import type { Limit, LimitReason, Plan, PlannedMirror } from '../dataplanes/nginx/plan.ts';
import type { Overlay } from './effective.ts';
import type { Log } from './plan-client.ts';

/** Where NGINX copies less than the plan says, and why. */
export class Limits {
  readonly #log: Log;
  /** By mirror: what is wrong in its owner's configuration, as was told last. */
  #told = new Map<string, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** `inForce`: undefined where NGINX does not say what it has. */
  of(plan: Plan, inForce: Plan | undefined, overlay: Overlay): ReadonlyMap<string, Limit> {
    const has = new Map(inForce?.mirrors.map(({ name, percent }) => [name, percent]));
    const limits = new Map<string, Limit>();
    const told = new Map<string, string>();
    for (const mirror of plan.mirrors) {
      const { name, percent } = mirror;
      const trouble = overlay.trouble(mirror);
      if (trouble !== undefined) told.set(name, trouble.message);
      const now = trouble?.reason === 'not-included' ? 0 : (has.get(name) ?? 0);
      if (now >= percent) continue;
      const reason = trouble?.reason ?? (inForce === undefined ? 'unknown' : reasonIn(mirror, overlay));
      limits.set(name, { percent: now, reason });
    }
    this.#tell(told);
    return limits;
  }

  #tell(now: Map<string, string>): void {
    for (const [mirror, why] of now) {
      if (this.#told.get(mirror) !== why) this.#log.warn({ mirror, why }, 'a mirror cannot copy');
    }
    for (const mirror of this.#told.keys()) {
      if (!now.has(mirror)) this.#log.info({ mirror }, 'a mirror can copy again');
    }
    this.#told = now;
  }
}

function reasonIn(mirror: PlannedMirror, { expired, cap }: Overlay): LimitReason {
  if (expired(mirror)) return 'expired';
  return cap(mirror) === undefined ? 'unknown' : 'unwell';
}
