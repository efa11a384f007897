import type { Publication } from '../../../src/control/types.ts';
import { FULL } from '../../../src/model/percent.ts';
import type { Rollout } from '../../../src/model/rollout.ts';
import type { State } from '../../../src/model/state.ts';
import { isInShare } from '../../../src/model/spread.ts';
import { EVERY_FLEET } from '../../../src/model/stop.ts';
import type { TypeSnapshot } from '../../../src/snapshot/snapshot.ts';
import { FLEET, MIRROR, type SimulatedNode } from './node.ts';
import { BAD_FOR_ALL, GOOD, type Scenario } from './scenario.ts';

export const ROLLOUT = 'canary';

/** Header of copies that stands for the whole structure of a configuration. */
export const STRUCTURE_HEADER = 'x-structure';

const structures = new WeakMap<TypeSnapshot, string>();

/** The structure that a node is sent, read from the very bytes. */
export function structureOf(type: TypeSnapshot): string {
  const known = structures.get(type);
  if (known !== undefined) return known;
  const body = type.resources.get(MIRROR)?.body.toString() ?? '[]';
  const [one] = JSON.parse(body) as [{ mirror: { copy: { setHeaders: Record<string, string> } } }];
  const structure = one.mirror.copy.setHeaders[STRUCTURE_HEADER] ?? 'none';
  structures.set(type, structure);
  return structure;
}

interface Served {
  readonly nodes: Set<string>;
  /** Of these, who went away without an answer. */
  readonly gone: Set<string>;
  isRefused: boolean;
}

/** What must hold whatever happens, looked at from the side of the nodes. */
export class Rules {
  /** What did not hold, in words; at most a few of each run. */
  readonly broken: string[] = [];
  readonly #scenario: Scenario;
  readonly #now: () => number;
  readonly #served = new Map<string, Served>();
  /** Percents that someone set by hand, in ppm. */
  readonly #byHand = new Set<number>();
  /** Counts what makes nodes leave the share: a hand, the end of a run. */
  #era = 0;
  #crashes = 0;
  wasAdvancedByHand = false;
  state: State | undefined;

  constructor(scenario: Scenario, now: () => number) {
    this.#scenario = scenario;
    this.#now = now;
  }

  break(rule: string): void {
    if (this.broken.length < 5) this.broken.push(`at ${this.#now() / 1000} s: ${rule}`);
  }

  setByHand(percent: number): void {
    this.#byHand.add(percent * 10_000);
    this.#era += 1;
  }

  crashed(): void {
    this.#crashes += 1;
  }

  get rollout(): Rollout | undefined {
    return this.state?.rollout.get(ROLLOUT)?.value;
  }

  get isStopped(): boolean {
    return this.state?.stop.has(FLEET) === true || this.state?.stop.has(EVERY_FLEET) === true;
  }

  sent(node: SimulatedNode, type: TypeSnapshot): void {
    this.#checkPercent(node, type.labels.get(MIRROR));
    this.#checkStructure(node, structureOf(type));
  }

  #checkPercent(node: SimulatedNode, percent: number | undefined): void {
    const { rollout, isStopped } = this;
    if (isStopped) {
      if (percent !== 0) this.break(`${node.id} is sent ${percent} ppm under a stop`);
      return;
    }
    const status = rollout?.status;
    const begun = status === undefined || status.run === 0 ? 0 : status.step + 1;
    const steps = rollout?.steps.slice(0, begun).map((step) => step.percent) ?? [];
    const baseline = this.#scenario.baseline * 10_000;
    if (percent === undefined || ![baseline, ...steps, ...this.#byHand].includes(percent)) {
      this.break(`${node.id} is sent ${percent} ppm, which is no percent of the plan so far`);
    }
    const life = `${this.#era}/${status?.run}`;
    if (percent !== undefined && steps.includes(percent)) node.stepOf = life;
    else if (percent === baseline && node.stepOf === life) this.break(`${node.id} fell out of the share`);
  }

