import type { Timers } from '../delivery/timers.ts';
import type { Round } from '../model/node-evidence.ts';
import { nextHealth } from '../model/node-health.ts';
import type { NodeHealth, ProbeResult } from '../model/node-health.ts';
import type { NodeView } from '../model/node-status.ts';
import type { Endpoint, NodeHealthProbe, NodeStatusProbe, Target } from '../model/target.ts';
import { readWallarmStatus, sumTallies, tally } from '../model/wallarm-status.ts';
import type { Tally } from '../model/wallarm-status.ts';
import { askNode } from './ask-node.ts';
import type { NodeAnswer } from './ask-node.ts';
import type { Fetch } from './prometheus.ts';

export interface NodeWatchOptions {
  readonly timers: Timers;
  readonly fetch: Fetch;
  /** Told when a node's health is another. */
  readonly onHealth: (endpoint: Endpoint, health: NodeHealth) => void;
  /** Told of what should not have happened; the node is asked again all the same. */
  readonly onError: (error: unknown) => void;
}

/** As long as load reports are kept. */
const KEPT_MS = 3_600_000;

interface Reading {
  tally?: Tally;
  readAt?: number;
  unread?: string;
}

/** Asks the nodes of one Wallarm target again and again: their healthchecks, and what they count. */
export class NodeWatch {
  readonly target: Target;
  readonly #options: NodeWatchOptions;
  readonly #health = new Map<Endpoint, NodeHealth>();
  readonly #seen = new Map<Endpoint, number>();
  /** By URL: ports of one host have one count of requests. */
  readonly #readings = new Map<string, Reading>();
  readonly #rounds: Round[] = [];
  readonly #callOffs = new Map<string, () => void>();
  #stopped = false;

  constructor(target: Target, options: NodeWatchOptions) {
    this.target = target;
    this.#options = options;
  }

  start(): void {
    const { health, status } = this.target.node ?? {};
    if (health !== undefined) this.#repeat('health', health.intervalMs, () => this.#askHealth(health));
    if (status !== undefined) this.#repeat('status', status.intervalMs, () => this.#askStatus(status));
  }

  stop(): void {
    this.#stopped = true;
    for (const callOff of this.#callOffs.values()) callOff();
  }

  get nodes(): readonly NodeView[] {
    const { status } = this.target.node ?? {};
    return this.target.endpoints.map((endpoint) => {
      const [health, lastSeen] = [this.#health.get(endpoint), this.#seen.get(endpoint)];
      return {
        ...endpoint,
        ...(health && { health }),
        ...(status && this.#readings.get(statusUrl(status, endpoint))),
        ...(lastSeen !== undefined && { lastSeen }),
      };
    });
  }

  /** By endpoint; undefined where nothing is known. */
  get health(): readonly (NodeHealth | undefined)[] {
    return this.target.endpoints.map((endpoint) => this.#health.get(endpoint));
  }

  /** Of all nodes together, the oldest first. */
  get rounds(): readonly Round[] {
    return this.#rounds;
  }

  /** A node that is slow to answer is not asked again before it has. */
  #repeat(what: string, intervalMs: number, ask: () => Promise<void>): void {
    const { timers, onError } = this.#options;
    const next = async (): Promise<void> => {
      const began = timers.now();
      await ask().catch(onError);
      if (this.#stopped) return;
      const rest = Math.max(0, began + intervalMs - timers.now());
      this.#callOffs.set(
        what,
        timers.after(rest, () => void next()),
      );
    };
    void next();
  }

  async #askHealth(probe: NodeHealthProbe): Promise<void> {
    await Promise.all(
      this.target.endpoints.map(async (endpoint) => {
        const url = `http://${inUrl(endpoint.host)}:${probe.port}${probe.path}`;
        const answer = await this.#ask(endpoint, url, probe.timeoutMs, false);
        if (this.#stopped) return;
        const before = this.#health.get(endpoint);
        const health = nextHealth(before, resultOf(answer), this.#options.timers.now());
        this.#health.set(endpoint, health);
        if (before?.healthy !== health.healthy) this.#options.onHealth(endpoint, health);
      }),
    );
  }

  async #askStatus(probe: NodeStatusProbe): Promise<void> {
    const { timers } = this.#options;
    const began = timers.now();
    const urls = new Map(this.target.endpoints.map((endpoint) => [statusUrl(probe, endpoint), endpoint]));
    const read = await Promise.all(
      [...urls].map(async ([url, endpoint]) => {
        const answer = await this.#ask(endpoint, url, probe.timeoutMs, true);
        return this.#take(url, answer);
      }),
    );
    if (this.#stopped) return;
    const tallies = [...this.#readings.values()].flatMap((reading) => reading.tally ?? []);
    if (tallies.length === 0) return;
    const ended = timers.now();
    this.#rounds.push({
      began,
      ended,
      complete: read.every((ok) => ok),
      sums: sumTallies(tallies),
      restarts: tallies.reduce((sum, { restarts }) => sum + restarts, 0),
    });
    while ((this.#rounds[0]?.ended ?? ended) < ended - KEPT_MS) this.#rounds.shift();
  }

  /** True when it could be read. */
  #take(url: string, answer: NodeAnswer): boolean {
    const before = this.#readings.get(url) ?? {};
    const status = !answer.answered
      ? answer.reason
      : isSuccess(answer.status)
        ? readWallarmStatus(answer.text)
        : `it answered ${answer.status}`;
    if (typeof status === 'string') {
      this.#readings.set(url, { ...before, unread: status });
      return false;
    }
    this.#readings.set(url, { tally: tally(before.tally, status), readAt: this.#options.timers.now() });
    return true;
  }

  async #ask(endpoint: Endpoint, url: string, timeoutMs: number, body: boolean): Promise<NodeAnswer> {
    const { fetch, timers } = this.#options;
    const answer = await askNode(url, { timeoutMs, fetch, body });
    if (answer.answered) this.#seen.set(endpoint, timers.now());
    return answer;
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function resultOf(answer: NodeAnswer): ProbeResult {
  if (!answer.answered) return { ok: false, ...answer };
  if (isSuccess(answer.status)) return { ok: true };
  return { ok: false, answered: true, reason: `it answered ${answer.status}` };
}

function statusUrl(probe: NodeStatusProbe, { host }: Endpoint): string {
  const template = 'url' in probe ? probe.url : `http://{host}:${probe.port}${probe.path}`;
  return template.replaceAll('{host}', inUrl(host.toLowerCase()));
}

function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
