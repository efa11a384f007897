import type { Compiled, DataPlane, NativeConfig } from '../dataplanes/data-plane.ts';
import type { Issue } from '../model/issue.ts';
import type { DiffEntry, Revision } from '../model/revision.ts';
import { applyChanges } from '../model/state.ts';
import type { Change, Kind, State } from '../model/state.ts';
import { StoreError } from '../store/store.ts';
import type { Store } from '../store/store.ts';
import { affectedFleets, compileFleets } from './compile.ts';
import { diffChanges } from './diff.ts';
import type { ConfigFacts, ConfigFactsOf } from './diff.ts';
import { draftConfig } from './draft-config.ts';
import type { ConfigDraft } from './draft-config.ts';
import { draftPatch, draftPut, draftRemoval, draftRestore, makeChecks, notFound } from './draft.ts';
import type { Checks, Draft, ObjectKind } from './draft.ts';
import { NativeConfigs } from './native-configs.ts';
import { Queue } from './queue.ts';
import { requireExisting, requireMatch } from './preconditions.ts';
import { requireReferences, requireSound } from './references.ts';
import type { Subject } from './references.ts';
import { ControlError } from './types.ts';
import type { ConfigInput, ConfigOutcome, Publication, WriteContext, WriteOutcome } from './types.ts';

export interface ControlOptions {
  readonly store: Store;
  /** By the fleet's `dataPlane`. */
  readonly dataPlanes: ReadonlyMap<string, DataPlane>;
  readonly clock: () => Date;
  /** Told of what a listener threw, which stops neither the write nor the other listeners. */
  readonly onListenerError?: (error: unknown) => void;
}

/**
 * The one way to write. Every write is checked against everything else and compiled for all fleets it affects before
 * it is stored; then it is published. Writes run one after the other in the order they came. A write that is refused
 * rejects with {@link ControlError}, one that cannot be stored with {@link StoreError}; either way nothing changed.
 */
export class Control {
  readonly #store: Store;
  readonly #dataPlanes: ReadonlyMap<string, DataPlane>;
  readonly #clock: () => Date;
  readonly #onListenerError: (error: unknown) => void;
  readonly #checks: Checks;
  readonly #natives: NativeConfigs;
  readonly #queue = new Queue();
  readonly #listeners = new Set<(publication: Publication) => void>();
  readonly #compiled = new Map<string, Compiled>();
  #state: State;
  #closed = false;

  private constructor(options: ControlOptions, state: State) {
    this.#store = options.store;
    this.#dataPlanes = options.dataPlanes;
    this.#clock = options.clock;
    this.#onListenerError = options.onListenerError ?? throwLater;
    this.#checks = makeChecks([...options.dataPlanes.keys()]);
    this.#natives = new NativeConfigs(options.dataPlanes, options.store);
    this.#state = state;
  }

  /**
   * Loads what is stored, reads its configs and compiles every fleet. Throws a {@link StoreError} when any of it is
   * damaged or no longer good: nothing is served before all of it is.
   */
  static async open(options: ControlOptions): Promise<Control> {
    const control = new Control(options, await options.store.load());
    await control.#compileAll();
    return control;
  }

  get state(): State {
    return this.#state;
  }

  /** Undefined when there is no such fleet or it has no config. */
  compiled(fleet: string): Compiled | undefined {
    return this.#compiled.get(fleet);
  }

  /** The fleet's config as its data plane read it; undefined without one. */
  nativeConfig(fleet: string): NativeConfig | undefined {
    const config = this.#state.config.get(fleet)?.value;
    const dataPlane = this.#state.fleet.get(fleet)?.value.dataPlane;
    return config && dataPlane !== undefined ? this.#natives.peek(config, dataPlane) : undefined;
  }

