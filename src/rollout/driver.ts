import type { Control } from '../control/control.ts';
import type { Delivery } from '../delivery/delivery.ts';
import type { Timers } from '../delivery/timers.ts';
import type { GateReading } from '../model/gates.ts';
import type { PrimaryTotals } from '../model/observation.ts';
import { isActive } from '../model/rollout.ts';
import type { Rollout } from '../model/rollout.ts';
import { decide, hooksDue, stepOf } from '../model/rollout-machine.ts';
import type { Decision, Situation } from '../model/rollout-machine.ts';
import { nextWake, watchesGates } from '../model/rollout-wake.ts';
import { type CountedBy, Observer } from './observer.ts';
import type { Fetch } from './prometheus.ts';
import { type HookResult, callWebhooks } from './webhooks.ts';

export interface RolloutOptions {
  readonly control: Control;
  readonly delivery: Delivery;
  readonly timers: Timers;
  readonly fetch: Fetch;
  readonly countedBy?: CountedBy;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
  };
}

/** What happens to rollouts, besides their moves, which are revisions. */
export interface GateEvent {
  readonly rollout: string;
  readonly gates: readonly GateReading[];
}

/** Acknowledgements come by the thousand: they are looked at together. */
const COALESCE_MS = 10;
/** A share is of the nodes that are there: after a restart they are given this time to come back. */
const RETURN_MS = 3000;
/** When a move could not be stored. */
const RETRY_MS = 1000;

/** What is known of one rollout between its moves; lost with the process, and found again. */
interface Run {
  wakeAt: number;
  callOff: (() => void) | undefined;
  busy: boolean;
  again: boolean;
  gatesAt: number;
  readings: readonly GateReading[] | undefined;
  hooks: { readonly key: string; result: 'running' | HookResult } | undefined;
}

/** Moves rollouts on: tells the model's machine how things are, and has control write what it decides. */
export class RolloutDriver {
  readonly #options: RolloutOptions;
  readonly #observer: Observer;
  readonly #runs = new Map<string, Run>();
  readonly #listeners = new Set<(event: GateEvent) => void>();
  #active: readonly string[] = [];
  #startedAt = 0;
  /** An earlier process had nodes, which may be on their way back. */
  #isRestart = false;
  #unsubscribe: readonly (() => void)[] = [];

