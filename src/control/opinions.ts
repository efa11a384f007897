import type { Compiled } from '../dataplanes/data-plane.ts';
import type { Fleet } from '../model/fleet.ts';
import type { Issue } from '../model/issue.ts';
import type { State } from '../model/state.ts';
import type { Opinion, Validate } from './types.ts';
import { ControlError } from './types.ts';

/** A fleet with a structure that its data plane is to be asked about. */
export interface Question {
  readonly fleet: Fleet;
  readonly compiled: Compiled;
}

/**
 * What data planes themselves think of the structures of one write. To ask takes seconds, so it is done while others write;
 * who comes back to write finds the opinion here, or another structure to ask about.
 */
export class Opinions {
  readonly #validate: Validate | undefined;
  readonly #known = new Map<string, Opinion | undefined>();

  constructor(validate: Validate | undefined) {
    this.#validate = validate;
  }

  /** Structures that are not in force, and that nobody was asked about. */
  unasked(
    state: State,
    compiled: ReadonlyMap<string, Compiled | undefined>,
    inForce: ReadonlyMap<string, Compiled>,
  ): readonly Question[] {
    if (this.#validate === undefined) return [];
    return this.#changed(state, compiled, inForce).filter((question) => !this.#known.has(keyOf(question)));
  }

  /** Throws a {@link ControlError} (`unavailable`) where one cannot be asked. */
  async ask(questions: readonly Question[]): Promise<void> {
    for (const question of questions) {
      const { fleet, compiled } = question;
      try {
        this.#known.set(keyOf(question), await this.#validate?.(fleet, compiled));
      } catch (error) {
        const message = `${fleet.dataPlane} could not be asked about fleet "${fleet.name}", and nothing was changed; try again, and see the log`;
        throw new ControlError('unavailable', message, [], { cause: error });
      }
    }
  }

  /** The checks that were made, and what else was said. Throws a {@link ControlError} where one of them is against it. */
  heard(
    state: State,
    compiled: ReadonlyMap<string, Compiled | undefined>,
    inForce: ReadonlyMap<string, Compiled>,
  ): { readonly checks: readonly string[]; readonly warnings: readonly Issue[] } {
    const checks = new Set<string>();
    if ([...compiled.values()].some((made) => made !== undefined))
      for (const check of ['schema', 'references']) checks.add(check);
    const opinions = this.#changed(state, compiled, inForce).flatMap(
      (question) => this.#known.get(keyOf(question)) ?? [],
    );
    for (const { check } of opinions) if (check !== undefined) checks.add(check);
    const issues = opinions.flatMap((opinion) => opinion.issues);
    if (issues.length > 0) throw new ControlError('invalid', 'the data plane itself refuses it', issues);
    return { checks: [...checks], warnings: opinions.flatMap(({ warnings }) => warnings ?? []) };
  }

  #changed(
    state: State,
    compiled: ReadonlyMap<string, Compiled | undefined>,
    inForce: ReadonlyMap<string, Compiled>,
  ): readonly Question[] {
    return [...compiled].flatMap(([name, made]) => {
      const fleet = state.fleet.get(name)?.value;
      if (made === undefined || fleet === undefined) return [];
      return inForce.get(name)?.structure === made.structure ? [] : [{ fleet, compiled: made }];
    });
  }
}

/** What is known of a structure is so whatever its percents. */
function keyOf({ fleet, compiled }: Question): string {
  return JSON.stringify([fleet, compiled.structure]);
}
