import type { Control } from '../control/control.ts';
import type { Timers } from '../delivery/timers.ts';
import type { Mirror } from '../model/mirror.ts';

/** Sets the percent of mirrors to 0 when their `expiresAt` has come. */
export class Expiry {
  readonly #control: Control;
  readonly #timers: Timers;
  readonly #onError: (error: unknown) => void;
  #callOff: (() => void) | undefined;
  #unsubscribe: (() => void) | undefined;

  constructor(control: Control, timers: Timers, onError: (error: unknown) => void) {
    this.#control = control;
    this.#timers = timers;
    this.#onError = onError;
  }

  start(): void {
    this.#unsubscribe = this.#control.subscribe(() => this.#plan());
    this.#plan();
  }

  stop(): void {
    this.#unsubscribe?.();
    this.#callOff?.();
  }

  #plan(): void {
    this.#callOff?.();
    const times = this.#expiring().map(({ expiresAt }) => Date.parse(expiresAt));
    if (times.length === 0) return;
    const ms = Math.max(0, Math.min(...times) - this.#timers.now());
    this.#callOff = this.#timers.after(ms, () => {
      this.#expire().catch(this.#onError);
    });
  }

  #expiring(): readonly (Mirror & { readonly expiresAt: string })[] {
    return [...this.#control.state.mirror.values()].flatMap(({ value }) =>
      value.expiresAt === undefined ? [] : [{ ...value, expiresAt: value.expiresAt }],
    );
  }

  async #expire(): Promise<void> {
    const now = this.#timers.now();
    for (const { name, expiresAt } of this.#expiring()) {
      if (Date.parse(expiresAt) > now) continue;
      await this.#control.adjustMirror(name, `expired at ${expiresAt}`, (mirror) => {
        const { expiresAt: current, spread: _, ...rest } = mirror;
        return current === expiresAt ? { ...rest, percent: 0 } : undefined;
      });
    }
    this.#plan();
  }
}
