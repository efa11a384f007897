import { ControlError } from '../../../src/control/types.ts';
import { nodeHash } from '../../../src/model/spread.ts';
import type { RolloutState } from '../../../src/model/rollout.ts';
import { holdEnd, stepOf } from '../../../src/model/rollout-machine.ts';
import type { TypeSnapshot } from '../../../src/snapshot/snapshot.ts';
import { StoreError } from '../../../src/store/store.ts';
import { MemoryStore } from './memory-store.ts';
import { FLEET, MIRROR, type Reaction, SimulatedNode, type Surroundings } from './node.ts';
import { type Plane, bootPlane } from './plane.ts';
import { Random } from './random.ts';
import { ROLLOUT, Rules, STRUCTURE_HEADER, structureOf } from './rules.ts';
import {
  BAD_FOR_ALL,
  BAD_FOR_SOME,
  EVENTFUL_MS,
  GOOD,
  type Happening,
  type Scenario,
  makeScenario,
} from './scenario.ts';
import { SimulatedTime } from './time.ts';

const OPERATOR = { author: 'operator', reason: 'simulated' };
const LONGEST_MS = 30 * 60_000;
/** Longer than a node may take to acknowledge a structure, and all waves. */
const PATIENCE_MS = 40_000;
/** Longer than any time limit of the delivery or the plan. */
const REST_MS = 120_000;
const MAX_REPORT_MS = 5000;

export interface Outcome {
  readonly broken: readonly string[];
  readonly state: RolloutState;
  readonly step: number;
  readonly reason: string;
  readonly scenario: Scenario;
  /** Seconds of the simulation. */
  readonly seconds: number;
}

/** One rollout over a simulated fleet, from the first node to rest. */
export async function simulate(seed: number, nodes: number): Promise<Outcome> {
  const random = new Random(seed);
  return new World(random, makeScenario(random, nodes)).run();
}

class World implements Surroundings {
  readonly time = new SimulatedTime();
  readonly random: Random;
  readonly #scenario: Scenario;
  readonly #rules: Rules;
  readonly #store = new MemoryStore();
  readonly #nodes: SimulatedNode[] = [];
  readonly #stuck = new Set<SimulatedNode>();
  #plane: Plane | undefined;
  #isCalm = true;
  #trouble: 'copies' | 'primaries' | undefined;
  #troubleAt = Infinity;
  #stubborn: SimulatedNode | undefined;
  #written = `${GOOD}-at-first`;

  constructor(random: Random, scenario: Scenario) {
    this.random = random;
    this.#scenario = scenario;
    this.#rules = new Rules(scenario, () => this.time.now());
    this.#store.isFailing = () => !this.#isCalm && random.chance(scenario.habits.storeFailure);
  }