  #checkStructure(node: SimulatedNode, structure: string): void {
    const served = this.#servedOf(structure);
    if (served.isRefused) this.break(`${node.id} is sent "${structure}", which was refused`);
    served.nodes.add(node.id);
    if (!structure.startsWith(BAD_FOR_ALL)) return;
    // The probe; another where the one before went away, or we did.
    const most = 1 + served.gone.size + this.#crashes;
    if (served.nodes.size > most) {
      this.break(`${served.nodes.size} nodes were sent what the first refuses, and not ${most}`);
    }
  }

  #servedOf(structure: string): Served {
    const served = this.#served.get(structure) ?? { nodes: new Set(), gone: new Set(), isRefused: false };
    this.#served.set(structure, served);
    return served;
  }

  refused(structure: string): void {
    if (!structure.startsWith(GOOD)) this.#servedOf(structure).isRefused = true;
  }

  vanished(node: SimulatedNode, structure: string): void {
    this.#servedOf(structure).gone.add(node.id);
  }

  published({ revision, changes, state }: Publication, nodes: readonly SimulatedNode[]): void {
    this.state = state;
    this.#checkShare(changes, nodes);
    for (const change of changes) {
      if (change.kind !== 'rollout' || change.before === undefined || change.after === undefined) continue;
      const [before, after] = [change.before.status, change.after.status];
      if (after.run === before.run && ![before.step, before.step + 1].includes(after.step)) {
        this.break(`from step ${before.step} to ${after.step}`);
      }
      if (after.handSet && !before.handSet && revision.author === 'mirrorplane') {
        this.break('it takes what it did itself for a hand');
      }
      if (after.state !== 'aborting' || before.state === 'aborting') continue;
      this.#era += 1;
      const mirror = state.mirror.get(MIRROR)?.value;
      const back = after.baseline[MIRROR] ?? FULL;
      if (mirror === undefined || mirror.percent > back || mirror.spread !== undefined) {
        this.break('an abort did not first of all put the percent back');
      }
    }
  }

  /** Which nodes are connected just then must not make a share larger than the plan says; some come and go. */
  #checkShare(changes: Publication['changes'], nodes: readonly SimulatedNode[]): void {
    const mirror = changes.find(({ kind, name }) => kind === 'mirror' && name === MIRROR);
    const spread = mirror?.kind === 'mirror' ? mirror.after?.spread : undefined;
    if (spread === undefined || (mirror?.kind === 'mirror' && mirror.before?.spread === spread)) return;
    const count = nodes.filter(({ id }) => isInShare(spread, id)).length;
    const wanted = (nodes.length * spread.fleetPercent) / FULL;
    if (count > wanted * 1.25 + 5) this.break(`the share is of ${count} nodes, and not of ${wanted}`);
  }

  /** When everything that could come to rest has. `structure`: what all are to have, where that is known. */
  atTheEnd(nodes: readonly SimulatedNode[], structure: string | undefined, troubleAt: number): void {
    const status = this.rollout?.status;
    const mirror = this.state?.mirror.get(MIRROR)?.value;
    if (status === undefined || mirror === undefined) return this.break('it is gone');
    if (!['done', 'aborted', 'paused'].includes(status.state) && !this.#waitsForTheGone(nodes)) {
      this.break(`it ends ${status.state}`);
    }
    // Later runs begin where the trouble is already.
    const isFirst = status.run === 1 && this.#byHand.size === 0;
    if (
      isFirst &&
      status.state === 'done' &&
      !this.wasAdvancedByHand &&
      (status.appliedAt ?? 0) > troubleAt
    ) {
      this.break('it went on to its end while everything failed');
    }
    const isWhole = mirror.spread === undefined;
    if (status.state === 'aborted' && !isWhole) this.break('after an abort some nodes are apart');
    const left = new Set<string>();
    for (const node of nodes) {
      // Who refuses what it is to have keeps what it had.
      if (!node.isConnected || node.isRefusing) continue;
      const percents = [mirror.percent, ...(mirror.spread === undefined ? [] : [mirror.spread.rest])];
      if (!percents.includes(node.percent ?? -1)) {
        this.break(`${node.id} is left with ${node.percent} ppm`);
      }
      left.add(node.applied === undefined ? 'nothing' : structureOf(node.applied));
    }
    const [one = '', ...others] = left;
    if (others.length > 0 || !one.startsWith(GOOD) || (structure !== undefined && one !== structure)) {
      this.break(
        `nodes are left with "${[...left].join('", "')}", and not all with "${structure ?? 'a good one'}"`,
      );
    }
    const back = status.baseline[MIRROR] ?? -1;
    if (status.state === 'aborted' && this.#byHand.size === 0 && mirror.percent !== back) {
      this.break(`after an abort the percent is ${mirror.percent} ppm, and not ${back}`);
    }
  }
  /** It was told to wait without data, says so, and all nodes that could give it have left. */
  #waitsForTheGone(nodes: readonly SimulatedNode[]): boolean {
    const { missingData, status } = this.rollout ?? {};
    const spread = this.state?.mirror.get(MIRROR)?.value.spread;
    if (missingData !== 'wait' || status?.reason.startsWith('waits: no node') !== true) return false;
    return !nodes.some(({ id, isConnected }) => isConnected && (!spread || isInShare(spread, id)));
  }
}
