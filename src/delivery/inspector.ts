import type { Compiled } from '../dataplanes/data-plane.ts';
import { formatPercent } from '../model/percent.ts';
import type { Verdict } from '../model/verdict.ts';
import type { Fleet } from './fleet.ts';
import type { Fleets } from './fleets.ts';
import { unproven } from './judge.ts';
import type { NodeRecord } from './node-record.ts';
import type { Nodes } from './nodes.ts';
import { RECENT_MS, observedLoad, recentLoad } from './observed.ts';
import type { Series } from './series.ts';
import type { DeliverySummary, FleetStatus, MirrorStatus, MirrorView, NodeStatus } from './types.ts';
import { type Due, mirrorView } from './view.ts';

/** Says how nodes, fleets and mirrors stand. Changes nothing. */
export class Inspector {
  readonly #fleets: Fleets;
  readonly #nodes: Pick<Nodes, 'get' | 'values'>;
  readonly #now: () => number;

  constructor(fleets: Fleets, nodes: Pick<Nodes, 'get' | 'values'>, now: () => number) {
    this.#fleets = fleets;
    this.#nodes = nodes;
    this.#now = now;
  }

  nodes(fleet?: string): readonly NodeStatus[] {
    return [...this.#nodes.values()]
      .filter((node) => fleet === undefined || node.fleet === fleet)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map((node) => this.#nodeStatus(node));
  }

  node(id: string): NodeStatus | undefined {
    const node = this.#nodes.get(id);
    return node === undefined ? undefined : this.#nodeStatus(node);
  }

  #nodeStatus(node: NodeRecord): NodeStatus {
    const fleet = this.#fleets.get(node.fleet);
    // A node that is away is not served, so nobody told it of its fleet's changes.
    if (!node.connected) {
      node.base = fleet?.delivery.goal;
      node.wanted = this.#fleets.wantedBy(node);
    }
    return node.status(this.#fleets.stateOf(node), this.#fleets.limitations(node));
  }

  fleetStatus(name: string): FleetStatus | undefined {
    const fleet = this.#fleets.get(name);
    return fleet && this.statusOf(fleet);
  }

  statusOf(fleet: Fleet): FleetStatus {
    const { good, change, refusal } = fleet.delivery;
    const watching = change?.completeAt !== undefined;
    const missing = change && unproven(fleet, change, this.#now());
    return {
      state: change ? (watching ? 'watching' : 'delivering') : refusal ? 'rejected' : 'settled',
      // A first one that was refused is all there is, and no good.
      good: good === undefined || good.structure === refusal?.structure ? null : good.revision,
      ...(change && {
        change: {
          revision: change.version.revision,
          nodes: change.granted.size,
          waiting: change.waiting.size,
          ...(missing !== undefined && { unproven: missing }),
        },
      }),
      ...(refusal && { rejected: refusal }),
      nodes: fleet.members.size,
    };
  }

  /** `revision`: of the write that is asked about; where that one was taken back, nobody has it. */
  summary(fleets: Iterable<string>, revision?: number): DeliverySummary {
    const count = { acked: 0, rejected: 0, pending: 0, unconfirmed: 0 };
    let verdict: Verdict | undefined;
    for (const name of new Set(fleets)) {
      const fleet = this.#fleets.get(name);
      if (fleet === undefined) continue;
      const takenBack = fleet.structureRevision === revision ? fleet.delivery.refusal : undefined;
      verdict ??= takenBack;
      for (const node of fleet.members) {
        const state = fleet.stateOf(node);
        count[takenBack && (state === 'acked' || state === 'unconfirmed') ? 'pending' : state] += 1;
      }
    }
    const { acked, rejected, pending, unconfirmed } = count;
    return {
      ...{ nodes: acked + rejected + pending + unconfirmed, acked, rejected, pending },
      ...(unconfirmed > 0 && { unconfirmed }),
      ...(verdict && { verdict }),
    };
  }

  mirrorStatus(name: string, mirror: string): MirrorStatus {
    const fleet = this.#fleets.get(name);
    const counts = new Map<number | null, number>();
    const members = this.#fleets.connected([name]);
    for (const node of members) {
      const ppm = fleet?.effectivePercent(node, mirror);
      const percent = ppm === undefined ? null : formatPercent(ppm);
      counts.set(percent, (counts.get(percent) ?? 0) + 1);
    }
    const known = [...counts].filter((entry): entry is [number, number] => entry[0] !== null);
    const nodes = known.reduce((sum, [, count]) => sum + count, 0);
    const mean = known.reduce((sum, [percent, count]) => sum + percent * count, 0) / nodes;
    const { nodes: total, acked, rejected, pending, unconfirmed } = this.summary([name]);
    const series = fleet?.loads.series(mirror);
    return {
      effectivePercent: nodes === 0 ? null : Math.round(mean * 10_000) / 10_000,
      effective: [...counts].map(([percent, count]) => ({ percent, nodes: count })),
      nodes: { total, acked, rejected, pending, ...(unconfirmed !== undefined && { unconfirmed }) },
      ...(fleet?.delivery.refusal && { rejected: fleet.delivery.refusal }),
      observed: observedLoad(members, mirror),
      recent: recentLoad(series?.all(this.#now() - RECENT_MS)),
    };
  }

  /** What gates are judged by, from reports that began at `from` or later (epoch milliseconds). */
  view(name: string, mirror: string, from: number, due?: Due): MirrorView | undefined {
    const fleet = this.#fleets.get(name);
    return fleet && mirrorView(fleet, mirror, from, due);
  }

  /** A mirror's load reports of the last hour: by second, and all together since this process began. */
  load(fleet: string, mirror: string): Pick<Series, 'points' | 'sum'> | undefined {
    return this.#fleets.get(fleet)?.loads.series(mirror);
  }

  /** What is pushed to a node of that id; without one, to those in every rollout's share. */
  compiled(fleet: string, node?: string): Compiled | undefined {
    return this.#fleets.get(fleet)?.compiledFor(node);
  }

  /** The document that nodes of this fleet fetch, for somebody who only looks. */
  peek(name: string): Buffer | undefined {
    const fleet = this.#fleets.get(name);
    const typeUrl = fleet?.dataPlane.polled?.typeUrl;
    const variant = fleet?.dataPlane.variantFor({ version: undefined, subscriptions: new Map() });
    if (fleet === undefined || typeUrl === undefined || variant === undefined) return undefined;
    const type = fleet.compiledFor(undefined)?.snapshot(variant).types.get(typeUrl);
    return type?.resources.values().next().value?.body;
  }

  /** Ids of the connected nodes of a fleet. */
  nodeIds(fleet: string): readonly string[] {
    return this.#fleets.connected([fleet]).map(({ id }) => id);
  }

  /** Addresses that the connected nodes of a fleet come from. */
  addresses(fleet: string): readonly string[] {
    const streams = this.#fleets.connected([fleet]).flatMap((node) => [...node.streams]);
    return streams.map(({ peer, protocol }) => (protocol === 'poll' ? peer : peer.replace(/:\d+$/, '')));
  }
}
