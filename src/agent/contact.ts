import type { PlannedMirror } from '../dataplanes/nginx/plan.ts';
import type { Disk } from './disk.ts';
import type { Clock } from './time.ts';

const SAVE_EVERY_MS = 30_000;
const ASK_EVERY_MS = 5000;

/** When the control plane was heard of last, across restarts of the agent. */
export class Contact {
  readonly #disk: Pick<Disk, 'saveContact'>;
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  /** By the clock that is never set; undefined: never. */
  #at: number | undefined;
  #savedAt = -Infinity;
  #shortestMs = Infinity;

  constructor(options: {
    readonly disk: Pick<Disk, 'saveContact'>;
    readonly clock: Clock;
    /** `before`: what is on disk; epoch milliseconds. */
    readonly before: number | undefined;
    readonly failed: (error: unknown) => void;
  }) {
    this.#disk = options.disk;
    this.#clock = options.clock;
    this.#failed = options.failed;
    if (options.before !== undefined) {
      // A clock that was set back since must not make it longer ago than never.
      this.#at = options.clock.now() - Math.max(0, options.clock.wall() - options.before);
    }
  }

  /** Who may go on for how long decides how often is asked and written down. */
  watch(mirrors: readonly PlannedMirror[]): void {
    this.#shortestMs = Math.min(Infinity, ...mirrors.map(({ expiresAfterMs }) => expiresAfterMs ?? Infinity));
  }

  /** Milliseconds. */
  askEveryMs(): number {
    return clamp(this.#shortestMs / 4, 250, ASK_EVERY_MS);
  }

  heard(): void {
    this.#at = this.#clock.now();
    if (this.#at - this.#savedAt < clamp(this.#shortestMs / 8, 250, SAVE_EVERY_MS)) return;
    this.#savedAt = this.#at;
    this.#disk.saveContact(this.#clock.wall()).catch(this.#failed);
  }

  /** Whether a mirror has gone on for as long as it may. One that was never allowed to by anyone is. */
  hasExpired({ expiresAfterMs }: Pick<PlannedMirror, 'expiresAfterMs'>): boolean {
    if (expiresAfterMs === undefined) return false;
    return this.#at === undefined || this.#clock.now() - this.#at > expiresAfterMs;
  }
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