  constructor(options: RolloutOptions) {
    this.#options = options;
    this.#observer = new Observer(
      options.control,
      options.delivery.inspector,
      options.fetch,
      options.countedBy,
    );
  }

  start(): void {
    const { control, delivery, timers } = this.#options;
    this.#startedAt = timers.now();
    this.#isRestart = control.state.fleet.size > 0;
    this.#unsubscribe = [
      control.subscribe(() => this.#wakeAll()),
      delivery.subscribe(({ kind }) => {
        if (kind !== 'load') this.#wakeActive();
      }),
    ];
    this.#wakeAll();
  }

  stop(): void {
    for (const end of this.#unsubscribe) end();
    for (const run of this.#runs.values()) run.callOff?.();
    this.#runs.clear();
  }

  /** What gates said last; undefined before they were looked at in this step. */
  readings(name: string): readonly GateReading[] | undefined {
    return this.#runs.get(name)?.readings;
  }

  /** The primaries before a rollout that starts now. */
  before(name: string): PrimaryTotals | undefined {
    const rollout = this.#options.control.state.rollout.get(name)?.value;
    return rollout && this.#observer.before(rollout, this.#options.timers.now());
  }

  subscribe(listener: (event: GateEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #rollouts(): readonly Rollout[] {
    return [...this.#options.control.state.rollout.values()].map(({ value }) => value);
  }

  #wakeAll(): void {
    const rollouts = this.#rollouts();
    this.#active = rollouts.filter(({ status }) => isActive(status)).map(({ name }) => name);
    const active = rollouts.filter(({ status }) => isActive(status) && status.state !== 'paused');
    this.#options.delivery.watchFor(
      'rollouts',
      new Set(active.flatMap((one) => this.#observer.fleetsOf(one))),
    );
    const names = new Set(rollouts.map(({ name }) => name));
    for (const [name, run] of this.#runs) {
      if (names.has(name)) continue;
      run.callOff?.();
      this.#runs.delete(name);
    }
    for (const { name } of rollouts) this.#wakeIn(name, 0);
  }

  /** Acknowledgements come by the thousand, and mostly there is no rollout. */
  #wakeActive(): void {
    for (const name of this.#active) this.#wakeIn(name, COALESCE_MS);
  }

  #wakeIn(name: string, ms: number): void {
    const { timers } = this.#options;
    const run = this.#runOf(name);
    const at = timers.now() + ms;
    if (run.callOff !== undefined && run.wakeAt <= at) return;
    run.callOff?.();
    run.wakeAt = at;
    run.callOff = timers.after(ms, () => {
      run.callOff = undefined;
      void this.#wake(name, run);
    });
  }

  #runOf(name: string): Run {
    const known = this.#runs.get(name);
    if (known !== undefined) return known;
    const run: Run = {
      ...{ wakeAt: Infinity, callOff: undefined, busy: false, again: false },
      ...{ gatesAt: 0, readings: undefined, hooks: undefined },
    };
    this.#runs.set(name, run);
    return run;
  }

  /** One at a time for each rollout. */
  async #wake(name: string, run: Run): Promise<void> {
    if (run.busy) {
      run.again = true;
      return;
    }
    run.busy = true;
    try {
      do {
        run.again = false;
        await this.#look(name, run);
      } while (run.again);
    } catch (error) {
      this.#options.log.warn(
        { err: error, rollout: name },
        'a rollout could not be moved; it is tried again',
      );
      this.#wakeIn(name, RETRY_MS);
    } finally {
      run.busy = false;
    }
  }

  async #look(name: string, run: Run): Promise<void> {
    const { control, timers, log } = this.#options;
    const rollout = control.state.rollout.get(name)?.value;
    if (rollout === undefined || this.#runs.get(name) !== run) return;
    const back = this.#startedAt + RETURN_MS;
    if (this.#isRestart && setsStep(rollout) && timers.now() < back) {
      return this.#wakeIn(name, back - timers.now());
    }
    const readings = await this.#gates(rollout, run);
    this.#callHooks(rollout, run, readings);
    const now = timers.now();
    const situation = this.#situation(rollout, run, readings, now);
    if (decide(rollout, situation) !== undefined) {
      const decision = await control.moveRollout(name, (current) =>
        current === rollout ? decide(rollout, situation) : undefined,
      );
      if (decision !== undefined) log.info({ rollout: name, ...shown(decision) }, decision.reason);
      // The write tells of itself, and wakes this again.
      return;
    }
    await this.#widen(rollout, situation);
    const times = [
      nextWake(rollout, now),
      watchesGates(rollout) ? run.gatesAt + rollout.intervalMs : undefined,
    ];
    const next = Math.min(...times.map((time) => time ?? Infinity));
    if (next < Infinity) this.#wakeIn(name, Math.max(COALESCE_MS, next - now));
  }

  #situation(
    rollout: Rollout,
    run: Run,
    readings: readonly GateReading[] | undefined,
    now: number,
  ): Situation {
    const observer = this.#observer;
    const before = rollout.status.state === 'pending' ? observer.before(rollout, now) : undefined;
    return {
      now,
      delivery: observer.delivery(rollout, now),
      seen: observer.seen(rollout, now),
      readings,
      requests: observer.requests(rollout, now),
      hooks: run.hooks?.key === hookKey(rollout) ? run.hooks.result : undefined,
      stopped: observer.isStopped(rollout),
      percents: observer.percents(rollout),
      ...(before && { before }),
    };
  }

  /** Undefined while it is not time, or nothing is to be watched. */
  async #gates(rollout: Rollout, run: Run): Promise<readonly GateReading[] | undefined> {
    const { timers } = this.#options;
    if (!watchesGates(rollout)) {
      run.gatesAt = timers.now();
      if (setsStep(rollout)) run.readings = undefined;
      return undefined;
    }
    const isDue = timers.now() - run.gatesAt >= rollout.intervalMs;
    const isFresh = isDue && this.#isFresh(rollout);
    // Asked again an interval later, and not at once.
    if (isFresh) run.gatesAt = timers.now();
    if (isFresh || !isDue) {
      // After its gates passed a step waits for nothing but its webhooks.
      return hooksDue(rollout, run.readings) === 'after' ? run.readings : undefined;
    }
    run.readings = await this.#observer.measure(rollout, timers.now());
    run.gatesAt = timers.now();
    for (const listener of this.#listeners) listener({ rollout: rollout.name, gates: run.readings });
    return run.readings;
  }

  /** What nodes said to an earlier process is lost: they are given the time to come back and to report again. */
  #isFresh(rollout: Rollout): boolean {
    const now = this.#options.timers.now();
    const age = now - this.#startedAt;
    if (age < 2 * rollout.intervalMs) return true;
    return age < rollout.ackTimeoutMs && this.#observer.delivery(rollout, now).chosen === 0;
  }

  #callHooks(rollout: Rollout, run: Run, readings: readonly GateReading[] | undefined): void {
    const due = hooksDue(rollout, readings);
    const key = hookKey(rollout);
    if (due === undefined || run.hooks?.key === key) return;
    const call: Run['hooks'] = { key, result: 'running' };
    run.hooks = call;
    void callWebhooks(rollout, due, this.#options.fetch).then((result) => {
      call.result = result;
      this.#wakeIn(rollout.name, 0);
    });
  }

  /** All nodes of the share have left, and others are there: the share is of these now. */
  async #widen(rollout: Rollout, { delivery, now }: Situation): Promise<void> {
    const { status, name } = rollout;
    if (status.state !== 'applying' || !status.isSet || delivery.chosen > 0 || delivery.nodes === 0) return;
    if (this.#isRestart && now - this.#startedAt < rollout.ackTimeoutMs) return;
    const { percent, fleetPercent } = stepOf(rollout);
    const reason = 'no node of its share is connected: the share is of those that are';
    const decision: Decision = {
      // Another status, so that the move is seen to be its own.
      status: { ...status, since: now, reason },
      share: { percent, fleetPercent },
      reason,
    };
    await this.#options.control.moveRollout(name, (current) => (current === rollout ? decision : undefined));
  }
}

/** Whether the next move is to set a share. */
function setsStep({ status }: Rollout): boolean {
  return status.state === 'applying' && !status.isSet;
}

/** Webhooks of one step are called once in a life of the process, unless it is set again. */
function hookKey({ status }: Rollout): string {
  return `${status.run}/${status.step}/${status.state === 'applying' ? 'before' : 'after'}/${status.since}`;
}

function shown({ status: { state, step } }: Decision): object {
  return { state, step };
}
