import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Control } from '../control/control.ts';
import type { Delivery } from '../delivery/delivery.ts';
import { formatPercent } from '../model/percent.ts';
import { addMirrorMetrics } from './mirror-metrics.ts';
import { type NodesOf, addNodeMetrics } from './node-metrics.ts';

export interface Metrics {
  readonly contentType: string;
  render(): Promise<string>;
  observeRequest(method: string, route: string, status: number, seconds: number): void;
  close(): void;
}

/** Prometheus metrics. Labels are fleets, mirrors, types and routes: never nodes, of which there are thousands. */
export function createMetrics(control: Control, delivery: Delivery, nodesOf: NodesOf): Metrics {
  const { inspector } = delivery;
  const registry = new Registry();
  // The default looks at the event loop 100 times a second, which is most of what an idle server does.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 1000 });
  const registers = [registry];
  // Counted by hand and shown on a scrape: a push to a fleet is thousands of them.
  const responses = { acked: new Map<string, number>(), rejected: new Map<string, number>() };
  new Counter({
    name: 'mirrorplane_node_responses_total',
    help: 'Acknowledgements and rejections by nodes',
    labelNames: ['result', 'type'],
    registers,
    collect() {
      this.reset();
      for (const [result, counts] of Object.entries(responses)) {
        for (const [typeUrl, count] of counts)
          this.inc({ result, type: typeUrl.slice(typeUrl.lastIndexOf('.') + 1) }, count);
      }
    },
  });
  const requests = new Histogram({
    name: 'mirrorplane_http_request_duration_seconds',
    help: 'REST requests',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  new Gauge({
    name: 'mirrorplane_revision',
    help: 'Latest revision',
    registers,
    collect() {
      this.set(control.state.revision);
    },
  });
  new Gauge({
    name: 'mirrorplane_nodes',
    help: 'Connected nodes by state against what their fleet should have',
    labelNames: ['fleet', 'state'],
    registers,
    collect() {
      this.reset();
      for (const fleet of control.state.fleet.keys()) {
        const { acked, rejected, pending, unconfirmed = 0 } = inspector.summary([fleet]);
        for (const [state, count] of Object.entries({ acked, rejected, pending, unconfirmed }))
          this.set({ fleet, state }, count);
      }
    },
  });
  const mirrorLabels = ['mirror', 'fleet', 'target'] as const;
  new Gauge({
    name: 'mirrorplane_mirror_percent',
    help: 'Percent asked for',
    labelNames: mirrorLabels,
    registers,
    collect() {
      this.reset();
      for (const { value } of control.state.mirror.values()) {
        this.set(
          { mirror: value.name, fleet: value.fleet, target: value.target },
          formatPercent(value.percent),
        );
      }
    },
  });
  new Gauge({
    name: 'mirrorplane_mirror_effective_percent',
    help: 'Mean over connected nodes of the percent each acknowledged; absent while no node is connected',
    labelNames: mirrorLabels,
    registers,
    collect() {
      this.reset();
      for (const { value } of control.state.mirror.values()) {
        const { effectivePercent } = inspector.mirrorStatus(value.fleet, value.name);
        const labels = { mirror: value.name, fleet: value.fleet, target: value.target };
        if (effectivePercent !== null) this.set(labels, effectivePercent);
      }
    },
  });
  addMirrorMetrics(registry, control, inspector);
  addNodeMetrics(registry, control, nodesOf);
  const unsubscribe = delivery.subscribe((event) => {
    if (event.kind !== 'acked' && event.kind !== 'rejected') return;
    const counts = responses[event.kind];
    counts.set(event.typeUrl, (counts.get(event.typeUrl) ?? 0) + 1);
  });
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    observeRequest: (method, route, status, seconds) => requests.observe({ method, route, status }, seconds),
    close: unsubscribe,
  };
}
