import type { Compiled, DataPlane, NativeConfig } from '../dataplanes/data-plane.ts';
import type { Kind, State } from '../model/state.ts';
import type { Store } from '../store/store.ts';
import type { Publication, Revision, WriteContext, WriteOutcome } from './types.ts';

export interface ControlOptions {
  readonly store: Store;
  /** By the fleet's `dataPlane`. */
  readonly dataPlanes: ReadonlyMap<string, DataPlane>;
  readonly clock: () => Date;
}

/** The outcome of a config write. */
export interface ConfigOutcome extends WriteOutcome<'config'> {
  /** Number of resources by type. */
  readonly counts: Readonly<Record<string, number>>;
  /** Names of the targets and mirrors that the config's own mirror policies became. */
  readonly adopted: { readonly targets: readonly string[]; readonly mirrors: readonly string[] };
}

export interface ConfigInput {
  readonly text: string;
  readonly format: 'yaml' | 'json';
  readonly adopt: boolean;
}

/** The one way to write. Being implemented; the signatures stand. Writes reject with {@link ControlError}. */
export declare class Control {
  static open(options: ControlOptions): Promise<Control>;
  readonly state: State;
  compiled(fleet: string): Compiled | undefined;
  /** As read from the fleet's config; undefined without one. */
  nativeConfig(fleet: string): NativeConfig | undefined;
  /** As its owner wrote it. `not-found` when there is no such fleet or it has no config. */
  nativeConfigText(fleet: string): Promise<{ text: string; format: 'yaml' | 'json' }>;
  subscribe(listener: (publication: Publication) => void): () => void;
  putFleet(name: string, input: unknown, context: WriteContext): Promise<WriteOutcome<'fleet'>>;
  patchFleet(name: string, patch: unknown, context: WriteContext): Promise<WriteOutcome<'fleet'>>;
  putConfig(fleet: string, input: ConfigInput, context: WriteContext): Promise<ConfigOutcome>;
  putTarget(name: string, input: unknown, context: WriteContext): Promise<WriteOutcome<'target'>>;
  patchTarget(name: string, patch: unknown, context: WriteContext): Promise<WriteOutcome<'target'>>;
  putMirror(name: string, input: unknown, context: WriteContext): Promise<WriteOutcome<'mirror'>>;
  patchMirror(name: string, patch: unknown, context: WriteContext): Promise<WriteOutcome<'mirror'>>;
  remove<K extends Exclude<Kind, 'config'>>(
    kind: K,
    name: string,
    context: WriteContext,
  ): Promise<WriteOutcome<K>>;
  restore(revision: number, context: WriteContext): Promise<WriteOutcome>;
  /** Newest first. */
  revisions(page: { limit: number; before?: number | undefined }): Promise<readonly Revision[]>;
  /** `not-found` when there is none. */
  revision(n: number): Promise<Revision>;
  /** Refuses further writes and waits for those under way. The store stays open. */
  close(): Promise<void>;
}
