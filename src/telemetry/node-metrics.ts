import { Counter, Gauge, type Registry } from 'prom-client';
import type { Control } from '../control/control.ts';
import type { NodeView } from '../model/node-status.ts';
import { sumTallies } from '../model/wallarm-status.ts';
import type { Counter as Counted, Tally } from '../model/wallarm-status.ts';

/** Undefined of a target that is no Wallarm node. */
export type NodesOf = (target: string) => readonly NodeView[] | undefined;

const COUNTERS: readonly (readonly [name: string, of: Counted, help: string])[] = [
  ['requests', 'requests', 'Requests that the nodes counted'],
  ['attacks', 'attacks', 'Attacks that the nodes recorded'],
  ['requests_lost', 'requestsLost', 'Requests that the nodes did not analyse to the end'],
  ['tnt_errors', 'tntErrors', 'Requests that did not reach postanalytics'],
  ['api_errors', 'apiErrors', 'Requests that did not reach the API'],
  ['segfaults', 'segfaults', 'Workers of the nodes that crashed'],
  ['memfaults', 'memfaults', 'Times that the nodes came to the end of their memory'],
];

/** What Wallarm nodes say of themselves, summed by target. What is not known is absent. */
export function addNodeMetrics(registry: Registry, control: Control, nodesOf: NodesOf): void {
  const registers = [registry];
  const labelNames = ['target'] as const;
  const targets = (): readonly (readonly [string, readonly NodeView[]])[] =>
    [...control.state.target.keys()].flatMap((name) => {
      const nodes = nodesOf(name);
      return nodes === undefined ? [] : [[name, nodes] as const];
    });
  new Gauge({
    name: 'mirrorplane_target_node_health',
    help: 'Nodes of the target, by what their own healthchecks say',
    labelNames: ['target', 'state'],
    registers,
    collect() {
      this.reset();
      for (const [target, nodes] of targets()) {
        const count = (healthy: boolean | undefined): number =>
          nodes.filter(({ health }) => health?.healthy === healthy).length;
        this.set({ target, state: 'healthy' }, count(true));
        this.set({ target, state: 'unhealthy' }, count(false));
        this.set({ target, state: 'unknown' }, count(undefined));
      }
    },
  });
  for (const [name, of, help] of COUNTERS) {
    new Counter({
      name: `mirrorplane_target_node_${name}_total`,
      help: `${help}, since the control plane read them first`,
      labelNames,
      registers,
      collect() {
        this.reset();
        for (const [target, nodes] of targets()) {
          const value = sumTallies(talliesOf(nodes))[of];
          if (value !== undefined) this.inc({ target }, value);
        }
      },
    });
  }
  new Gauge({
    name: 'mirrorplane_target_node_stalled_workers',
    help: 'Workers of the nodes that have been at one request for too long',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const [target, nodes] of targets()) {
        const counts = talliesOf(nodes).flatMap(({ last }) => last.stalledWorkersCount ?? []);
        if (counts.length > 0)
          this.set(
            { target },
            counts.reduce((sum, count) => sum + count, 0),
          );
      }
    },
  });
  new Gauge({
    name: 'mirrorplane_target_node_read_timestamp_seconds',
    help: 'When the counters of the node that was silent for longest were read',
    labelNames,
    registers,
    collect() {
      this.reset();
      for (const [target, nodes] of targets()) {
        const times = nodes.flatMap(({ readAt }) => readAt ?? []);
        if (times.length > 0) this.set({ target }, Math.min(...times) / 1000);
      }
    },
  });
}

/** Ports of one host share their counters. */
function talliesOf(nodes: readonly NodeView[]): readonly Tally[] {
  return [...new Set(nodes.flatMap(({ tally }) => tally ?? []))];
}
