import type { Compiled, DataPlane, NativeConfig } from '../dataplanes/data-plane.ts';
import type { Issue } from '../model/issue.ts';
import type { Mirror } from '../model/mirror.ts';
import type { Revision } from '../model/revision.ts';
import { isActive } from '../model/rollout.ts';
import type { Rollout } from '../model/rollout.ts';
import { command } from '../model/rollout-commands.ts';
import type { Verb } from '../model/rollout-commands.ts';
import type { Decision } from '../model/rollout-machine.ts';
import type { PrimaryTotals } from '../model/observation.ts';
import type { Kind, State } from '../model/state.ts';
import { baselineOf } from '../model/spread.ts';
import { stopOf } from '../model/stop.ts';
import type { Verdict } from '../model/verdict.ts';
import type { Store } from '../store/store.ts';
import { changeOf } from './change-of.ts';
import { draftConfig } from './draft-config.ts';
import type { ConfigDraft } from './draft-config.ts';
import { draftMove, draftRollout } from './draft-rollout.ts';
import type { NodesOf } from './draft-rollout.ts';
import { draftRelease, draftStop } from './draft-stop.ts';
import { NO_BLOBS, draftPatch, draftPut, draftRemoval, draftRestore, makeChecks, notFound } from './draft.ts';
import type { Checks, Draft, ObjectKind } from './draft.ts';
import { NativeConfigs } from './native-configs.ts';
import { requireExisting, requireFuture } from './preconditions.ts';
import { ControlError } from './types.ts';
import type {
  ConfigInput,
  ConfigOutcome,
  Publication,
  Validate,
  WriteContext,
  WriteOutcome,
} from './types.ts';
import { Writer } from './writer.ts';

export interface ControlOptions {
  readonly store: Store;
  /** By the fleet's `dataPlane`. */
  readonly dataPlanes: ReadonlyMap<string, DataPlane>;
  readonly clock: () => Date;
  /** Ids of a fleet's connected nodes: which of them are in a rollout's share is decided by what is connected. */
  readonly nodesOf?: NodesOf;
  /** The data plane's own opinion before a structure is stored. */
  readonly validate?: Validate;
  /** Told of what a listener threw, which stops neither the write nor the other listeners. */
  readonly onListenerError?: (error: unknown) => void;
}

/** Author of what the control plane does by itself. */
const SELF = 'mirrorplane';

/**
 * The one way to write. Every write is checked against everything else and compiled for all fleets it affects before
 * it is stored; then it is published. Writes run one after the other in the order they came. A write that is refused
 * rejects with {@link ControlError}, one that cannot be stored with {@link StoreError}; either way nothing changed.
 */
export class Control {
  readonly #store: Store;
  readonly #clock: () => Date;
  readonly #nodesOf: NodesOf;
  readonly #onListenerError: (error: unknown) => void;
  readonly #checks: Checks;
  readonly #natives: NativeConfigs;
  readonly #writer: Writer;
  readonly #listeners = new Set<(publication: Publication) => void>();

  private constructor(options: ControlOptions, state: State) {
    this.#store = options.store;
    this.#clock = options.clock;
    this.#nodesOf = options.nodesOf ?? (() => []);
    this.#onListenerError = options.onListenerError ?? throwLater;
    this.#checks = makeChecks([...options.dataPlanes.keys()]);
    this.#natives = new NativeConfigs(options.dataPlanes, options.store);
    const { store, dataPlanes, clock, validate } = options;
    const publish = (publication: Publication): void => this.#publish(publication);
    this.#writer = new Writer({ store, dataPlanes, natives: this.#natives, clock, validate, publish }, state);
  }

  /**
   * Loads what is stored, reads its configs and compiles every fleet. Throws a {@link StoreError} when any of it is
   * damaged or no longer good: nothing is served before all of it is.
   */
  static async open(options: ControlOptions): Promise<Control> {
    const control = new Control(options, await options.store.load());
    await control.#writer.compileAll();
    return control;
  }

  get state(): State {
    return this.#writer.state;
  }

