import { Counter, Gauge, type Registry } from 'prom-client';
import type { Control } from '../control/control.ts';
import type { Inspector } from '../delivery/inspector.ts';
import type { Mirror } from '../model/mirror.ts';
import { stopOf } from '../model/stop.ts';

const STATES = ['pending', 'applying', 'holding', 'gating', 'paused', 'aborting', 'done', 'aborted'];
const DELIVERY_STATES = ['settled', 'delivering', 'watching', 'rejected'];

/** What load reports say of mirrors, and where fleets and rollouts stand. Labels are never nodes, of which there are thousands. */
export function addMirrorMetrics(registry: Registry, control: Control, inspector: Inspector): void {
  const registers = [registry];
  const mirrors = (): readonly Mirror[] => [...control.state.mirror.values()].map(({ value }) => value);
  const labels = ({ name, fleet, target }: Mirror) => ({ mirror: name, fleet, target });
  const labelNames = ['mirror', 'fleet', 'target'] as const;

  const counter = (name: string, help: string, read: (sum: Sum) => number | undefined): void => {
    new Counter({
      name,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const mirror of mirrors()) {
          const sum = inspector.load(mirror.fleet, mirror.name)?.sum;
          const value = sum && read(sum);
          if (value !== undefined) this.inc(labels(mirror), value);
        }
      },
    });
  };
  counter('mirrorplane_mirror_copies_total', 'Copies put on a connection', ({ copies }) => copies.sent);
  counter(
    'mirrorplane_mirror_copy_failures_total',
    'Copies answered with an error, or by nobody',
    ({ copies }) => copies.failed,
  );
  counter(
    'mirrorplane_mirror_copies_dropped_total',
    'Copies dropped by the limits of the target',
    ({ copies }) => copies.dropped,
  );
  counter(
    'mirrorplane_primary_requests_total',
    "Primary requests of the mirror's routes; absent where the counters cannot tell",
    ({ primary }) => primary?.requests,
  );
  counter(
    'mirrorplane_primary_errors_total',
    'Those of them that failed; absent where the counters cannot tell',
    ({ primary }) => primary?.errors,
  );
  new Gauge({
    name: 'mirrorplane_mirror_coverage',
    help: 'Copies of the last minute, of those the percents in force should have made; absent where unknown',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const mirror of mirrors()) {
        const { coverage } = inspector.mirrorStatus(mirror.fleet, mirror.name).recent;
        if (coverage !== null) this.set(labels(mirror), coverage);
      }
    },
  });
  new Gauge({
    name: 'mirrorplane_mirror_suspended',
    help: '1 while the target is unwell and nothing, or a trickle, is copied',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const mirror of mirrors()) this.set(labels(mirror), mirror.suspension === undefined ? 0 : 1);
    },
  });
  new Gauge({
    name: 'mirrorplane_fleet_delivery',
    help: '1 for the state that the delivery of the fleet is in',
    labelNames: ['fleet', 'state'],
    registers,
    collect() {
      this.reset();
      for (const fleet of control.state.fleet.keys()) {
        const status = inspector.fleetStatus(fleet);
        if (status === undefined) continue;
        for (const state of DELIVERY_STATES) this.set({ fleet, state }, status.state === state ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'mirrorplane_fleet_stopped',
    help: '1 while a stop holds the fleet',
    labelNames: ['fleet'],
    registers,
    collect() {
      this.reset();
      for (const fleet of control.state.fleet.keys()) {
        this.set({ fleet }, stopOf(control.state.stop, fleet) === undefined ? 0 : 1);
      }
    },
  });
  new Gauge({
    name: 'mirrorplane_rollout_state',
    help: '1 for the state that the rollout is in',
    labelNames: ['rollout', 'state'],
    registers,
    collect() {
      this.reset();
      for (const { value } of control.state.rollout.values()) {
        for (const state of STATES)
          this.set({ rollout: value.name, state }, value.status.state === state ? 1 : 0);
      }
    },
  });
  new Gauge({
    name: 'mirrorplane_rollout_step',
    help: 'Step of the rollout, from 1',
    labelNames: ['rollout'],
    registers,
    collect() {
      this.reset();
      for (const { value } of control.state.rollout.values())
        this.set({ rollout: value.name }, value.status.step + 1);
    },
  });
}

type Sum = NonNullable<ReturnType<Inspector['load']>>['sum'];
