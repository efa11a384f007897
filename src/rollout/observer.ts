import type { Control } from '../control/control.ts';
import type { Inspector } from '../delivery/inspector.ts';
import type { MirrorView } from '../delivery/types.ts';
import type { Due } from '../delivery/view.ts';
import { needsNode } from '../model/check-gate.ts';
import { judge } from '../model/gates.ts';
import type { GateInput, GateReading, StepDelivery } from '../model/gates.ts';
import type { NodeEvidence } from '../model/node-evidence.ts';
import type { PrimaryTotals } from '../model/observation.ts';
import type { Ppm } from '../model/percent.ts';
import type { Rollout } from '../model/rollout.ts';
import type { Seen } from '../model/rollout-sight.ts';
import { watchesGates } from '../model/rollout-wake.ts';
import { baselineOf } from '../model/spread.ts';
import { stopOf } from '../model/stop.ts';
import { type Fetch, queryPrometheus } from './prometheus.ts';

/** How long before a rollout the primaries are looked at, to have something to compare with. */
const BEFORE_MS = 600_000;

/** What the nodes of a target counted since a time. */
export type CountedBy = (target: string, from: number) => NodeEvidence | undefined;

/** What a rollout goes by: what its nodes acknowledged and reported. */
export class Observer {
  readonly #control: Control;
  readonly #inspector: Inspector;
  readonly #fetch: Fetch;
  readonly #countedBy: CountedBy;
  /** By rollout that is watched; what an earlier process saw counts as seen when this one looks first. */
  readonly #seen = new Map<string, Seen>();

  constructor(control: Control, inspector: Inspector, fetch: Fetch, countedBy: CountedBy = () => undefined) {
    this.#control = control;
    this.#inspector = inspector;
    this.#fetch = fetch;
    this.#countedBy = countedBy;
  }

  fleetsOf({ mirrors }: Rollout): readonly string[] {
    const { state } = this.#control;
    return [...new Set(mirrors.flatMap((name) => state.mirror.get(name)?.value.fleet ?? []))];
  }

  isStopped(rollout: Rollout): boolean {
    return this.fleetsOf(rollout).some((fleet) => stopOf(this.#control.state.stop, fleet) !== undefined);
  }

  percents({ mirrors }: Rollout): Readonly<Record<string, Ppm>> {
    const { state } = this.#control;
    return Object.fromEntries(
      mirrors.flatMap((name) => {
        const mirror = state.mirror.get(name)?.value;
        return mirror === undefined ? [] : [[name, baselineOf(mirror)]];
      }),
    );
  }

  /** Of all its mirrors together. */
  delivery(rollout: Rollout, now: number): StepDelivery {
    const { status, ackTimeoutMs } = rollout;
    const due = { since: status.isSet ? status.since : Infinity, by: now - ackTimeoutMs };
    const sum = { nodes: 0, chosen: 0, acked: 0, rejected: 0, pending: 0, overdue: 0, unsettled: 0 };
    for (const { delivery } of this.#views(rollout, now, due)) {
      for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += delivery[key];
    }
    return sum;
  }

  /** Asked at every look, at least once an interval. */
  seen(rollout: Rollout, now: number): Seen {
    const { name, intervalMs } = rollout;
    const last = this.#seen.get(name) ?? { presentAt: now, reportedAt: now };
    this.#seen.delete(name);
    if (!watchesGates(rollout)) return last;
    const views = rollout.mirrors.flatMap((mirror) => this.#view(mirror, now - 2 * intervalMs) ?? []);
    const seen = {
      presentAt: views.every(({ delivery }) => delivery.acked > 0) ? now : last.presentAt,
      reportedAt: views.every(({ chosen }) => chosen.reporting > 0) ? now : last.reportedAt,
    };
    this.#seen.set(name, seen);
    return seen;
  }

  /** Primary requests on the chosen nodes since they acknowledged the step, of the mirror that has fewest. */
  requests(rollout: Rollout, now: number): number | undefined {
    const counts = this.#views(rollout, now).map(({ chosen }) => chosen.primary?.requests);
    return counts.some((count) => count === undefined)
      ? undefined
      : Math.min(...counts.map((count) => count ?? 0));
  }

  /** The primaries of all its mirrors in the ten minutes before now. Undefined where that is not known. */
  before(rollout: Rollout, now: number): PrimaryTotals | undefined {
    const views = rollout.mirrors.flatMap((name) => this.#view(name, now - BEFORE_MS) ?? []);
    const totals = views.flatMap(({ chosen, rest }) => [chosen.primary, rest.primary]);
    const known = totals.filter((one) => one !== undefined);
    return known.length === 0
      ? undefined
      : known.reduce((a, b) => ({
          requests: a.requests + b.requests,
          errors: a.errors + b.errors,
          requestSeconds: a.requestSeconds + b.requestSeconds,
          variance: a.variance + b.variance,
        }));
  }

  /** Every gate for every mirror. */
  async measure(rollout: Rollout, now: number): Promise<readonly GateReading[]> {
    const delivery = this.delivery(rollout, now);
    const { before } = rollout.status;
    const wantsNode = rollout.gates.some(needsNode);
    const inputs: readonly (GateInput & { mirror: string })[] = rollout.mirrors.flatMap((mirror) => {
      const from = fromOf(rollout, now);
      const view = this.#view(mirror, from);
      const target = this.#control.state.mirror.get(mirror)?.value.target;
      if (view === undefined || target === undefined) return [];
      const { chosen, rest } = view;
      const node = wantsNode ? this.#countedBy(target, from) : undefined;
      return [{ mirror, delivery, chosen, rest, ...(before && { before }), ...(node && { node }) }];
    });
    const readings = await Promise.all(
      rollout.gates.map(async (gate) => {
        if (gate.kind === 'metric') {
          return inputs.map(({ mirror, ...input }) => named(judge(gate, input), rollout, mirror));
        }
        const value = await queryPrometheus(gate, this.#fetch);
        const [first] = inputs;
        return first === undefined
          ? []
          : [judge(gate, { ...first, ...(value !== undefined && { prometheus: value }) })];
      }),
    );
    return readings.flat();
  }

  #views(rollout: Rollout, now: number, due?: Due): readonly MirrorView[] {
    return rollout.mirrors.flatMap((name) => this.#view(name, fromOf(rollout, now), due) ?? []);
  }

  #view(mirror: string, from: number, due?: Due): MirrorView | undefined {
    const fleet = this.#control.state.mirror.get(mirror)?.value.fleet;
    return fleet === undefined ? undefined : this.#inspector.view(fleet, mirror, from, due);
  }
}

/** Since when what nodes report is of the step that is set. */
function fromOf({ status: { appliedAt, isSet, since } }: Rollout, now: number): number {
  return appliedAt ?? (isSet ? since : now);
}

function named(reading: GateReading, { mirrors }: Rollout, mirror: string): GateReading {
  return mirrors.length === 1 ? reading : { ...reading, gate: `${reading.gate} of ${mirror}` };
}