  async run(): Promise<Outcome> {
    const begun = this.time.now();
    await this.#furnish();
    const { control, driver } = this.#mustHavePlane();
    await control.putRollout(ROLLOUT, this.#scenario.plan, OPERATOR);
    await control.commandRollout(ROLLOUT, 'start', OPERATOR, driver.before(ROLLOUT));
    await this.#live();
    await this.#calmDown();
    const { state, step, reason } = this.#rules.rollout?.status ?? { state: 'pending', step: 0, reason: '' };
    this.#stopPlane();
    const seconds = (this.time.now() - begun) / 1000;
    return { broken: this.#rules.broken, state, step, reason, scenario: this.#scenario, seconds };
  }

  /** The first node has all that is to be had, and then the others come. */
  async #furnish(): Promise<void> {
    await this.#boot();
    const { control } = this.#mustHavePlane();
    await control.putConfig(FLEET, { text: '{"listeners":1}', format: 'json', adopt: false }, OPERATOR);
    await control.putTarget('wallarm', { endpoints: [{ host: 'wallarm', port: 8445 }] }, OPERATOR);
    const mirror = { fleet: FLEET, target: 'wallarm', percent: this.#scenario.baseline };
    await control.putMirror(MIRROR, { ...mirror, copy: copyWith(this.#written) }, OPERATOR);
    this.#addNode(0);
    await this.time.pass(60_000);
    for (let count = 1; count < this.#scenario.nodes; count++)
      this.#addNode(this.random.integer(0, 200) * 10);
    await this.time.pass(30_000);
  }

  #addNode(afterMs: number): void {
    const node = new SimulatedNode(`node-${this.#nodes.length}`, this, this.random.integer(5, 50));
    this.#nodes.push(node);
    this.#connectIn(node, afterMs);
  }

  #connectIn(node: SimulatedNode, ms: number): void {
    this.time.after(ms, () => this.#plane && node.connect(this.#plane.delivery));
  }

  async #boot(): Promise<void> {
    this.#plane = await bootPlane({
      ...{ store: this.#store, time: this.time, loadReportIntervalMs: MAX_REPORT_MS },
      onPublication: (publication) => this.#rules.published(publication, this.#nodes),
      onTrouble: (what) => this.#rules.break(what),
    });
  }

  #mustHavePlane(): Plane {
    if (this.#plane === undefined) throw new Error('the control plane is down');
    return this.#plane;
  }

  #stopPlane(): void {
    this.#plane?.stop();
    this.#plane = undefined;
  }

  /** Until the rollout has ended and all that was to happen has. */
  async #live(): Promise<void> {
    const begun = this.time.now();
    const happenings = [...this.#scenario.happenings];
    this.#isCalm = false;
    this.#churn();
    for (;;) {
      const now = this.time.now() - begun;
      for (let next = happenings[0]; next !== undefined && next.at <= now; next = happenings[0]) {
        happenings.shift();
        await this.#happen(next);
      }
      await this.#approve();
      const state = this.#rules.rollout?.status.state ?? 'pending';
      const isOver = happenings.length === 0 && ['done', 'aborted', 'paused'].includes(state);
      if (isOver || now >= LONGEST_MS) return;
      if (now >= EVENTFUL_MS) this.#isCalm = true;
      await this.time.pass(1000);
    }
  }

  #churn(): void {
    const { churn } = this.#scenario.habits;
    if (churn === 0) return;
    this.time.after(Math.ceil(((0.5 + this.random.next()) * 100) / churn) * 10, () => {
      if (this.#isCalm) return;
      const node = this.random.pick(this.#nodes);
      if (this.random.chance(0.1)) this.#addNode(0);
      else if (node.isConnected) {
        node.disconnect();
        if (!this.random.chance(0.1)) this.#connectIn(node, this.random.integer(1, 1500) * 10);
      }
      this.#churn();
    });
  }

  async #happen(what: Happening): Promise<void> {
    switch (what.kind) {
      case 'trouble':
        this.#trouble = what.of;
        this.#troubleAt = this.time.now();
        return;
      case 'stubborn':
        this.#stubborn = this.random.pick(this.#nodes);
        return;
      case 'crash':
        return this.#crash();
      default:
        // Once more where the disk was full: an operator would.
        for (let tries = 0; tries < 5; tries++) if (await this.#operate(what)) return;
    }
  }

  /** False where it could not be stored. */
  async #operate(what: Happening): Promise<boolean> {
    const { control, driver } = this.#mustHavePlane();
    try {
      if (what.kind === 'command') {
        await control.commandRollout(ROLLOUT, what.verb, OPERATOR, driver.before(ROLLOUT));
        if (what.verb === 'advance') this.#rules.wasAdvancedByHand = true;
      } else if (what.kind === 'structure') {
        await control.patchMirror(MIRROR, { copy: copyWith(what.structure) }, OPERATOR);
        this.#written = what.structure;
      } else if (what.kind === 'percent') {
        this.#rules.setByHand(what.percent);
        await control.patchMirror(MIRROR, { percent: what.percent }, OPERATOR);
      } else if (what.kind === 'stop') await control.stop(FLEET, OPERATOR);
      else if (what.kind === 'release') await control.release(FLEET, OPERATOR);
    } catch (error) {
      if (error instanceof StoreError) return false;
      if (!(error instanceof ControlError) || error.code !== 'conflict') throw error;
    }
    return true;
  }

  /** Killed: nobody is told anything. It is back a little later, and nodes find it one by one. */
  async #crash(): Promise<void> {
    this.#rules.crashed();
    this.#stopPlane();
    const connected = this.#nodes.filter(({ isConnected }) => isConnected);
    for (const node of connected) node.disconnect(false);
    await this.time.pass(this.random.integer(100, 5000));
    await this.#boot();
    for (const node of connected) this.#connectIn(node, this.random.integer(1, 300) * 10);
  }

  /** What waits for someone's word gets it. */
  async #approve(): Promise<void> {
    const { rollout } = this.#rules;
    if (rollout?.status.state !== 'holding' || stepOf(rollout).approval === 'none') return;
    if (rollout.status.approved || this.time.now() < holdEnd(rollout) + 3000) return;
    await this.#operate({ at: 0, kind: 'command', verb: 'advance' });
    if (this.#rules.rollout?.status.approved === true) this.#rules.wasAdvancedByHand = false;
  }

  /** Nothing fails any more, who hung is started again, no stop is left; and it comes to rest. */
  async #calmDown(): Promise<void> {
    this.#isCalm = true;
    await this.#operate({ at: 0, kind: 'release' });
    await this.time.pass(PATIENCE_MS);
    const { state: before } = this.#mustHavePlane().delivery.inspector.fleetStatus(FLEET) ?? {};
    if (before === 'delivering') this.#rules.break('who hangs is waited for without end');
    for (const node of this.#stuck) {
      if (!node.isConnected) continue;
      node.disconnect();
      this.#connectIn(node, 1000);
    }
    await this.time.pass(REST_MS);
    const { state } = this.#mustHavePlane().delivery.inspector.fleetStatus(FLEET) ?? {};
    const isWanted = state === 'settled' && this.#written.startsWith(GOOD);
    this.#rules.atTheEnd(this.#nodes, isWanted ? this.#written : undefined, this.#troubleAt);
    if (state !== 'settled' && state !== 'rejected') this.#rules.break(`the delivery is left ${state}`);
  }

