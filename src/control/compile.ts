import type { Compiled, DataPlane } from '../dataplanes/data-plane.ts';
import { fail, ok } from '../model/issue.ts';
import type { Issue, Result } from '../model/issue.ts';
import { mirrorsOf } from '../model/state.ts';
import { EVERY_FLEET } from '../model/stop.ts';
import type { Change, Kind, State } from '../model/state.ts';
import { inabilities } from './abilities.ts';
import type { NativeConfigs } from './native-configs.ts';

/** Fleets whose resources `changes` may change: those that have, or had, a config. Sorted. */
export function affectedFleets(before: State, after: State, changes: readonly Change[]): readonly string[] {
  const fleets = new Set<string>();
  for (const change of changes) {
    switch (change.kind) {
      case 'fleet':
      case 'config':
        fleets.add(change.name);
        break;
      case 'mirror':
        if (change.before !== undefined) fleets.add(change.before.fleet);
        if (change.after !== undefined) fleets.add(change.after.fleet);
        break;
      case 'target':
        for (const { value: mirror } of after.mirror.values()) {
          if (mirror.target === change.name) fleets.add(mirror.fleet);
        }
        break;
      case 'stop':
        if (change.name === EVERY_FLEET) for (const name of after.fleet.keys()) fleets.add(name);
        else fleets.add(change.name);
        break;
      case 'rollout':
    }
  }
  return [...fleets].filter((name) => before.config.has(name) || after.config.has(name)).sort();
}

/** Fleets that an object is of: whoever writes it again, as it is, asks about these. */
export function fleetsOf(state: State, kind: Kind, name: string): readonly string[] {
  switch (kind) {
    case 'fleet':
    case 'config':
      return [name];
    case 'mirror':
      return [state.mirror.get(name)?.value.fleet ?? []].flat();
    case 'target':
      return [...state.mirror.values()]
        .filter(({ value }) => value.target === name)
        .map(({ value }) => value.fleet);
    case 'rollout':
      return (state.rollout.get(name)?.value.mirrors ?? []).flatMap((mirror) =>
        fleetsOf(state, 'mirror', mirror),
      );
    case 'stop':
      return name === EVERY_FLEET ? [...state.fleet.keys()] : [name];
  }
}

/** Compiles `fleets` as they are in `state`; undefined for those without a config. Every fleet's issues at once. */
export async function compileFleets(
  state: State,
  fleets: readonly string[],
  dataPlanes: ReadonlyMap<string, DataPlane>,
  natives: NativeConfigs,
): Promise<Result<ReadonlyMap<string, Compiled | undefined>>> {
  const compiled = new Map<string, Compiled | undefined>();
  const issues: Issue[] = [];
  const warnings: Issue[] = [];
  for (const name of fleets) {
    const fleet = state.fleet.get(name)?.value;
    const config = state.config.get(name)?.value;
    if (fleet === undefined || config === undefined) {
      compiled.set(name, undefined);
      continue;
    }
    const native = await natives.read(fleet, config);
    const dataPlane = dataPlanes.get(fleet.dataPlane);
    if (!native.ok || dataPlane === undefined) {
      issues.push(...(native.ok ? [] : native.issues));
      continue;
    }
    const mirrors = mirrorsOf(state, name);
    const unable = mirrors.flatMap(({ mirror }) =>
      inabilities(dataPlane.kind, dataPlane.capabilities, mirror),
    );
    const result = dataPlane.compile({ fleet, config: native.value, mirrors });
    issues.push(...unable);
    if (result.ok) {
      compiled.set(name, result.value);
      warnings.push(...result.value.warnings);
    } else issues.push(...result.issues);
  }
  return issues.length > 0 ? fail(issues) : ok(compiled, warnings);
}