  /** The fleet's config as its owner wrote it. `not-found` without one. */
  async nativeConfigText(fleet: string): Promise<{ text: string; format: 'yaml' | 'json' }> {
    const config = this.#state.config.get(fleet)?.value;
    if (config === undefined) throw notFound('config', fleet);
    return { text: await this.#natives.text(config), format: config.format };
  }

  /** `listener` is called after each accepted write, in order. Returns what ends that. */
  subscribe(listener: (publication: Publication) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  putFleet(name: string, input: unknown, context: WriteContext): Promise<WriteOutcome<'fleet'>> {
    return this.#put('fleet', name, input, context);
  }

  putTarget(name: string, input: unknown, context: WriteContext): Promise<WriteOutcome<'target'>> {
    return this.#put('target', name, input, context);
  }

  putMirror(name: string, input: unknown, context: WriteContext): Promise<WriteOutcome<'mirror'>> {
    return this.#put('mirror', name, input, context);
  }

  /** `patch`: a JSON merge patch (RFC 7396) on the REST form. */
  patchFleet(name: string, patch: unknown, context: WriteContext): Promise<WriteOutcome<'fleet'>> {
    return this.#patch('fleet', name, patch, context);
  }

  patchTarget(name: string, patch: unknown, context: WriteContext): Promise<WriteOutcome<'target'>> {
    return this.#patch('target', name, patch, context);
  }

  patchMirror(name: string, patch: unknown, context: WriteContext): Promise<WriteOutcome<'mirror'>> {
    return this.#patch('mirror', name, patch, context);
  }

  /** The fleet is made if absent. The same config again changes nothing. */
  async putConfig(fleet: string, input: ConfigInput, context: WriteContext): Promise<ConfigOutcome> {
    const { draft, ...outcome } = await this.#write<'config', ConfigDraft>(
      { kind: 'config', name: fleet },
      context,
      (state) => draftConfig(state, this.#natives, fleet, input),
    );
    const { targets, mirrors } = draft.adopted;
    return { ...outcome, counts: draft.native.counts, adopted: { targets, mirrors } };
  }

  /** `conflict` while it is in use. A fleet goes with its config. */
  remove<K extends ObjectKind>(kind: K, name: string, context: WriteContext): Promise<WriteOutcome<K>> {
    return this.#writeObject(kind, name, context, (state) => {
      requireExisting(state, kind, name);
      return draftRemoval(state, kind, name);
    });
  }

