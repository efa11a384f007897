import { isDeepStrictEqual } from 'node:util';
import type { Adoption } from '../dataplanes/data-plane.ts';
import { checkMirror } from '../model/check-mirror.ts';
import { checkTarget } from '../model/check-target.ts';
import { joinPath } from '../model/issue.ts';
import type { Issue, Result } from '../model/issue.ts';
import type { Mirror, RouteSelector } from '../model/mirror.ts';
import { freeName, toName } from '../model/name.ts';
import { presentMirror, presentTarget } from '../model/present.ts';
import type { Change, State } from '../model/state.ts';
import type { Target } from '../model/target.ts';
import { objectPath } from './diff.ts';
import { changeOf } from './change-of.ts';
import { fleetsOf } from './compile.ts';
import { invalid } from './draft.ts';

export interface Adopted {
  readonly changes: readonly Change[];
  /** Names of the targets and mirrors that the policies found in the config are now, new or not. */
  readonly targets: readonly string[];
  readonly mirrors: readonly string[];
  readonly warnings: readonly Issue[];
}

/**
 * Makes the mirror policies found in a fleet's config mirrors and targets. A mirror of that name and fleet keeps
 * its target, percent and copy, and what it excludes; it takes the new routes. A new one gets its target: the
 * one of that name if it goes to the same place, else one of its own.
 */
export function adopt(state: State, fleet: string, adoption: Adoption): Adopted {
  const targets = new Map<string, Target>();
  const mirrors = new Map<string, Mirror>();
  const proposals = new Map(adoption.targets.map((target) => [target.name, target]));
  const targetNamed = (name: string) => targets.get(name) ?? state.target.get(name)?.value;
  const mirrorNamed = (name: string) => mirrors.get(name) ?? state.mirror.get(name)?.value;

  const adoptTarget = (name: string): string => {
    const proposal = proposals.get(name);
    if (proposal === undefined) return name;
    const unlike = (candidate: string): boolean => {
      const other = targetNamed(candidate);
      return other !== undefined && !isSamePlace(other, proposal);
    };
    const plain = toName(proposal.name, 'target');
    const free = unlike(plain) ? freeName(toName(`${fleet}-${plain}`), unlike) : plain;
    if (targetNamed(free) === undefined) targets.set(free, { ...proposal, name: free });
    return free;
  };

  for (const proposal of adoption.mirrors) {
    const name = freeName(toName(proposal.name, fleet), (candidate) => {
      const other = mirrorNamed(candidate);
      return other !== undefined && (other.fleet !== fleet || mirrors.has(candidate));
    });
    const earlier = mirrorNamed(name);
    mirrors.set(
      name,
      earlier === undefined
        ? { ...proposal, name, fleet, target: adoptTarget(proposal.target) }
        : { ...earlier, routes: proposal.routes, exclude: union(earlier.exclude, proposal.exclude) },
    );
  }
  return {
    changes: [
      ...[...targets].flatMap(([name, target]) =>
        changeOf('target', name, state.target.get(name)?.value, target),
      ),
      ...[...mirrors].flatMap(([name, mirror]) =>
        changeOf('mirror', name, state.mirror.get(name)?.value, mirror),
      ),
    ],
    targets: [...new Set([...mirrors.values()].map(({ target }) => target))],
    mirrors: [...mirrors.keys()],
    warnings: [...mirrors.values()].flatMap((mirror) => shared(state, mirror) ?? []),
  };
}

/** One change of such a target moves the copies of several fleets: nobody is to find that out by doing it. */
function shared(state: State, { name, fleet, target }: Mirror): Issue | undefined {
  if (state.mirror.has(name)) return undefined;
  const fleets = new Set(fleetsOf(state, 'target', target).filter((other) => other !== fleet));
  if (fleets.size === 0) return undefined;
  const message = `target "${target}" is that of fleet ${[...fleets].sort().join(', ')}, too: a change of it moves the copies of all`;
  return { path: `mirrors.${name}.target`, message };
}

/** Limits may have been tuned since, and are no reason for a target of its own. */
function isSamePlace(a: Target, b: Target): boolean {
  return (
    isDeepStrictEqual(a.endpoints, b.endpoints) &&
    isDeepStrictEqual(a.tls, b.tls) &&
    a.protocol === b.protocol
  );
}

/** Excluding too much copies too little, which harms nobody; so an exclusion set by an operator stays. */
function union(earlier: readonly RouteSelector[], later: readonly RouteSelector[]): readonly RouteSelector[] {
  return [...earlier, ...later.filter((one) => !earlier.some((other) => isDeepStrictEqual(one, other)))];
}

/** Throws unless what was adopted keeps the very rules for what comes over REST: the store relies on them. */
export function requireValidAdoption(changes: readonly Change[]): void {
  const issues: Issue[] = [];
  for (const { kind, name, after } of changes) {
    let checked: Result<unknown> | undefined;
    if (kind === 'target' && after !== undefined) checked = checkTarget(name, presentTarget(after));
    if (kind === 'mirror' && after !== undefined) checked = checkMirror(name, presentMirror(after));
    if (checked?.ok !== false) continue;
    for (const { path, message } of checked.issues) {
      const at = joinPath(objectPath(kind, name), path);
      issues.push({ path: at, message: `${message} (adopted from a mirror policy)` });
    }
  }
  if (issues.length > 0) throw invalid('config', issues);
}
