import type { Directive } from '../dataplanes/nginx/config/tokens.ts';
import type { Addresses } from '../dataplanes/nginx/options.ts';
import type { PlannedMirror } from '../dataplanes/nginx/plan.ts';
import type { Processes } from './nginx.ts';
import type { Setting, Trouble } from './setting.ts';
import type { Clock } from './time.ts';

/** How often the disk is looked at while NGINX has not read it anew. */
const LOOK_MS = 5000;

export interface SurveyOptions {
  readonly clock: Clock;
  /** The configuration on disk. */
  readonly read: () => Promise<readonly Directive[]>;
  readonly settingOf: (top: readonly Directive[]) => Setting;
  /** Undefined when NGINX does not run. */
  readonly processes: () => Promise<Processes | undefined>;
  /** The configuration cannot be read; said once for each reason. */
  readonly failed: (error: unknown) => void;
  /** What was read is on disk now; NGINX may have read it, or not yet. */
  readonly onRead?: (top: readonly Directive[], master: number | undefined) => Promise<void>;
}

/**
 * What the running NGINX has loaded. It does not say; but it reads its configuration when it starts and when it is
 * reloaded, and has new processes after that: what is on disk then is what it has, and what its owner changes later is
 * not before the next time.
 */
export class Survey {
  readonly #options: SurveyOptions;
  #loaded: Setting | undefined;
  #lookedAt = -Infinity;
  #failedFor: string | undefined;
  #known: ReadonlySet<number> = new Set();

  constructor(options: SurveyOptions) {
    this.#options = options;
  }

  /** Looks, where there may be something new. */
  async update(): Promise<void> {
    const { clock, read, settingOf, processes, onRead } = this.#options;
    const running = await processes();
    const all = running === undefined ? [] : [running.master, ...(running.children ?? [])];
    const isNew = all.some((one) => !this.#known.has(one));
    const now = clock.now();
    if (!isNew && now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    let top: readonly Directive[];
    try {
      top = await read();
      this.#failedFor = undefined;
    } catch (error) {
      // Its owner may be in the middle of something; NGINX could not have loaded that either.
      if (this.#failedFor !== String(error)) this.#options.failed(error);
      this.#failedFor = String(error);
      return;
    }
    this.#known = new Set(all);
    // Where nothing tells of a reload what is on disk has to do.
    if (isNew || this.#loaded === undefined || running?.children === undefined) this.#loaded = settingOf(top);
    await onRead?.(top, running?.master);
  }

  /** What is wrong with a mirror, in what NGINX has loaded. */
  troubleOf(mirror: PlannedMirror, addresses: Addresses): Trouble | undefined {
    return this.#loaded?.troubleOf(mirror, addresses);
  }

  loops(...of: Parameters<Setting['loops']>): ReturnType<Setting['loops']> {
    return this.#loaded?.loops(...of) ?? [];
  }
}
