/**
 * Limits how often NGINX is reloaded: once per interval in the long run, and twice at once, so that a change that comes
 * alone never waits. What cannot wait is let through, and those after it wait for longer.
 */
export class Throttle {
  readonly #intervalMs: number;
  /** When the bucket would be full again. */
  #fullAt = -Infinity;
  #lastAt = -Infinity;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  /** Milliseconds until the next may be. */
  wait(now: number, urgent: boolean): number {
    // Even then: a reload that is not finished yet is not overtaken by another.
    if (urgent) return Math.max(0, this.#lastAt + Math.min(URGENT_MS, this.#intervalMs) - now);
    return Math.max(0, this.#fullAt - this.#intervalMs * (BURST - 1) - now);
  }

  take(now: number): void {
    this.#lastAt = now;
    // No debt without end: a target that flaps must not keep an operator's change away for minutes.
    const limit = now + this.#intervalMs * (BURST + 1);
    this.#fullAt = Math.min(limit, Math.max(now, this.#fullAt) + this.#intervalMs);
  }
}

const BURST = 2;
const URGENT_MS = 250;
