import type { Issue } from '../../../model/issue.ts';
import type { Mirror } from '../../../model/mirror.ts';
import { freeName, toName } from '../../../model/name.ts';
import type { Target } from '../../../model/target.ts';
import type { Adoption } from '../../data-plane.ts';
import { copyOf } from './copy.ts';
import type { MirrorLine } from './find.ts';
import { type Place, lines, words } from './scopes.ts';
import { type Destination, destinationOf } from './target.ts';
import type { Directive } from './tokens.ts';

/** A location that makes copies, as a mirror of ours. */
export interface Adopted {
  readonly location: Place;
  readonly destination: Destination;
  readonly mirror: Mirror;
  readonly mirrorLines: readonly MirrorLine[];
}

export interface Found {
  readonly adopted: readonly Adopted[];
  readonly adoption: Adoption;
  /** By the block that has `mirror` lines: the name that its owner's locations get, where these mirror differently. */
  readonly routes: ReadonlyMap<Directive | undefined, string>;
  readonly warnings: readonly Issue[];
}

/** Makes each location that copies go to a mirror, and where it sends them a target. */
export function adoptMirrors(
  top: readonly Directive[],
  mirrorLines: readonly MirrorLine[],
  fleet: string,
): Found {
  const warnings: Issue[] = [];
  const byLocation = new Map<Directive, MirrorLine[]>();
  for (const line of mirrorLines) {
    if (line.copies === undefined) {
      warnings.push({
        path: lines(line.directive),
        message: `"${words(line.directive)}" is not taken over: this text has no location ${line.uri}`,
      });
      continue;
    }
    const known = byLocation.get(line.copies.directive) ?? [];
    byLocation.set(line.copies.directive, [...known, line]);
  }
  const targets: Target[] = [];
  const names = new Set<string>();
  const adopted: Adopted[] = [];
  for (const [directive, found] of byLocation) {
    const [first] = found;
    if (first?.copies === undefined) continue;
    const destination = destinationOf(top, first.copies);
    if (typeof destination === 'string') {
      warnings.push({ path: lines(directive), message: `"${words(directive)}" ${destination}` });
      continue;
    }
    const target = targetFor(targets, destination, first.uri);
    const { copy, warnings: more } = copyOf(top, first.copies, first.holder);
    warnings.push(...more);
    const name = freeName(toName(`${fleet}-${target}`), (other) => names.has(other));
    names.add(name);
    const { percent } = destination;
    const mirror = { name, fleet, target, percent, routes: [], exclude: [], copy };
    adopted.push({ location: first.copies, destination, mirror, mirrorLines: found });
  }
  const routes = routesFor(adopted);
  const routed = adopted.map((one) => ({
    ...one,
    mirror: {
      ...one.mirror,
      routes: [...new Set(one.mirrorLines.flatMap(({ holder }) => routes.get(holder?.directive) ?? []))].map(
        (route) => ({ route }),
      ),
    },
  }));
  return {
    adopted: routed,
    adoption: { targets, mirrors: routed.map(({ mirror }) => mirror) },
    routes,
    warnings,
  };
}

function targetFor(targets: Target[], { target, upstream }: Destination, uri: string): string {
  const same = targets.find(({ name: _, ...other }) => JSON.stringify(other) === JSON.stringify(target));
  if (same !== undefined) return same.name;
  const wanted = toName(upstream?.args[0] ?? uri.replace(/^\/+/, ''), 'target');
  const name = freeName(wanted, (other) => targets.some((one) => one.name === other));
  targets.push({ name, ...target });
  return name;
}

/** None where every place mirrors the same: one file is for all of them. */
function routesFor(adopted: readonly Adopted[]): ReadonlyMap<Directive | undefined, string> {
  const holders = new Map<Directive | undefined, Set<string>>();
  for (const { mirror, mirrorLines } of adopted) {
    for (const { holder } of mirrorLines) {
      holders.set(holder?.directive, (holders.get(holder?.directive) ?? new Set()).add(mirror.name));
    }
  }
  const sets = new Set([...holders.values()].map((mirrors) => [...mirrors].sort().join(' ')));
  const routes = new Map<Directive | undefined, string>();
  if (sets.size < 2) return routes;
  const taken = new Set<string>();
  for (const holder of holders.keys()) {
    const wanted = toName((holder?.args.at(-1) ?? '').replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, ''), 'root');
    const name = freeName(wanted, (other) => taken.has(other));
    taken.add(name);
    routes.set(holder, name);
  }
  return routes;
}
