import { createHash } from 'node:crypto';
import type { NativeConfig } from '../dataplanes/data-plane.ts';
import { DEFAULT_DATA_PLANE } from '../model/check-fleet.ts';
import type { Config, Fleet } from '../model/fleet.ts';
import type { Issue } from '../model/issue.ts';
import { NAME_RULE, isName } from '../model/name.ts';
import type { State } from '../model/state.ts';
import { adopt, requireValidAdoption } from './adopt.ts';
import { changeOf, currentValue } from './change-of.ts';
import { invalid } from './draft.ts';
import type { Draft } from './draft.ts';
import type { NativeConfigs } from './native-configs.ts';
import type { ConfigInput } from './types.ts';

export interface ConfigDraft extends Draft {
  readonly native: NativeConfig;
  readonly adopted: { readonly targets: readonly string[]; readonly mirrors: readonly string[] };
}

const NOTHING = { changes: [], targets: [], mirrors: [], warnings: [] };

/** A config as its fleet's, which is made if absent, and what is adopted from it. */
export async function draftConfig(
  state: State,
  natives: NativeConfigs,
  name: string,
  { text, format, adopt: adopting }: ConfigInput,
): Promise<ConfigDraft> {
  if (!isName(name)) throw invalid('fleet', [{ path: 'name', message: NAME_RULE }]);
  const before = currentValue(state, 'config', name);
  const fleet: Fleet = currentValue(state, 'fleet', name) ?? {
    name,
    dataPlane: DEFAULT_DATA_PLANE,
    nodeCluster: name,
  };
  const digest = createHash('sha256').update(text).digest('hex');
  const [configChange] = changeOf<'config'>('config', name, before, {
    name,
    format,
    digest,
    adopt: adopting,
  });
  const config = (configChange?.after ?? before) as Config;
  const read = await natives.read(fleet, config, text);
  if (!read.ok)
    throw invalid('config', [...misplaced(fleet, natives.kindOf(text, fleet.dataPlane)), ...read.issues]);
  const native = read.value;
  const adopted = adopting ? adopt(state, name, native.adopted) : NOTHING;
  if (configChange === undefined) {
    // The same again changes nothing, even where a mirror adopted from it was changed or deleted since.
    const exists = (kind: 'target' | 'mirror') => (one: string) => state[kind].has(one);
    return {
      changes: [],
      blobs: new Map(),
      warnings: read.warnings,
      native,
      adopted: {
        targets: adopted.targets.filter(exists('target')),
        mirrors: adopted.mirrors.filter(exists('mirror')),
      },
    };
  }
  requireValidAdoption(adopted.changes);
  return {
    changes: [
      ...changeOf('fleet', name, currentValue(state, 'fleet', name), fleet),
      configChange,
      ...adopted.changes,
    ],
    blobs: new Map([[digest, text]]),
    warnings: [...read.warnings, ...adopted.warnings],
    native,
    adopted,
  };
}

/** What is wrong first of all with a config for another kind of data plane. */
function misplaced({ name, dataPlane }: Fleet, kind: string | undefined): readonly Issue[] {
  if (kind === undefined) return [];
  const message =
    `looks like a configuration for dataPlane "${kind}", and fleet "${name}" is of "${dataPlane}": ` +
    `PUT /v1/fleets/${name} {"dataPlane":"${kind}"} first`;
  return [{ path: '', message }];
}
