import type { Addresses } from '../dataplanes/nginx/options.ts';
import { peersOf } from '../dataplanes/nginx/peers.ts';
import type { Plan, PlannedMirror } from '../dataplanes/nginx/plan.ts';
import { boundsOf } from './copy-outcome.ts';
import type { reacts } from './probe.ts';
import type { TargetHealth } from './target-health.ts';
import type { Clock } from './time.ts';

export interface TrialsOptions {
  readonly health: Pick<TargetHealth, 'tick' | 'due' | 'tryOut'>;
  /** Of the names in a plan. */
  readonly addresses: (plan: Plan) => Addresses;
  readonly reacts: typeof reacts;
  readonly clock: Clock;
  /** Something may be different now. */
  readonly tried: () => void;
}

/** Asks the targets that are switched off whether they are well, when it is time. */
export class Trials {
  readonly #options: TrialsOptions;
  readonly #underWay = new Set<string>();

  constructor(options: TrialsOptions) {
    this.#options = options;
  }

  tick(plan: Plan): void {
    const { health, clock, addresses } = this.#options;
    const now = clock.now();
    const destinations = plan.mirrors.map(
      ({ name, target }) => [name, JSON.stringify(target.endpoints)] as const,
    );
    health.tick(new Map(destinations), now);
    for (const name of health.due(now)) {
      const mirror = plan.mirrors.find((one) => one.name === name);
      if (mirror !== undefined && !this.#underWay.has(name)) void this.#tryOut(mirror, addresses(plan));
    }
  }

  async #tryOut({ name, target }: PlannedMirror, addresses: Addresses): Promise<void> {
    const { health, clock, reacts: ask, tried } = this.#options;
    this.#underWay.add(name);
    const { slowMs } = boundsOf(target.limits);
    const peers = await Promise.all(
      peersOf({ target }, addresses).map(async ({ host, port, text }) => ({
        text,
        reacts: await ask(host, port, target, slowMs),
      })),
    );
    this.#underWay.delete(name);
    const silent = peers.filter((peer) => !peer.reacts).map(({ text }) => text);
    health.tryOut(name, { silent, all: peers.length }, clock.now());
    tried();
  }
}
