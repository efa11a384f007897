import type { Compiled, DataPlane } from '../dataplanes/data-plane.ts';
import type { Issue } from '../model/issue.ts';
import type { DiffEntry, Revision } from '../model/revision.ts';
import { applyChanges, mirrorsOf } from '../model/state.ts';
import type { Change, Kind, State } from '../model/state.ts';
import { StoreError } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import { planInabilities } from './abilities.ts';
import { affectedFleets, compileFleets, fleetsOf } from './compile.ts';
import { diffChanges } from './diff.ts';
import type { ConfigFacts, ConfigFactsOf } from './diff.ts';
import type { Draft } from './draft.ts';
import type { NativeConfigs } from './native-configs.ts';
import { Opinions } from './opinions.ts';
import { pauseMoved } from './overlays.ts';
import { requireMatch } from './preconditions.ts';
import { Queue } from './queue.ts';
import { requireReferences, requireSound } from './references.ts';
import type { Subject } from './references.ts';
import { Standing } from './standing.ts';
import { type Sight, newAmong, sightOf } from './surroundings.ts';
import { ControlError } from './types.ts';
import type { Publication, Validate, WriteContext, WriteOutcome } from './types.ts';

export interface WriterOptions {
  readonly store: Store;
  readonly dataPlanes: ReadonlyMap<string, DataPlane>;
  readonly natives: NativeConfigs;
  readonly clock: () => Date;
  readonly validate: Validate | undefined;
  /** Told of each accepted write, in order. */
  readonly publish: (publication: Publication) => void;
}

/** Not written yet. */
interface Asking {
  readonly asking: Promise<ControlError | undefined>;
}

/** Each after a write of others that changed the same structure, while the data plane was asked. */
const MAX_ATTEMPTS = 5;

export type MakeDraft<D extends Draft> = (state: State) => D | Promise<D>;

/**
 * One write after the other: draft, conditions, references, compilation of every fleet it affects, the data plane's own
 * opinion, one transaction, publication. What is refused on the way changed nothing. `makeDraft` may be asked again.
 */
export class Writer {
  readonly #options: WriterOptions;
  readonly #queue = new Queue();
  readonly #compiled = new Map<string, Compiled>();
  readonly #standing = new Standing((state, fleet) => this.#saidOf(state, fleet));
  #state: State;
  #closed = false;

  constructor(options: WriterOptions, state: State) {
    this.#options = options;
    this.#state = state;
  }

  get state(): State {
    return this.#state;
  }

  compiled(fleet: string): Compiled | undefined {
    return this.#compiled.get(fleet);
  }

