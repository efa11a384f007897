import type { Control } from '../control/control.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Timers } from '../delivery/timers.ts';
import type { Mirror } from '../model/mirror.ts';
import type { Unwell } from '../model/node-health.ts';
import { WINDOW_MS, nextSuspension } from '../model/suspension.ts';

const EVERY_MS = 1000;
/** A breaker that opens again within this time after it closed stays open for longer. */
const MEMORY_MS = 600_000;

export interface GuardOptions {
  readonly control: Control;
  readonly delivery: Delivery;
  readonly timers: Timers;
  /** Whether all nodes of a target are unwell, as they say; undefined where they are not, or are not asked. */
  readonly unwell?: (target: string) => Unwell | undefined;
  readonly log: { warn(fields: object, message: string): void };
}

/** Suspends mirrors whose target fails, where that is wanted (`onTargetFailure: suspend`), and takes them up again. */
export class TargetGuard {
  readonly #options: GuardOptions;
  /** Mirrors whose breaker closed: how often it had been opened, and when. */
  readonly #closed = new Map<string, { readonly times: number; readonly at: number }>();
  #callOff: (() => void) | undefined;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  start(): void {
    this.#callOff = this.#options.timers.after(EVERY_MS, () => {
      void this.look().finally(() => {
        if (this.#callOff !== undefined) this.start();
      });
    });
  }

  stop(): void {
    this.#callOff?.();
    this.#callOff = undefined;
  }

  /** One look at every mirror that wants it. */
  async look(): Promise<void> {
    const { control, delivery } = this.#options;
    const guarded = [...control.state.mirror.values()]
      .map(({ value }) => value)
      .filter(({ onTargetFailure }) => onTargetFailure === 'suspend');
    delivery.watchFor('guard', new Set(guarded.map(({ fleet }) => fleet)));
    for (const mirror of guarded) {
      try {
        await this.#lookAt(mirror);
      } catch (error) {
        this.#options.log.warn(
          { err: error, mirror: mirror.name },
          'a mirror could not be suspended or taken up',
        );
      }
    }
  }

  async #lookAt(mirror: Mirror): Promise<void> {
    const { control, delivery, timers } = this.#options;
    const now = timers.now();
    const from = mirror.suspension?.since ?? now - WINDOW_MS;
    const view = delivery.inspector.view(mirror.fleet, mirror.name, from);
    const copies = view && {
      ...view.chosen.copies,
      succeeded: view.chosen.copies.succeeded + view.rest.copies.succeeded,
      failed: view.chosen.copies.failed + view.rest.copies.failed,
      dropped: view.chosen.copies.dropped + view.rest.copies.dropped,
    };
    const closed = this.#closed.get(mirror.name);
    const remembered = closed !== undefined && now - closed.at < MEMORY_MS ? closed.times : 0;
    const times = mirror.suspension?.times ?? remembered;
    const next = nextSuspension(mirror, copies, now, times, this.#options.unwell?.(mirror.target));
    if (next === undefined) return;
    if (next === 'none') this.#closed.set(mirror.name, { times: mirror.suspension?.times ?? 0, at: now });
    const reason =
      next === 'none' ? `target ${mirror.target} is well again` : `target ${mirror.target}: ${next.reason}`;
    await control.adjustMirror(mirror.name, reason, (current) => {
      if (current !== mirror) return undefined;
      const { suspension: _, ...rest } = current;
      return next === 'none' ? rest : { ...rest, suspension: next };
    });
  }
}
