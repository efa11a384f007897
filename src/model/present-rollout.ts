import { formatDuration } from './duration.ts';
import { formatPercent } from './percent.ts';
import type { Gate, Rollout, RolloutPlan, RolloutStatus, Step } from './rollout.ts';

type Form = Readonly<Record<string, unknown>>;

/** The plan and where it stands, in REST form. Defaults are shown. */
export function presentRollout({ status, ...plan }: Rollout): Form {
  return { ...presentPlan(plan), status: presentStatus(status, plan.steps.length) };
}

/** What the check of a plan reads back as an equal one. */
export function presentPlan(plan: RolloutPlan): Form {
  const { name, mirrors, onFail, missingData, failureLimit, startAt, freezes } = plan;
  return {
    name,
    ...(mirrors.length === 1 ? { mirror: mirrors[0] } : { mirrors }),
    steps: plan.steps.map(presentStep),
    gates: plan.gates.map(presentGate),
    onFail,
    missingData,
    interval: formatDuration(plan.intervalMs),
    failureLimit,
    ackTimeout: formatDuration(plan.ackTimeoutMs),
    ...(startAt !== undefined && { startAt }),
    windows: plan.windows.map(({ durationMs, ...window }) => ({
      ...window,
      duration: formatDuration(durationMs),
    })),
    freezes,
    webhooks: plan.webhooks.map(({ timeoutMs, ...hook }) => ({
      ...hook,
      timeout: formatDuration(timeoutMs),
    })),
  };
}

function presentStep({ percent, fleetPercent, holdMs, minRequests, approval }: Step): Form {
  return {
    percent: formatPercent(percent),
    fleetPercent: formatPercent(fleetPercent),
    hold: formatDuration(holdMs),
    minRequests,
    approval,
  };
}

function presentGate(gate: Gate): Form {
  if (gate.kind === 'metric') {
    const { kind: _, ...form } = gate;
    return form;
  }
  const { kind: _, url, query, ...rest } = gate;
  return { prometheus: { url, query }, ...rest };
}

function presentStatus(status: RolloutStatus, steps: number): Form {
  const { state, run, step, since, appliedAt, failures, approved, handSet, baseline, reason, actor } = status;
  return {
    state,
    run,
    step,
    steps,
    ...(since > 0 && { since: new Date(since).toISOString() }),
    ...(appliedAt !== undefined && { appliedAt: new Date(appliedAt).toISOString() }),
    failures,
    approved,
    handSet,
    baseline: Object.fromEntries(
      Object.entries(baseline).map(([mirror, ppm]) => [mirror, formatPercent(ppm)]),
    ),
    reason,
    actor,
  };
}
