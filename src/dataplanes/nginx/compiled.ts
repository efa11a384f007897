import type { Issue } from '../../model/issue.ts';
import { formatPercent } from '../../model/percent.ts';
import type { Ppm } from '../../model/percent.ts';
import { contentHash, makeResource, makeSnapshot, makeTypeSnapshot } from '../../snapshot/build.ts';
import type { Snapshot } from '../../snapshot/snapshot.ts';
import type { Compiled } from '../data-plane.ts';
import { DRIVERS, type Driver, PLAN_TYPE, type Plan, encodePlan } from './plan.ts';
import { type Unshared, planOf } from './plan-of.ts';

/** What does not depend on percents. */
export interface Structure {
  readonly mirrors: readonly Unshared[];
  readonly warnings: readonly Issue[];
  readonly hash: string;
  readonly destinations: ReadonlyMap<string, string>;
}

export function structureOf(mirrors: readonly Unshared[], warnings: readonly Issue[]): Structure {
  const sorted = [...mirrors].sort((a, b) => (a.name < b.name ? -1 : 1));
  // When a mirror ends without its control plane is the agent's business, and no other configuration.
  const structural = sorted.map(({ expiresAfterMs: _, ...mirror }) => mirror);
  return {
    mirrors: sorted,
    warnings,
    hash: contentHash(JSON.stringify(structural)),
    destinations: new Map(sorted.map(({ name, target }) => [name, destinationOf(target)])),
  };
}

function destinationOf({ endpoints, tls }: Unshared['target']): string {
  const settings = tls && Object.entries(tls).sort(([a], [b]) => (a < b ? -1 : 1));
  return contentHash(JSON.stringify([endpoints.map(({ host, port }) => [host, port]), settings]));
}

/** One fleet at one revision. */
export class NginxCompiled implements Compiled {
  readonly #structure: Structure;
  readonly #percents: ReadonlyMap<string, Ppm>;
  readonly #plans = new Map<Driver, Plan>();
  readonly #snapshots = new Map<Driver, Snapshot>();

  constructor(structure: Structure, percents: ReadonlyMap<string, Ppm>) {
    this.#structure = structure;
    this.#percents = percents;
  }

  get warnings(): readonly Issue[] {
    const rounded = this.plan('reload').mirrors.flatMap(({ name, percent }) => {
      const wanted = this.#percents.get(name) ?? 0;
      if (percent === wanted) return [];
      return {
        path: `mirrors.${name}.percent`,
        message: `is ${formatPercent(percent)} where an NGINX has no Lua: it knows steps of 0.01`,
      };
    });
    return [...this.#structure.warnings, ...rounded];
  }

  get structure(): string {
    return this.#structure.hash;
  }

  get destinations(): ReadonlyMap<string, string> {
    return this.#structure.destinations;
  }

  withPercents(percents: ReadonlyMap<string, Ppm>): NginxCompiled {
    return new NginxCompiled(this.#structure, percents);
  }

  /** Of requests that are not copied NGINX tells nobody how they ended. */
  primaries(): undefined {
    return undefined;
  }

  plan(driver: Driver): Plan {
    const known = this.#plans.get(driver);
    if (known !== undefined) return known;
    const made = planOf(this.#structure.mirrors, driver, this.#percents);
    this.#plans.set(driver, made);
    return made;
  }

  snapshot(variant: string): Snapshot {
    const driver = driverOf(variant);
    const known = this.#snapshots.get(driver);
    if (known !== undefined) return known;
    const plan = this.plan(driver);
    const labels = new Map(plan.mirrors.map(({ name, percent }) => [name, percent]));
    const resource = makeResource(driver, encodePlan(plan));
    const made = makeSnapshot([makeTypeSnapshot(PLAN_TYPE, [resource], { labels })]);
    this.#snapshots.set(driver, made);
    return made;
  }

  resources(variant?: string): Readonly<Record<string, readonly unknown[]>> {
    return { plans: [this.plan(driverOf(variant))] };
  }
}

export function driverOf(variant: string | undefined): Driver {
  return DRIVERS.find((driver) => driver === variant) ?? 'reload';
}
