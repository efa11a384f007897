import type { Compiled } from '../dataplanes/data-plane.ts';
import type { Fleet } from '../model/fleet.ts';
import type { Issue } from '../model/issue.ts';
import type { DiffEntry, Revision } from '../model/revision.ts';
import type { Change, Entry, Kind, Kinds, State } from '../model/state.ts';

/** Who writes, why, and on what condition. */
export interface WriteContext {
  readonly author: string;
  readonly reason?: string | undefined;
  /** Only if the object's revision is this (`*`: only if it exists); else the write fails with `precondition`. */
  readonly ifMatch?: number | '*' | undefined;
  /** Only if there is no such object; else the write fails with `precondition`. */
  readonly ifAbsent?: boolean | undefined;
  /** Everything but the transaction. */
  readonly dryRun?: boolean | undefined;
}

/** What a write did (or, on a dry run, would do). */
export interface WriteOutcome<K extends Kind = Kind> {
  /** The object written; undefined after a deletion. */
  readonly entry: Entry<Kinds[K]> | undefined;
  /** Whether the object did not exist before. */
  readonly created: boolean;
  /** The state's revision afterwards. Equal to the one before when nothing changed. */
  readonly revision: number;
  readonly changes: readonly Change[];
  readonly diff: readonly DiffEntry[];
  readonly warnings: readonly Issue[];
  /** Fleets whose resources this write is about, whether it changed anything or not. */
  readonly fleets: readonly string[];
  /** Checks that were made of these: `schema`, `references`, and the data plane's own (`envoy`, `traefik`) where one is configured. */
  readonly checks: readonly string[];
}

/** What a data plane itself thinks of a structure. */
export interface Opinion {
  /** Who was asked; undefined: nobody could be. */
  readonly check?: string;
  readonly issues: readonly Issue[];
  readonly warnings?: readonly Issue[];
}

/** Asks the data plane itself before a structure is stored. Undefined: nothing is to be said. A promise where it takes time. */
export type Validate = (
  fleet: Fleet,
  compiled: Compiled,
) => Promise<Opinion | undefined> | Opinion | undefined;

/** A fleet's native config to be written. */
export interface ConfigInput {
  readonly text: string;
  readonly format: 'yaml' | 'json';
  /** Whether mirror policies found in it become targets and mirrors. */
  readonly adopt: boolean;
}

/** The outcome of writing a config. */
export interface ConfigOutcome extends WriteOutcome<'config'> {
  /** Number of resources by type. */
  readonly counts: Readonly<Record<string, number>>;
  /** Names of the targets and mirrors that the config's own mirror policies are now. */
  readonly adopted: { readonly targets: readonly string[]; readonly mirrors: readonly string[] };
}

/** After each accepted write, in order, and only then: the transaction is on disk. */
export interface Publication {
  readonly revision: Revision;
  readonly changes: readonly Change[];
  readonly state: State;
  /** Fleets that were compiled anew; undefined: the fleet (or its config) is gone. */
  readonly fleets: ReadonlyMap<string, Compiled | undefined>;
}

export type ControlErrorCode = 'invalid' | 'not-found' | 'conflict' | 'precondition' | 'unavailable';

/** A write or a look-up that was refused. Nothing changed. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  readonly code: ControlErrorCode;
  readonly issues: readonly Issue[];

  constructor(
    code: ControlErrorCode,
    message: string,
    issues: readonly Issue[] = [],
    options: ErrorOptions = {},
  ) {
    super(message, options);
    this.code = code;
    this.issues = issues;
  }
}
