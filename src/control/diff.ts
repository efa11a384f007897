import { isDeepStrictEqual } from 'node:util';
import { isRecord } from '../model/read.ts';
import { present } from '../model/present.ts';
import type { Change, Kind } from '../model/state.ts';
import { textPatch } from './text-patch.ts';
import type { DiffEntry } from '../model/revision.ts';

/** What a config is besides its REST form: how much there is of what. */
export interface ConfigFacts {
  readonly text: string;
  readonly counts: Readonly<Record<string, number>>;
  /** `yaml`, `json`, or `text` for what is neither. */
  readonly format: string;
}

/** Facts of one fleet's config; undefined where there is none. */
export interface ConfigFactsOf {
  readonly before: ConfigFacts | undefined;
  readonly after: ConfigFacts | undefined;
}

/**
 * The differences that `changes` make, between REST forms. Not an RFC 6902 patch, whose paths hold only when it is
 * applied step by step: here each entry stands alone with its value before and after, and a list of another length
 * is replaced as a whole.
 */
export function diffChanges(
  changes: readonly Change[],
  /** By fleet, for the configs among the changes. */
  facts: ReadonlyMap<string, ConfigFactsOf>,
): readonly DiffEntry[] {
  return changes.flatMap((change) =>
    change.kind === 'config' ? diffConfig(change, facts.get(change.name)) : diffObject(change),
  );
}

/** `mirrors/edge-wallarm`, `fleets/edge/config`: the object's address below /v1. */
export function objectPath(kind: Kind, name: string): string {
  return kind === 'config' ? `fleets/${name}/config` : `${kind}s/${name}`;
}

function diffObject({ kind, name, before, after }: Exclude<Change, { kind: 'config' }>): DiffEntry[] {
  return differences(
    objectPath(kind, name),
    '',
    before && present(kind, before),
    after && present(kind, after),
  );
}

function diffConfig(
  change: Extract<Change, { kind: 'config' }>,
  facts: ConfigFactsOf | undefined,
): DiffEntry[] {
  const object = objectPath('config', change.name);
  const form = (config: typeof change.after, known: ConfigFacts | undefined) =>
    config && {
      ...present('config', config),
      ...(known && {
        format: known.format,
        bytes: Buffer.byteLength(known.text),
        counts: known.counts,
      }),
    };
  const entries = differences(
    object,
    '',
    form(change.before, facts?.before),
    form(change.after, facts?.after),
  );
  const from = facts?.before?.text;
  const to = facts?.after?.text;
  if (from === undefined || to === undefined || from === to) return entries;
  const patch = textPatch(object, from, to);
  return patch === undefined ? entries : [...entries, { object, op: 'replace', path: '/text', patch }];
}

function differences(object: string, path: string, before: unknown, after: unknown): DiffEntry[] {
  if (isDeepStrictEqual(before, after)) return [];
  if (before === undefined) return [{ object, op: 'add', path, after }];
  if (after === undefined) return [{ object, op: 'remove', path, before }];
  const children = childKeys(before, after);
  if (children === undefined) return [{ object, op: 'replace', path, before, after }];
  return children.flatMap((key) =>
    differences(object, `${path}/${escapePointer(key)}`, childOf(before, key), childOf(after, key)),
  );
}

/** Keys of either when both are objects, or lists of one length; undefined when they have to be taken whole. */
function childKeys(before: unknown, after: unknown): string[] | undefined {
  if (isRecord(before) && isRecord(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])];
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return Object.keys(before);
  }
  return undefined;
}

function childOf(parent: unknown, key: string): unknown {
  return Object.hasOwn(parent as object, key) ? (parent as Record<string, unknown>)[key] : undefined;
}

/** RFC 6901, section 3. */
function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
