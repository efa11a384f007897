import type { Listener, NamedHost, Origin, Surroundings } from '../dataplanes/data-plane.ts';
import { isIpAddress } from '../model/host.ts';
import type { Issue } from '../model/issue.ts';
import type { Mirror } from '../model/mirror.ts';
import { addressesOf, canonicalHost, coversHost, isLocal, isSamePlace, reaches } from '../model/place.ts';
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
  const copying = mirrorsByFleet(state);
  for (const { fleet, target, mirrors } of destinationsIn(state)) {
    const own = asked.has(fleet) ? surroundingsOf(fleet) : undefined;
    for (const finding of own === undefined ? [] : findingsOf(own, target)) {
      if (finding.kind === 'listener') {
        const sight = sightOfListener(target, finding, mirrors, copying.get(fleet) ?? []);
        loops.push(...sight.loops);
        warnings.push(...sight.warnings);
      } else warnings.push(warningOf(fleet, target, finding));
    }
    for (const other of asked.has(fleet) ? state.fleet.keys() : asked) {
      if (other === fleet) continue;
      const listeners = surroundingsOf(other)?.listeners ?? [];
      warnings.push(...elsewhere(target, other, listeners, copying.get(other) ?? []));
    }
  }
  return { loops, warnings };
}

/**
 * A mirror that copies what comes in where its own copies go has a loop: copies have the host, path and method of their
 * requests. One that leads to where another mirror copies may have one, which depends on which requests that copies.
 */
function sightOfListener(
  target: Target,
  finding: Finding & { readonly kind: 'listener' },
  mirrors: readonly Mirror[],
  ofFleet: readonly Mirror[],
): Sight {
  const copiedBy = (mirror: Mirror): boolean | undefined => verdictOf(finding.listeners, mirror);
  const looping = mirrors.filter((mirror) => copiedBy(mirror) === true);
  if (looping.length > 0)
    return { loops: looping.map(({ name }) => loopOf(name, target, finding)), warnings: [] };
  const other = ofFleet.find((mirror) => copiedBy(mirror) === true);
  if (other !== undefined) return { loops: [], warnings: [copiedOf(target, finding, other)] };
  const isUnknown = mirrors.some((mirror) => copiedBy(mirror) === undefined);
  return { loops: [], warnings: isUnknown ? [listeningOf(target, finding)] : [] };
}

/** Of several listeners that an endpoint may lead to. */
function verdictOf(listeners: readonly Listener[], mirror: Mirror): boolean | undefined {
  const verdicts = new Set(listeners.map((listener) => listener.copiedBy(mirror)));
  if (verdicts.has(true)) return true;
  return verdicts.has(undefined) ? undefined : false;
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
  readonly mirrors: Mirror[];
}

function mirrorsByFleet(state: State): ReadonlyMap<string, readonly Mirror[]> {
  return Map.groupBy(
    [...state.mirror.values()].map(({ value }) => value),
    ({ fleet }) => fleet,
  );
}

function destinationsIn(state: State): Iterable<Destination> {
  const found = new Map<string, Destination>();
  for (const { value: mirror } of state.mirror.values()) {
    const { fleet } = mirror;
    const target = state.target.get(mirror.target)?.value;
    if (target === undefined) continue;
    const key = JSON.stringify([fleet, target.name]);
    const known = found.get(key);
    if (known === undefined) found.set(key, { fleet, target, mirrors: [mirror] });
    else known.mirrors.push(mirror);
  }
  return found.values();
}

type Finding = { readonly endpoint: Endpoint; readonly index: number } & (
  | { readonly kind: 'listener'; readonly listeners: readonly Listener[] }
  | { readonly kind: 'host' | 'origin'; readonly path: string }
);