  reactionTo(node: SimulatedNode, type: TypeSnapshot): Reaction {
    const { random } = this;
    const { slow, vanish, stick } = this.#scenario.habits;
    const afterMs = random.integer(1, random.chance(this.#isCalm ? 0 : slow) ? 400 : 25) * 10;
    if (isRefused(node, structureOf(type))) return { afterMs, does: 'nack' };
    if (node === this.#stubborn && (type.labels.get(MIRROR) ?? 0) >= 200_000)
      return { afterMs, does: 'nack' };
    if (this.#isCalm) return { afterMs, does: 'ack' };
    if (random.chance(stick)) {
      this.#stuck.add(node);
      return { afterMs, does: 'nothing' };
    }
    if (!random.chance(vanish)) return { afterMs, does: 'ack' };
    this.#connectIn(node, afterMs + random.integer(50, 1000) * 10);
    return { afterMs, does: 'vanish' };
  }

  failures(node: SimulatedNode): { readonly copies: number; readonly primaries: number } {
    const raised = (node.percent ?? 0) > this.#scenario.baseline * 10_000;
    return {
      copies: this.#trouble === 'copies' ? 0.6 : 0.001,
      primaries: this.#trouble === 'primaries' && raised ? 0.2 : 0.002,
    };
  }

  sent(node: SimulatedNode, type: TypeSnapshot): void {
    this.#rules.sent(node, type);
  }

  refused(_: SimulatedNode, type: TypeSnapshot): void {
    this.#rules.refused(structureOf(type));
  }

  vanished(node: SimulatedNode, type: TypeSnapshot): void {
    this.#rules.vanished(node, structureOf(type));
  }
}

function copyWith(structure: string): object {
  return { setHeaders: { [STRUCTURE_HEADER]: structure } };
}

function isRefused(node: SimulatedNode, structure: string): boolean {
  if (structure.startsWith(BAD_FOR_ALL)) return true;
  return structure.startsWith(BAD_FOR_SOME) && nodeHash('some', node.id) % 5 === 0;
}