  /** Undefined when there is no such fleet or it has no config. */
  compiled(fleet: string): Compiled | undefined {
    return this.#writer.compiled(fleet);
  }

  /** What stands to be said of a mirror as things are, whatever write brought it about. */
  standing(mirror: string): readonly Issue[] {
    return this.#writer.standing(mirror);
  }

  /** The fleet's config as its data plane read it; undefined without one. */
  nativeConfig(fleet: string): NativeConfig | undefined {
    const config = this.state.config.get(fleet)?.value;
    const dataPlane = this.state.fleet.get(fleet)?.value.dataPlane;
    return config && dataPlane !== undefined ? this.#natives.peek(config, dataPlane) : undefined;
  }

  /** The fleet's config as its owner wrote it. `not-found` without one. */
  async nativeConfigText(fleet: string): Promise<{ text: string; format: 'yaml' | 'json' }> {
    const config = this.state.config.get(fleet)?.value;
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
    const { draft, ...outcome } = await this.#writer.write<'config', ConfigDraft>(
      { kind: 'config', name: fleet },
      context,
      (state) => draftConfig(state, this.#natives, fleet, input),
    );
    const { targets, mirrors } = draft.adopted;
    return { ...outcome, counts: draft.native.counts, adopted: { targets, mirrors } };
  }