  write<K extends Kind, D extends Draft>(
    subject: Subject | undefined,
    context: WriteContext,
    makeDraft: MakeDraft<D>,
  ): Promise<WriteOutcome<K> & { draft: D }> {
    if (this.#closed) return Promise.reject(new StoreError('no more writes: the control plane is stopping'));
    return this.#ask((opinions) => this.#writeNow<K, D>(subject, context, makeDraft, opinions));
  }

  /**
   * Tries in the queue, and asks outside of it: what takes seconds must not hold up a stop. What was written meanwhile may
   * have made another structure of it, to be asked about anew.
   */
  async #ask<T extends object>(attempt: (opinions: Opinions) => Promise<T | Asking>): Promise<T> {
    const opinions = new Opinions(this.#options.validate);
    for (let left = MAX_ATTEMPTS; ; left -= 1) {
      const result = await this.#queue.run(() => attempt(opinions));
      if (!('asking' in result)) return result;
      if (left === 0)
        throw new ControlError('conflict', 'others wrote first each time it had been checked: try again');
      const error = await result.asking;
      if (error !== undefined) throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue.idle();
  }

  async #writeNow<K extends Kind, D extends Draft>(
    subject: Subject | undefined,
    context: WriteContext,
    makeDraft: MakeDraft<D>,
    opinions: Opinions,
  ): Promise<(WriteOutcome<K> & { draft: D }) | Asking> {
    const { dataPlanes, natives, clock, store, publish } = this.#options;
    const state = this.#state;
    const draft = await makeDraft(state);
    requireMatch(state, subject, context);
    const now = clock();
    const pauses = pauseMoved(state, draft.changes, { actor: context.author, now: now.getTime() });
    const changes = [...draft.changes, ...pauses];
    const revision = changes.length === 0 ? state.revision : state.revision + 1;
    const next = changes.length === 0 ? state : applyChanges(state, revision, changes);
    requireReferences(next, changes, subject);
    const unable = subject === undefined ? [] : planInabilities(next, dataPlanes, subject);
    if (unable.length > 0) throw new ControlError('invalid', 'its fleets cannot do what it plans', unable);
    const fleets = affectedFleets(state, next, changes);
    const compiled = await compileFleets(next, fleets, dataPlanes, natives);
    const sight = this.#sightOf(next, fleets);
    const loops = sight.loops.length === 0 ? [] : newAmong(sight.loops, this.#sightOf(state, fleets));
    const issues = [...(compiled.ok ? [] : compiled.issues), ...loops];
    if (!compiled.ok || issues.length > 0)
      throw new ControlError('invalid', 'a fleet could not be configured with it', issues);
    const asking = opinions.ask(next, compiled.value, this.#compiled);
    if (asking !== undefined) return { asking };
    const opinion = opinions.heard(next, compiled.value, this.#compiled);
    const diff = await this.#diff(state, next, { ...draft, changes });
    if (changes.length > 0 && context.dryRun !== true) {
      const { author, reason } = context;
      const made: Revision = Object.freeze({ revision, time: now.toISOString(), author, reason, diff });
      await store.commit({ revision: made, changes, blobs: draft.blobs });
      this.#state = next;
      this.#take(compiled.value);
      publish({ revision: made, changes, state: next, fleets: compiled.value });
    }
    const entries = subject && next[subject.kind];
    // A restore is of everything; where it changes something, of that.
    const everywhere = changes.length === 0 ? [...next.fleet.keys()] : [];
    const own = subject === undefined ? everywhere : fleetsOf(next, subject.kind, subject.name);
    const asked = own.filter((fleet) => next.config.has(fleet));
    return {
      entry: subject && (entries?.get(subject.name) as WriteOutcome<K>['entry']),
      created:
        subject !== undefined &&
        !state[subject.kind].has(subject.name) &&
        entries?.has(subject.name) === true,
      revision,
      changes,
      diff,
      warnings: [
        ...draft.warnings,
        ...compiled.warnings,
        ...opinion.warnings,
        ...sight.loops,
        ...sight.warnings,
        ...pauses.map(pauseWarning),
      ] satisfies readonly Issue[],
      fleets: [...new Set([...fleets, ...asked])].sort(),
      checks: opinion.checks,
      draft,
    };
  }

  #sightOf(state: State, fleets: readonly string[]): Sight {
    return sightOf(state, fleets, (fleet) => {
      const config = state.config.get(fleet)?.value;
      const dataPlane = state.fleet.get(fleet)?.value.dataPlane;
      return config && this.#options.natives.peek(config, dataPlane ?? '')?.surroundings;
    });
  }

  /** What stands to be said of a mirror as things are, whatever write brought it about. */
  standing(mirror: string): readonly Issue[] {
    return this.#standing.of(this.#state, mirror);
  }

  #saidOf(state: State, fleet: string): readonly Issue[] {
    const { loops, warnings } = this.#sightOf(state, [fleet]);
    return [...(this.#compiled.get(fleet)?.warnings ?? unconfigured(state, fleet)), ...loops, ...warnings];
  }

  #take(compiled: ReadonlyMap<string, Compiled | undefined>): void {
    for (const [fleet, made] of compiled) {
      if (made === undefined) this.#compiled.delete(fleet);
      else this.#compiled.set(fleet, made);
    }
  }

  async #diff(
    before: State,
    after: State,
    { changes, blobs }: Pick<Draft, 'changes' | 'blobs'>,
  ): Promise<readonly DiffEntry[]> {
    const { natives } = this.#options;
    const factsIn = async (state: State, fleet: string): Promise<ConfigFacts | undefined> => {
      const config = state.config.get(fleet)?.value;
      const dataPlane = state.fleet.get(fleet)?.value.dataPlane;
      if (config === undefined || dataPlane === undefined) return undefined;
      return {
        text: blobs.get(config.digest) ?? (await natives.text(config)),
        counts: natives.peek(config, dataPlane)?.counts ?? {},
        format: natives.formatOf(config, dataPlane),
      };
    };
    const facts = new Map<string, ConfigFactsOf>();
    for (const { kind, name } of changes) {
      if (kind !== 'config') continue;
      facts.set(name, { before: await factsIn(before, name), after: await factsIn(after, name) });
    }
    return diffChanges(changes, facts);
  }

  /** Compiles what is stored. Throws a {@link StoreError} when any of it is damaged or no longer good. */
  async compileAll(): Promise<void> {
    requireSound(this.#state);
    const everything: Change[] = [...this.#state.fleet].map(([name, { value }]) => {
      return { kind: 'fleet', name, before: undefined, after: value };
    });
    for (const fleet of affectedFleets(this.#state, this.#state, everything)) {
      const made = await this.compileAt(this.#state, fleet);
      if (made !== undefined) this.#compiled.set(fleet, made);
    }
  }

  /** One fleet as it is in `state`; undefined without a config. */
  async compileAt(state: State, fleet: string): Promise<Compiled | undefined> {
    const { dataPlanes, natives } = this.#options;
    const result = await compileFleets(state, [fleet], dataPlanes, natives);
    if (result.ok) return result.value.get(fleet);
    const words = result.issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
    throw new StoreError(`the stored config of the fleet "${fleet}" is not good for this version: ${words}`);
  }
}

function unconfigured(state: State, fleet: string): readonly Issue[] {
  return mirrorsOf(state, fleet).map(({ mirror }) => ({
    path: `mirrors.${mirror.name}.fleet`,
    message: `fleet "${fleet}" has no config, so nothing is copied`,
  }));
}

function pauseWarning({ name }: Change): Issue {
  return {
    path: 'percent',
    message: `rollout "${name}" moves this mirror and was paused: resume or abort it`,
  };
}
