import type { NamedHost, Surroundings } from '../dataplanes/data-plane.ts';
import { isIpAddress } from '../model/host.ts';
import type { Issue } from '../model/issue.ts';
import { canonicalHost, coversHost, isLocal, isSamePlace, reaches } from '../model/place.ts';
import type { State } from '../model/state.ts';
import type { Endpoint, Target } from '../model/target.ts';

/** Of a fleet; undefined without a config. */
export type SurroundingsOf = (fleet: string) => Surroundings | undefined;

/** What is to be said of where copies go. */
export interface Sight {
  /** Copies would be copied, for certain: no write may bring that about. */
  readonly loops: readonly Issue[];
  /** Only its owner can tell. */
  readonly warnings: readonly Issue[];
}

/**
 * Every target of these fleets against what is around their edges, once for each target however many mirrors it has; and
 * against the listeners of other fleets.
 */
export function sightOf(state: State, fleets: readonly string[], surroundingsOf: SurroundingsOf): Sight {
  const asked = new Set(fleets);
  const loops: Issue[] = [];
  const warnings: Issue[] = [];
  for (const { fleet, target, mirrors } of destinationsIn(state)) {
    const own = asked.has(fleet) ? surroundingsOf(fleet) : undefined;
    for (const finding of own === undefined ? [] : findingsOf(own, target)) {
      if (finding.kind === 'listener') loops.push(...mirrors.map((name) => loopOf(name, target, finding)));
      else warnings.push(warningOf(fleet, target, finding));
    }
    for (const other of state.fleet.keys()) {
      const around =
        other === fleet || !(asked.has(fleet) || asked.has(other)) ? undefined : surroundingsOf(other);
      warnings.push(...elsewhere(target, other, around?.listeners ?? []));
    }
  }
  return { loops, warnings };
}

/** Those that were not there before. What was is no reason to refuse a write, which may be the one that ends it. */
export function newAmong(loops: readonly Issue[], before: Sight): readonly Issue[] {
  return loops.filter(
    ({ path, message }) => !before.loops.some((known) => known.path === path && known.message === message),
  );
}

interface Destination {
  readonly fleet: string;
  readonly target: Target;
  readonly mirrors: string[];
}

function destinationsIn(state: State): Iterable<Destination> {
  const found = new Map<string, Destination>();
  for (const { value: mirror } of state.mirror.values()) {
    const { name, fleet } = mirror;
    const target = state.target.get(mirror.target)?.value;
    if (target === undefined) continue;
    const key = JSON.stringify([fleet, target.name]);
    const known = found.get(key);
    if (known === undefined) found.set(key, { fleet, target, mirrors: [name] });
    else known.mirrors.push(name);
  }
  return found.values();
}

type Finding = { readonly endpoint: Endpoint; readonly index: number } & (
  { readonly kind: 'listener' } | { readonly kind: 'host' | 'origin'; readonly path: string }
);

/** Configs may be large, and neither they nor targets change with percents. */
const known = new WeakMap<Surroundings, WeakMap<Target, readonly Finding[]>>();

function findingsOf(around: Surroundings, target: Target): readonly Finding[] {
  const of = known.get(around) ?? new WeakMap<Target, readonly Finding[]>();
  known.set(around, of);
  const found =
    of.get(target) ?? target.endpoints.flatMap((endpoint, index) => find(around, endpoint, index));
  of.set(target, found);
  return found;
}

function find(around: Surroundings, endpoint: Endpoint, index: number): readonly Finding[] {
  const at = { endpoint, index };
  if (around.listeners.some((listener) => reaches(endpoint, listener))) return [{ ...at, kind: 'listener' }];
  const host = hostFor(around, endpoint);
  const origin = around.origins.find((place) => isSamePlace(endpoint, place));
  return [
    ...(host === undefined ? [] : [{ ...at, kind: 'host' as const, path: host.path }]),
    ...(origin === undefined ? [] : [{ ...at, kind: 'origin' as const, path: origin.path }]),
  ];
}

/** An address leads to no listener of another port, and what is on the machine itself is known from the listeners. */
function hostFor({ hosts, listeners }: Surroundings, { host, port }: Endpoint): NamedHost | undefined {
  if (isLocal(host)) return undefined;
  const isElsewhere = listeners.length > 0 && !listeners.some((listener) => listener.port === port);
  if (isIpAddress(canonicalHost(host)) && isElsewhere) return undefined;
  return hosts.find(({ name }) => name !== '*' && coversHost(name, host));
}

function loopOf(mirror: string, { name }: Target, { endpoint }: Finding): Issue {
  return {
    path: `mirrors.${mirror}.target`,
    message: `target "${name}" has ${textOf(endpoint)}, where this fleet itself listens: each copy would be copied again; give it the node's address`,
  };
}

function warningOf(
  fleet: string,
  { name }: Target,
  { kind, endpoint, index, path }: Exclude<Finding, { kind: 'listener' }>,
): Issue {
  const message =
    kind === 'host'
      ? `target "${name}" goes to ${endpoint.host}, which fleet "${fleet}" itself answers for (${path}): if that leads ` +
        "back to its edges, copies are copied without end; point it at the node's own address"
      : `target "${name}" goes to ${textOf(endpoint)}, where fleet "${fleet}" sends the requests themselves (${path}): ` +
        "each copied request gets there twice; point it at the node's own address";
  return { path: `targets.${name}.endpoints[${index}]`, message };
}

/** Any machine has loopback and wildcard addresses, and which of them has that other fleet is not known. */
function elsewhere(
  { name, endpoints }: Target,
  fleet: string,
  listeners: readonly Endpoint[],
): readonly Issue[] {
  return endpoints.flatMap((endpoint, index) =>
    !isLocal(endpoint.host) && listeners.some((listener) => isSamePlace(endpoint, listener))
      ? [
          {
            path: `targets.${name}.endpoints[${index}]`,
            message: `target "${name}" goes to ${textOf(endpoint)}, where fleet "${fleet}" listens: copies may be copied again there; point it at the node's own address`,
          },
        ]
      : [],
  );
}

function textOf({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
