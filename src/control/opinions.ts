import type { Compiled } from '../dataplanes/data-plane.ts';
import type { Fleet } from '../model/fleet.ts';
import type { Issue } from '../model/issue.ts';
import type { State } from '../model/state.ts';
import type { Opinion, Validate } from './types.ts';
import { ControlError } from './types.ts';

type Compilation = ReadonlyMap<string, Compiled | undefined>;

/** A fleet with a structure that is not in force. */
interface Question {
  readonly fleet: Fleet;
  readonly compiled: Compiled;
}

/**
 * What data planes themselves think of the structures of one write. To ask takes seconds, so answers are waited for while
 * others write; who comes back to write finds the opinion here, or another structure to ask about.
 */
export class Opinions {
  readonly #validate: Validate | undefined;
  readonly #known = new Map<string, Opinion | undefined>();

  constructor(validate: Validate | undefined) {
    this.#validate = validate;
  }

  /**
   * Asks about the structures that are not in force. Undefined when all of it is known; else resolves when it is, with
   * what keeps it from being known.
   */
  ask(
    state: State,
    compiled: Compilation,
    inForce: Compilation,
  ): Promise<ControlError | undefined> | undefined {
    const answers = changed(state, compiled, inForce).flatMap((question) => this.#ask(question) ?? []);
    if (answers.length === 0) return undefined;
    return Promise.all(answers).then((all) => all.find((error) => error !== undefined));
  }

  #ask(question: Question): Promise<ControlError | undefined> | undefined {
    const { fleet, compiled } = question;
    const key = keyOf(question);
    if (this.#known.has(key)) return undefined;
    const opinion = this.#validate?.(fleet, compiled);
    if (!(opinion instanceof Promise)) {
      this.#known.set(key, opinion);
      return undefined;
    }
    return opinion.then(
      (said) => {
        this.#known.set(key, said);
        return undefined;
      },
      (error: unknown) => unavailable(fleet, error),
    );
  }

  /** The checks that were made, and what else was said. Throws a {@link ControlError} where one of them is against it. */
  heard(
    state: State,
    compiled: Compilation,
    inForce: Compilation,
  ): { readonly checks: readonly string[]; readonly warnings: readonly Issue[] } {
    const checks = new Set<string>();
    if ([...compiled.values()].some((made) => made !== undefined))
      for (const check of ['schema', 'references']) checks.add(check);
    const opinions = changed(state, compiled, inForce).flatMap(
      (question) => this.#known.get(keyOf(question)) ?? [],
    );
    for (const { check } of opinions) if (check !== undefined) checks.add(check);
    const issues = opinions.flatMap((opinion) => opinion.issues);
    if (issues.length > 0) throw new ControlError('invalid', 'the data plane itself refuses it', issues);
    return { checks: [...checks], warnings: opinions.flatMap(({ warnings }) => warnings ?? []) };
  }
}

function changed(state: State, compiled: Compilation, inForce: Compilation): readonly Question[] {
  return [...compiled].flatMap(([name, made]) => {
    const fleet = state.fleet.get(name)?.value;
    if (made === undefined || fleet === undefined) return [];
    return inForce.get(name)?.structure === made.structure ? [] : [{ fleet, compiled: made }];
  });
}

/** What is known of a structure is so whatever its percents. */
function keyOf({ fleet, compiled }: Question): string {
  return JSON.stringify([fleet, compiled.structure]);
}

function unavailable({ name, dataPlane }: Fleet, cause: unknown): ControlError {
  const message = `${dataPlane} could not be asked about fleet "${name}", and nothing was changed; try again, and see the log`;
  return new ControlError('unavailable', message, [], { cause });
}
