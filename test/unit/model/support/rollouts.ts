import { checkRollout } from '../../../../src/model/check-rollout.ts';
import type { GateReading, StepDelivery } from '../../../../src/model/gates.ts';
import type { Answer, Saying } from '../../../../src/model/rollout-commands.ts';
import type { Situation } from '../../../../src/model/rollout-machine.ts';
import { PENDING } from '../../../../src/model/rollout.ts';
import type { Rollout } from '../../../../src/model/rollout.ts';

export const NOON = Date.parse('2026-11-24T12:00:00Z');

const PLAN = {
  mirror: 'edge',
  steps: [{ percent: 1, fleetPercent: 10 }, { percent: 25, fleetPercent: 50 }, { percent: 100 }],
  gates: [{ metric: 'rejections', max: 0 }],
};

export function planned(plan: Record<string, unknown> = {}): Rollout {
  const checked = checkRollout('canary', { ...PLAN, ...plan });
  if (!checked.ok) throw new Error(JSON.stringify(checked.issues));
  return { ...checked.value, status: PENDING };
}

/** Two nodes of ten, both well, unless told otherwise. */
export function delivered(given: Partial<StepDelivery> = {}): StepDelivery {
  return {
    ...{ nodes: 10, chosen: 2, acked: 2, rejected: 0, pending: 0, overdue: 0, unsettled: 0 },
    ...given,
  };
}

/** Nodes that have the step are seen and report now; where there is none, they were seen at noon. */
export function situation(given: Partial<Situation> = {}): Situation {
  const { now = NOON, delivery = delivered() } = given;
  return {
    now,
    delivery,
    seen: { presentAt: delivery.acked > 0 ? now : NOON, reportedAt: now },
    readings: undefined,
    requests: undefined,
    hooks: undefined,
    stopped: false,
    percents: { edge: 50_000 },
    ...given,
  };
}

export function saying(given: Partial<Saying> = {}): Saying {
  return { actor: 'ann', reason: '', now: NOON, percents: { edge: 50_000 }, stopped: false, ...given };
}

export function reading(gate: string, verdict: GateReading['verdict'] = 'pass'): GateReading {
  return { gate, verdict, note: `it is a ${verdict}`, dryRun: false };
}

/** The rollout after an answer that was not a refusal. */
export function after(rollout: Rollout, answer: Answer): Rollout {
  if (!answer.ok) throw new Error(answer.message);
  return { ...rollout, status: answer.decision?.status ?? rollout.status };
}
