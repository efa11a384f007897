import { setTimeout as delay } from 'node:timers/promises';
import { type RestAnswer, type RestClient, Unreachable, problemText } from './rest-client.ts';
import {
  type GateForm,
  type MirrorForm,
  type RolloutForm,
  type StatusForm,
  describeLoad,
  describeMove,
  describeNodes,
  drawGate,
  drawRollout,
  endOf,
  stateOf,
  waitOf,
} from './rollout-view.ts';
import type { Screen } from './screen.ts';

/** What the mirrors, or the nodes' acknowledgements, look like now may have changed. */
const NEWS = ['load', 'delivery', 'acked', 'rejected', 'node-connected', 'node-disconnected', 'revision'];
/** News come by the thousand: they are looked at together. */
const COALESCE_MS = 50;
const LOOK_MS = 500;
/** Events only make it quicker: it is looked at without any, too. */
const POLL_MS = 3000;
/** The hold's countdown, on a terminal. */
const TICK_MS = 1000;
/** How often a line says that it still goes on, elsewhere. */
const SUMMARY_MS = 10_000;
const RETRY_MS = 1000;

/** Exit code of an interrupted view. */
export const INTERRUPTED = 130;

export interface WatchOptions {
  readonly client: RestClient;
  readonly name: string;
  readonly screen: Screen;
  /** Ends the view, and nothing else. */
  readonly signal: AbortSignal;
}

interface Message {
  readonly kind: string;
  readonly data: string;
}

/** Of the events this view reads; `time` is the control plane's. */
interface EventData {
  readonly time: string;
  readonly rollout?: string;
  readonly revision?: number;
  readonly status?: StatusForm;
  readonly gates?: readonly GateForm[];
}

/**
 * Shows a rollout until it is done (resolves with 0), aborted (1), paused (3), or `signal` aborts (130). Connects again
 * and again: a control plane that restarts is no end of a rollout. Throws where it cannot be reached at all, or there is
 * no such rollout.
 */
export async function watchRollout(options: WatchOptions): Promise<number> {
  const ended = new AbortController();
  const stop = AbortSignal.any([options.signal, ended.signal]);
  const inbox: Message[] = [];
  const news = new Bell();
  const following = follow(options.client, stop, (message) => {
    inbox.push(message);
    news.ring();
  });
  const view = new View(options);
  try {
    for (;;) {
      news.reset();
      for (const message of inbox.splice(0)) await view.take(message);
      const code = await view.refresh();
      if (code !== undefined) return code;
      await Promise.race([news.rung, delay(TICK_MS, undefined, { signal: stop })]);
      await delay(COALESCE_MS, undefined, { signal: stop });
    }
  } catch (error) {
    if (options.signal.aborted) return INTERRUPTED;
    throw error;
  } finally {
    ended.abort();
    options.screen.leave();
    await following;
  }
}

async function follow(
  client: RestClient,
  signal: AbortSignal,
  tell: (message: Message) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await client.events(
        (kind, data) => tell({ kind, data }),
        signal,
        () => tell({ kind: 'open', data: '' }),
      );
    } catch (error) {
      if (!(error instanceof Unreachable) && !signal.aborted) throw error;
    }
    tell({ kind: 'closed', data: '' });
    await delay(RETRY_MS, undefined, { signal }).catch(() => undefined);
  }
}