  /** A plan: `mirror`, `steps`, `gates`, ... It starts when it is told to, or at its `startAt`. */
  async putRollout(name: string, input: unknown, context: WriteContext): Promise<WriteOutcome<'rollout'>> {
    return this.#only(
      await this.#writer.write<'rollout', Draft>({ kind: 'rollout', name }, context, (state) =>
        draftRollout(state, name, input),
      ),
    );
  }

  /** Not while it moves. */
  async removeRollout(name: string, context: WriteContext): Promise<WriteOutcome<'rollout'>> {
    return this.#only(
      await this.#writer.write<'rollout', Draft>({ kind: 'rollout', name }, context, (state) => {
        const rollout = rolloutIn(state, name);
        if (isActive(rollout.status)) {
          throw new ControlError('conflict', `rollout "${name}" is ${rollout.status.state}: abort it first`);
        }
        return { changes: changeOf('rollout', name, rollout, undefined), blobs: NO_BLOBS, warnings: [] };
      }),
    );
  }

  /** What an operator says to a rollout. Said again, it changes nothing. `conflict` where it makes no sense now. */
  async commandRollout(
    name: string,
    verb: Verb,
    context: WriteContext,
    before?: PrimaryTotals,
  ): Promise<WriteOutcome<'rollout'>> {
    const { author: actor, reason = '' } = context;
    return this.#only(
      await this.#writer.write<'rollout', Draft>({ kind: 'rollout', name }, context, (state) => {
        const rollout = rolloutIn(state, name);
        const mirrors = rollout.mirrors.flatMap((mirror) => state.mirror.get(mirror)?.value ?? []);
        const percents = Object.fromEntries(mirrors.map((mirror) => [mirror.name, baselineOf(mirror)]));
        const answer = command(rollout, verb, {
          ...{ actor, reason, now: this.#clock().getTime() },
          percents,
          stopped: mirrors.some(({ fleet }) => stopOf(state.stop, fleet) !== undefined),
          ...(before && { before }),
        });
        if (!answer.ok) throw new ControlError('conflict', answer.message);
        if (answer.decision === undefined) return { changes: [], blobs: NO_BLOBS, warnings: [] };
        return draftMove(state, rollout, answer.decision, this.#nodesOf);
      }),
    );
  }

  /**
   * Moves a rollout on: `decide` sees it as it is when its turn has come, so a decision is never of an earlier state.
   * Undefined: there is nothing to do.
   */
  async moveRollout(
    name: string,
    decide: (rollout: Rollout, state: State) => Decision | undefined,
  ): Promise<Decision | undefined> {
    let decision: Decision | undefined;
    const context: { author: string; reason?: string } = { author: SELF };
    await this.#writer.write<'rollout', Draft>({ kind: 'rollout', name }, context, (state) => {
      const rollout = state.rollout.get(name)?.value;
      decision = rollout && decide(rollout, state);
      if (rollout === undefined || decision === undefined)
        return { changes: [], blobs: NO_BLOBS, warnings: [] };
      context.reason = `rollout ${name}: ${decision.reason}`;
      return draftMove(state, rollout, decision, this.#nodesOf);
    });
    return decision;
  }

  /** Changes a mirror by itself, as time or its target's health wants it. Undefined: there is nothing to do. */
  async adjustMirror(
    name: string,
    reason: string,
    adjust: (mirror: Mirror, state: State) => Mirror | undefined,
  ): Promise<void> {
    const context = { author: SELF, reason };
    await this.#writer.write<'mirror', Draft>({ kind: 'mirror', name }, context, (state) => {
      const mirror = state.mirror.get(name)?.value;
      const after = mirror && adjust(mirror, state);
      const changes = after === undefined ? [] : changeOf('mirror', name, mirror, after);
      return { changes, blobs: NO_BLOBS, warnings: [] };
    });
  }

  /** Nothing is copied in the fleet (`*`: in any) until it is released. Running rollouts pause. */
  async stop(fleet: string, context: WriteContext): Promise<WriteOutcome<'stop'>> {
    return this.#only(
      await this.#writer.write<'stop', Draft>({ kind: 'stop', name: fleet }, context, (state) =>
        draftStop(state, fleet, context, this.#clock()),
      ),
    );
  }

  async release(fleet: string, context: WriteContext): Promise<WriteOutcome<'stop'>> {
    return this.#only(
      await this.#writer.write<'stop', Draft>({ kind: 'stop', name: fleet }, context, (state) =>
        draftRelease(state, fleet),
      ),
    );
  }

  #only<K extends Kind>({ draft: _, ...outcome }: WriteOutcome<K> & { draft: Draft }): WriteOutcome<K> {
    return outcome;
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
    return this.#only(
      await this.#writer.write<Kind, Draft>(undefined, { ...context, reason }, async (state) =>
        draftRestore(state, await this.#stateAt(revision)),
      ),
    );
  }

  /** One fleet as it was right after `revision`; undefined where it had no config then. */
  async compiledAt(revision: number, fleet: string): Promise<Compiled | undefined> {
    const state = await this.#stateAt(revision);
    return state.config.has(fleet) ? this.#writer.compileAt(state, fleet) : undefined;
  }

  async #stateAt(revision: number): Promise<State> {
    const state = await this.#store.stateAt(revision);
    if (state === undefined) throw new ControlError('not-found', `there is no revision ${revision}`);
    return state;
  }

  /** What nodes made of a revision. */
  verdicts(revision: number): Promise<readonly Verdict[]> {
    return this.#store.verdicts(revision);
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
    await this.#writer.close();
  }

  #put<K extends ObjectKind>(kind: K, name: string, input: unknown, context: WriteContext) {
    return this.#writeObject(kind, name, context, (state) => {
      const draft = draftPut(state, this.#checks, kind, name, input);
      requireFuture(draft.changes, this.#clock());
      return draft;
    });
  }

  #patch<K extends ObjectKind>(kind: K, name: string, patch: unknown, context: WriteContext) {
    return this.#writeObject(kind, name, context, (state) => {
      requireExisting(state, kind, name);
      const draft = draftPatch(state, this.#checks, kind, name, patch);
      requireFuture(draft.changes, this.#clock());
      return draft;
    });
  }

  async #writeObject<K extends ObjectKind>(
    kind: K,
    name: string,
    context: WriteContext,
    makeDraft: (state: State) => Draft,
  ): Promise<WriteOutcome<K>> {
    return this.#only(await this.#writer.write<K, Draft>({ kind, name }, context, makeDraft));
  }

  #publish(publication: Publication): void {
    for (const listener of this.#listeners) {
      try {
        listener(publication);
      } catch (error) {
        this.#onListenerError(error);
      }
    }
  }
}

function rolloutIn(state: State, name: string): Rollout {
  const rollout = state.rollout.get(name)?.value;
  if (rollout === undefined) throw notFound('rollout', name);
  return rollout;
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
