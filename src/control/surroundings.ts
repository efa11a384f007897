import type { NamedHost, Origin, Surroundings } from '../dataplanes/data-plane.ts';
import { isIpAddress } from '../model/host.ts';
import type { Issue } from '../model/issue.ts';
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
  for (const { fleet, target, mirrors } of destinationsIn(state)) {
    const own = asked.has(fleet) ? surroundingsOf(fleet) : undefined;
    for (const finding of own === undefined ? [] : findingsOf(own, target)) {
      if (finding.kind === 'listener') loops.push(...mirrors.map((name) => loopOf(name, target, finding)));
      else warnings.push(warningOf(fleet, target, finding));
    }
    for (const other of state.fleet.keys()) {
      if (other === fleet || !(asked.has(fleet) || asked.has(other))) continue;
      warnings.push(...elsewhere(target, other, surroundingsOf(other)?.listeners ?? []));
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
    if (this.#surroundings.listeners.some((listener) => reaches(endpoint, listener)))
      return [{ ...at, kind: 'listener' }];
    const host = this.#hostFor(endpoint);
    const origin = addressesOf(endpoint.host)
      .flatMap((address) => this.#origins.get(address) ?? [])
      .find(({ port }) => port === undefined || port === endpoint.port);
    return [
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