class View {
  readonly #options: WatchOptions;
  #rollout: RolloutForm | undefined;
  #mirrors: readonly MirrorForm[] = [];
  /** Of the last move that was said. */
  #saidRevision = 0;
  /** Of the events that follow. */
  #revision = 0;
  readonly #verdicts = new Map<string, string>();
  #lost = false;
  #stale = true;
  #lookedAt = 0;
  #summaryAt = Date.now();
  /** How far the control plane's clock is ahead. */
  #ahead = 0;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  async take({ kind, data }: Message): Promise<void> {
    if (kind === 'open' || kind === 'closed') {
      this.#revision = 0;
      return this.#look();
    }
    this.#stale ||= NEWS.includes(kind);
    if (!['revision', 'rollout', 'rollout-gates'].includes(kind)) return;
    const { time, rollout, revision, status, gates } = JSON.parse(data) as EventData;
    const at = Date.parse(time);
    this.#ahead = at - Date.now();
    if (revision !== undefined) this.#revision = revision;
    if (rollout !== this.#options.name) return;
    if (gates !== undefined) this.#tellGates(at, gates);
    if (status !== undefined && this.#revision > this.#saidRevision)
      this.#tellMove(at, status, this.#revision);
    this.#stale = true;
    this.#lookedAt = 0;
  }

  /** Looks where there is reason to, and draws. Resolves with the exit code at the end. */
  async refresh(): Promise<number | undefined> {
    const { screen, name } = this.#options;
    if (Date.now() - this.#lookedAt >= (this.#stale || this.#lost ? LOOK_MS : POLL_MS)) await this.#look();
    const rollout = this.#rollout;
    if (rollout === undefined) return undefined;
    screen.show(drawRollout(rollout, this.#mirrors, this.#now()));
    this.#summarise(rollout);
    const code = endOf(rollout.status);
    if (code === undefined) return undefined;
    if (rollout.revision > this.#saidRevision) this.#tellMove(this.#now(), rollout.status, rollout.revision);
    if (code === 3) {
      screen.leave();
      screen.line(
        `It is paused. Go on: mirrorplane rollout resume ${name}. Take it back: mirrorplane rollout abort ${name}`,
      );
    }
    return code;
  }

  async #look(): Promise<void> {
    const { client, name } = this.#options;
    this.#lookedAt = Date.now();
    this.#stale = false;
    try {
      const rollout = found<RolloutForm>(await client.call('GET', rolloutPath(name)));
      this.#mirrors = await mirrorsOf(client, rollout);
      const isFirst = this.#rollout === undefined;
      this.#rollout = rollout;
      if (this.#lost) this.#say(this.#now(), 'it is back');
      this.#lost = false;
      // After a gap there are moves that no event told of.
      if ((isFirst || this.#revision === 0) && rollout.revision > this.#saidRevision)
        this.#tellMove(this.#now(), rollout.status, rollout.revision);
    } catch (error) {
      if (!(error instanceof Unreachable) || this.#rollout === undefined) throw error;
      if (!this.#lost) this.#say(this.#now(), `${error.message}; the view goes on when it is back`);
      this.#lost = true;
    }
  }

  #tellMove(at: number, status: StatusForm, revision: number): void {
    this.#saidRevision = revision;
    if (status.state === 'applying') this.#verdicts.clear();
    if (this.#rollout !== undefined) this.#rollout = { ...this.#rollout, status };
    this.#say(at, describeMove(status));
  }

  /** On a terminal they are in view; elsewhere each change is a line. */
  #tellGates(at: number, gates: readonly GateForm[]): void {
    for (const gate of gates) {
      if (this.#verdicts.get(gate.gate) === gate.verdict) continue;
      this.#verdicts.set(gate.gate, gate.verdict);
      if (!this.#options.screen.isTerminal) this.#say(at, `gate ${drawGate(gate)}`);
    }
  }

  #summarise(rollout: RolloutForm): void {
    if (this.#options.screen.isTerminal || this.#lost || Date.now() - this.#summaryAt < SUMMARY_MS) return;
    const now = this.#now();
    const parts = [
      waitOf(rollout, now),
      ...this.#mirrors.flatMap((mirror) => [describeNodes(mirror), describeLoad(mirror)]),
    ];
    this.#say(now, [stateOf(rollout.status), ...parts].filter(Boolean).join('; '));
  }

  #say(at: number, text: string): void {
    this.#summaryAt = Date.now();
    this.#options.screen.line(`${new Date(at).toISOString().slice(11, 19)}Z  ${text}`);
  }

  #now(): number {
    return Date.now() + this.#ahead;
  }
}

export function rolloutPath(name: string): string {
  return `/v1/rollouts/${encodeURIComponent(name)}`;
}

/** Those that are there. */
export async function mirrorsOf(
  client: RestClient,
  { mirror, mirrors }: RolloutForm,
): Promise<readonly MirrorForm[]> {
  const names = mirrors ?? (mirror === undefined ? [] : [mirror]);
  const answers = await Promise.all(
    names.map((name) => client.call('GET', `/v1/mirrors/${encodeURIComponent(name)}`)),
  );
  return answers.filter(({ ok }) => ok).map(({ json }) => json as MirrorForm);
}

/** The body of an answer; throws in the control plane's words where there is none. */
export function found<T>(answer: RestAnswer): T {
  if (answer.ok) return answer.json as T;
  const text = problemText(answer);
  throw answer.status >= 500 ? new Unreachable(text) : new Error(text);
}

/** Rings for whoever waits; what rang since the last reset is not lost. */
class Bell {
  #next = Promise.withResolvers<void>();

  get rung(): Promise<void> {
    return this.#next.promise;
  }

  ring(): void {
    this.#next.resolve();
  }

  reset(): void {
    this.#next = Promise.withResolvers();
  }
}