/** What is around a fleet, to be looked up: configs may be large, and targets have many endpoints. */
class Around {
  readonly #surroundings: Surroundings;
  readonly #names = new Map<string, NamedHost>();
  readonly #patterns: (readonly [pattern: string, host: NamedHost])[] = [];
  readonly #origins = new Map<string, Origin[]>();
  /** Neither configs nor targets change with percents. */
  readonly #known = new WeakMap<Target, readonly Finding[]>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    for (const host of surroundings.hosts) {
      const name = canonicalHost(host.name);
      if (name.includes('*')) {
        if (name !== '*') this.#patterns.push([name, host]);
      } else if (!this.#names.has(name)) this.#names.set(name, host);
    }
    for (const origin of surroundings.origins) {
      for (const address of addressesOf(origin.host)) {
        const known = this.#origins.get(address) ?? [];
        known.push(origin);
        this.#origins.set(address, known);
      }
    }
  }

  findings(target: Target): readonly Finding[] {
    const found =
      this.#known.get(target) ?? target.endpoints.flatMap((endpoint, index) => this.#find(endpoint, index));
    this.#known.set(target, found);
    return found;
  }

  #find(endpoint: Endpoint, index: number): readonly Finding[] {
    const at = { endpoint, index };
    const listeners = this.#surroundings.listeners.filter((listener) => reaches(endpoint, listener));
    const host = listeners.length > 0 ? undefined : this.#hostFor(endpoint);
    const origin = addressesOf(endpoint.host)
      .flatMap((address) => this.#origins.get(address) ?? [])
      .find(({ port }) => port === undefined || port === endpoint.port);
    return [
      ...(listeners.length === 0 ? [] : [{ ...at, kind: 'listener' as const, listeners }]),
      ...(host === undefined ? [] : [{ ...at, kind: 'host' as const, path: host.path }]),
      ...(origin === undefined ? [] : [{ ...at, kind: 'origin' as const, path: origin.path }]),
    ];
  }

  /** An address leads to no listener of another port, and what is on the machine itself is known from the listeners. */
  #hostFor({ host, port }: Endpoint): NamedHost | undefined {
    if (isLocal(host)) return undefined;
    const { listeners } = this.#surroundings;
    const name = canonicalHost(host);
    const isElsewhere = listeners.length > 0 && !listeners.some((listener) => listener.port === port);
    if (isIpAddress(name) && isElsewhere) return undefined;
    return this.#names.get(name) ?? this.#patterns.find(([pattern]) => coversHost(pattern, name))?.[1];
  }
}

const known = new WeakMap<Surroundings, Around>();

function findingsOf(surroundings: Surroundings, target: Target): readonly Finding[] {
  const around = known.get(surroundings) ?? new Around(surroundings);
  known.set(surroundings, around);
  return around.findings(target);
}

function loopOf(mirror: string, { name }: Target, { endpoint }: Finding): Issue {
  return {
    path: `mirrors.${mirror}.target`,
    message:
      `target "${name}" has ${textOf(endpoint)}, where this fleet itself listens: each copy would be copied again; ` +
      "give it the node's address, or leave what comes in there out of the mirror",
  };
}

function copiedOf({ name }: Target, { endpoint, index }: Finding, other: Mirror): Issue {
  return {
    path: `targets.${name}.endpoints[${index}]`,
    message:
      `target "${name}" goes to ${textOf(endpoint)}, where this fleet itself listens, and mirror "${other.name}" copies what ` +
      "comes in there: copies are copied again, without end if they lead back; give it the node's address",
  };
}

function listeningOf({ name }: Target, { endpoint, index }: Finding): Issue {
  return {
    path: `targets.${name}.endpoints[${index}]`,
    message:
      `target "${name}" goes to ${textOf(endpoint)}, where this fleet itself listens, and its config does not tell whether ` +
      'requests are copied there: if they are, copies are copied without end',
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
  listeners: readonly Listener[],
  mirrors: readonly Mirror[],
): readonly Issue[] {
  return endpoints.flatMap((endpoint, index) => {
    if (isLocal(endpoint.host)) return [];
    const there = listeners.filter((listener) => isSamePlace(endpoint, listener));
    if (!mirrors.some((mirror) => verdictOf(there, mirror) !== false)) return [];
    const message = `target "${name}" goes to ${textOf(endpoint)}, where fleet "${fleet}" listens: copies may be copied again there; point it at the node's own address`;
    return [{ path: `targets.${name}.endpoints[${index}]`, message }];
  });
}

function textOf({ host, port }: Endpoint): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