  /** Makes everything what it was right after `revision`, as a new revision. */
  async restore(revision: number, context: WriteContext): Promise<WriteOutcome> {
    const reason = context.reason ?? `restore of revision ${revision}`;
    const { draft, ...outcome } = await this.#write(undefined, { ...context, reason }, async (state) => {
      const goal = await this.#store.stateAt(revision);
      if (goal === undefined) throw new ControlError('not-found', `there is no revision ${revision}`);
      return draftRestore(state, goal);
    });
    return outcome;
  }

  /** Newest first. */
  revisions(page: { limit: number; before?: number | undefined }): Promise<readonly Revision[]> {
    return this.#store.revisions(page);
  }

  /** `not-found` when there is none. */
  async revision(n: number): Promise<Revision> {
    const revision = await this.#store.revision(n);
    if (revision === undefined) throw new ControlError('not-found', `there is no revision ${n}`);
    return revision;
  }

  /** Refuses further writes and waits for those under way. The store stays open. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#queue.idle();
  }

  #put<K extends ObjectKind>(kind: K, name: string, input: unknown, context: WriteContext) {
    return this.#writeObject(kind, name, context, (state) =>
      draftPut(state, this.#checks, kind, name, input),
    );
  }

  #patch<K extends ObjectKind>(kind: K, name: string, patch: unknown, context: WriteContext) {
    return this.#writeObject(kind, name, context, (state) => {
      requireExisting(state, kind, name);
      return draftPatch(state, this.#checks, kind, name, patch);
    });
  }

  async #writeObject<K extends ObjectKind>(
    kind: K,
    name: string,
    context: WriteContext,
    makeDraft: (state: State) => Draft,
  ): Promise<WriteOutcome<K>> {
    const { draft, ...outcome } = await this.#write<K, Draft>({ kind, name }, context, makeDraft);
    return outcome;
  }

  #write<K extends Kind, D extends Draft>(
    subject: Subject | undefined,
    context: WriteContext,
    makeDraft: (state: State) => D | Promise<D>,
  ): Promise<WriteOutcome<K> & { draft: D }> {
    if (this.#closed) return Promise.reject(new StoreError('no more writes: the control plane is stopping'));
    return this.#queue.run(() => this.#writeNow<K, D>(subject, context, makeDraft));
  }

  async #writeNow<K extends Kind, D extends Draft>(
    subject: Subject | undefined,
    context: WriteContext,
    makeDraft: (state: State) => D | Promise<D>,
  ): Promise<WriteOutcome<K> & { draft: D }> {
    const state = this.#state;
    const draft = await makeDraft(state);
    requireMatch(state, subject, context);
    const { changes } = draft;
    const revision = changes.length === 0 ? state.revision : state.revision + 1;
    const next = changes.length === 0 ? state : applyChanges(state, revision, changes);
    requireReferences(next, changes, subject);
    const fleets = affectedFleets(state, next, changes);
    const compiled = await compileFleets(next, fleets, this.#dataPlanes, this.#natives);
    if (!compiled.ok)
      throw new ControlError('invalid', 'a fleet could not be configured with it', compiled.issues);
    const diff = await this.#diff(state, next, draft);
    if (changes.length > 0 && context.dryRun !== true) {
      const { author, reason } = context;
      const time = this.#clock().toISOString();
      const made: Revision = Object.freeze({ revision, time, author, reason, diff });
      await this.#store.commit({ revision: made, changes, blobs: draft.blobs });
      this.#publish({ revision: made, state: next, fleets: compiled.value });
    }
    return {
      entry: subject && (next[subject.kind].get(subject.name) as WriteOutcome<K>['entry']),
      created: subject !== undefined && !state[subject.kind].has(subject.name),
      revision,
      changes,
      diff,
      warnings: [...draft.warnings, ...compiled.warnings] satisfies readonly Issue[],
      fleets,
      draft,
    };
  }

  #publish(publication: Publication): void {
    this.#state = publication.state;
    for (const [fleet, compiled] of publication.fleets) {
      if (compiled === undefined) this.#compiled.delete(fleet);
      else this.#compiled.set(fleet, compiled);
    }
    for (const listener of this.#listeners) {
      try {
        listener(publication);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }

  async #diff(before: State, after: State, { changes, blobs }: Draft): Promise<readonly DiffEntry[]> {
    const factsIn = async (state: State, fleet: string): Promise<ConfigFacts | undefined> => {
      const config = state.config.get(fleet)?.value;
      const dataPlane = state.fleet.get(fleet)?.value.dataPlane;
      if (config === undefined || dataPlane === undefined) return undefined;
      return {
        text: blobs.get(config.digest) ?? (await this.#natives.text(config)),
        counts: this.#natives.peek(config, dataPlane)?.counts ?? {},
      };
    };
    const facts = new Map<string, ConfigFactsOf>();
    for (const { kind, name } of changes) {
      if (kind !== 'config') continue;
      facts.set(name, { before: await factsIn(before, name), after: await factsIn(after, name) });
    }
    return diffChanges(changes, facts);
  }

  async #compileAll(): Promise<void> {
    requireSound(this.#state);
    const everything: Change[] = [...this.#state.fleet].map(([name, { value }]) => {
      return { kind: 'fleet', name, before: undefined, after: value };
    });
    for (const fleet of affectedFleets(this.#state, this.#state, everything)) {
      const result = await compileFleets(this.#state, [fleet], this.#dataPlanes, this.#natives);
      if (!result.ok) {
        const words = result.issues.map(({ path, message }) => `${path}: ${message}`).join('; ');
        throw new StoreError(
          `the stored config of the fleet "${fleet}" is not good for this version: ${words}`,
        );
      }
      for (const [name, compiled] of result.value)
        if (compiled !== undefined) this.#compiled.set(name, compiled);
    }
  }
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
