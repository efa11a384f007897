import type { PrimaryTotals } from './observation.ts';
import type { Ppm } from './percent.ts';

/** A plan that moves the percent of mirrors, and the share of the fleet that has it, in steps, watched by gates. */
export interface Rollout {
  readonly name: string;
  /** At least one. All of them move together. */
  readonly mirrors: readonly string[];
  readonly steps: readonly Step[];
  readonly gates: readonly Gate[];
  /** What a failed gate (or webhook, or a missing acknowledgement) does. */
  readonly onFail: 'abort' | 'pause';
  /** What it does that a gate cannot tell, for lack of data, when a step's hold is over. Never advances. */
  readonly missingData: 'pause' | 'wait' | 'abort';
  /** How often gates are looked at. */
  readonly intervalMs: number;
  /** Gates may fail so many times in a row without consequence. */
  readonly failureLimit: number;
  /** How long chosen nodes may take to acknowledge a step. */
  readonly ackTimeoutMs: number;
  /** Starts by itself at this time. ISO 8601, UTC. */
  readonly startAt?: string;
  /** Steps are taken only within one of these, when there are any. What is running is watched, and aborted, at any time. */
  readonly windows: readonly Window[];
  /** Steps are not taken within these. */
  readonly freezes: readonly Freeze[];
  readonly webhooks: readonly Webhook[];
  readonly status: RolloutStatus;
}

export type RolloutPlan = Omit<Rollout, 'status'>;

export interface Step {
  readonly percent: Ppm;
  /** Share of the fleet's nodes, ppm. */
  readonly fleetPercent: Ppm;
  /** After every chosen node acknowledged. */
  readonly holdMs: number;
  /** Primary requests on the chosen nodes since they acknowledged. */
  readonly minRequests: number;
  /** `manual`: after the hold someone must say `advance`. */
  readonly approval: 'none' | 'manual';
}

/** `dryRun`: only reports. */
export type Gate = MetricGate | PrometheusGate;

export type GateMetric =
  /** Chosen nodes that refused what they were sent. */
  | 'rejections'
  /** Chosen nodes that have not answered within `ackTimeout`. */
  | 'missingAcks'
  /** Copies that failed, of those that ended. */
  | 'mirrorErrorRate'
  /** Copies dropped by limits, of those attempted. */
  | 'droppedRate'
  /** Copies, of those the percent should have made. */
  | 'coverage'
  /** Primary requests that failed. */
  | 'primaryErrorRate'
  /** Mean time a primary request takes, in seconds. */
  | 'primaryLatency'
  /** Requests that the target's Wallarm node did not analyse to the end, of those it counted. */
  | 'nodeRequestsLost'
  /** Its `tnt_errors`, `api_errors`, `segfaults` and `memfaults`, of the requests it counted. */
  | 'nodeErrors'
  /** Requests it counted, of the copies that all mirrors sent to it. */
  | 'nodeCoverage';

export interface MetricGate {
  readonly kind: 'metric';
  readonly metric: GateMetric;
  readonly max?: number;
  readonly min?: number;
  /**
   * Against the nodes outside the share in the same time, or, where all have it, against the time before the rollout.
   * Error rates: by how much more (0.01: one per cent of requests). Latency: by which fraction more (0.2: a fifth).
   */
  readonly maxIncrease?: number;
  /** Fewer requests than this tell nothing. */
  readonly minSamples: number;
  readonly dryRun: boolean;
}

/** https://prometheus.io/docs/prometheus/latest/querying/api/#instant-queries */
export interface PrometheusGate {
  readonly kind: 'prometheus';
  readonly url: string;
  readonly query: string;
  readonly max?: number;
  readonly min?: number;
  readonly dryRun: boolean;
}

/** Opens at each time that `cron` names and stays open for so long. */
export interface Window {
  /** Five fields: minute, hour, day of month, month, day of week. */
  readonly cron: string;
  readonly durationMs: number;
  /** IANA name. */
  readonly timezone: string;
}

export interface Freeze {
  /** ISO 8601, UTC. */
  readonly from: string;
  readonly to: string;
  readonly reason?: string;
}

/** POSTed before a step sets its percent, or after its gates passed; anything but 2xx is a failure. */
export interface Webhook {
  readonly when: 'before' | 'after';
  readonly url: string;
  readonly timeoutMs: number;
}

export type RolloutState =
  'pending' | 'applying' | 'holding' | 'gating' | 'paused' | 'aborting' | 'done' | 'aborted';

/** Times in epoch milliseconds. Kept at every move, so a restart goes on from it. */
export interface RolloutStatus {
  readonly state: RolloutState;
  /** How many times it was started. */
  readonly run: number;
  /** Index of the step. */
  readonly step: number;
  /** When the state was entered. */
  readonly since: number;
  /** When every chosen node had acknowledged the step. */
  readonly appliedAt?: number;
  /** Whether the step's percent is set: after the webhooks before it. */
  readonly isSet: boolean;
  /** Gates that failed in a row. */
  readonly failures: number;
  readonly approved: boolean;
  /** Someone set a percent by hand since: an abort does not raise it again. */
  readonly handSet: boolean;
  /** Percents of the mirrors before the rollout; an abort goes back to them. */
  readonly baseline: Readonly<Record<string, Ppm>>;
  /** The primaries in the time before the rollout: what is compared with where no node is outside the share. */
  readonly before?: PrimaryTotals;
  /** Why it is where it is. */
  readonly reason: string;
  readonly actor: string;
}

export const PENDING: RolloutStatus = Object.freeze({
  state: 'pending',
  run: 0,
  step: 0,
  since: 0,
  isSet: false,
  failures: 0,
  approved: false,
  handSet: false,
  baseline: Object.freeze({}),
  reason: '',
  actor: '',
});

/** It moves, or will when it is resumed: its mirrors are its own. */
export function isActive({ state }: Pick<RolloutStatus, 'state'>): boolean {
  return state !== 'pending' && state !== 'done' && state !== 'aborted';
}
