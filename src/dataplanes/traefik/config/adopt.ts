import type { Issue } from '../../../model/issue.ts';
import type { Mirror } from '../../../model/mirror.ts';
import { freeName, toName } from '../../../model/name.ts';
import type { Ppm } from '../../../model/percent.ts';
import type { Adoption } from '../../data-plane.ts';
import { type Json, fieldsOf, listOf, textOf } from '../json.ts';
import { ownName } from '../names.ts';
import { type Found, targetOf } from './adopt-target.ts';
import { servicesOf } from './services.ts';

export interface AdoptionResult {
  /** The config without what was adopted. */
  readonly document: Json;
  readonly adoption: Adoption;
  readonly warnings: readonly Issue[];
}

/** Entries that mean the same mirror: same service, same share, same rank among a mirroring's copies to that service. */
interface Group {
  readonly service: string;
  readonly percent: Ppm;
  readonly routers: Set<string>;
}

const PPM_PER_PERCENT = 10_000;

/**
 * Turns the entries of `mirroring` services into targets and mirrors, and takes them out of the config, along with services
 * that nothing else names. The mirroring services stay, with nothing to mirror, so that routers need no change. What a mirror
 * cannot express stays as the owner wrote it, with a warning.
 */
export function adopt(fleet: string, document: Json): AdoptionResult {
  const adopter = new Adopter(document);
  const services = adopter.run();
  const names = nameSource();
  const targets = new Map<string, Found>();
  for (const { service } of adopter.groups.values()) {
    const found = adopter.targets.get(service);
    if (typeof found === 'object' && !targets.has(service)) {
      const name = names(service);
      targets.set(service, { ...found, target: Object.freeze({ ...found.target, name }) });
    }
  }
  const mirrors = [...adopter.groups.values()].flatMap(({ service, percent, routers }): readonly Mirror[] => {
    const found = targets.get(service);
    if (found === undefined) return [];
    const routes = [...routers].sort().map((route) => Object.freeze({ route }));
    return [
      Object.freeze({
        ...{ name: names(`${fleet}-${found.target.name}`), fleet, target: found.target.name, percent },
        ...{ routes: Object.freeze(routes), exclude: Object.freeze([]), copy: found.copy },
      }),
    ];
  });
  const http = { ...fieldsOf(document['http']), services };
  return {
    document: { ...document, http: dropUnused(http, targets, adopter.warnings) },
    adoption: { targets: [...targets.values()].map(({ target }) => target), mirrors },
    warnings: adopter.warnings,
  };
}

class Adopter {
  readonly warnings: Issue[] = [];
  readonly groups = new Map<string, Group>();
  /** By service: what it is as a target, or why it cannot be one. */
  readonly targets = new Map<string, Found | string>();
  readonly #http: Json;
  readonly #routersOf = new Map<string, string[]>();
  readonly #behindOthers: ReadonlySet<string>;

  constructor(document: Json) {
    this.#http = fieldsOf(document['http']);
    for (const [name, router] of Object.entries(fieldsOf(this.#http['routers']))) {
      const service = ownName(textOf(fieldsOf(router)['service']) ?? '') ?? '';
      this.#routersOf.set(service, [...(this.#routersOf.get(service) ?? []), name]);
    }
    this.#behindOthers = namedByServices(this.#http);
  }

  /** The services without what was adopted. */
  run(): Json {
    const services = Object.entries(fieldsOf(this.#http['services'])).map(([name, service]) => {
      const mirroring = fieldsOf(fieldsOf(service)['mirroring']);
      const entries = listOf(mirroring['mirrors']).map(fieldsOf);
      if (entries.length === 0) return [name, service] as const;
      const kept = this.#adoptFrom(name, fieldsOf(service), entries);
      const { mirrors: _, ...rest } = mirroring;
      const left = kept.length === 0 ? rest : { ...rest, mirrors: kept };
      return [name, { ...fieldsOf(service), mirroring: left }] as const;
    });
    return Object.fromEntries(services);
  }

  /** What stays. */
  #adoptFrom(name: string, service: Json, entries: readonly Json[]): readonly Json[] {
    const path = `http.services.${name}`;
    const mirroring = fieldsOf(service['mirroring']);
    const routers = this.#routersOf.get(name) ?? [];
    const hindrance = this.#hindrance(name, mirroring, routers);
    const ranks = new Map<string, number>();
    const kept = entries.filter((entry, index) => {
      const reference = String(entry['name']);
      const found = hindrance ?? this.#target(reference, mirroring);
      if (typeof found === 'string') {
        this.#warn(`${path}.mirroring.mirrors[${index}]`, `stays in the config: ${found}`);
        return true;
      }
      const target = ownName(reference) ?? reference;
      const rank = (ranks.get(target) ?? 0) + 1;
      ranks.set(target, rank);
      // Traefik's own default is to copy nothing.
      const percent = Number(entry['percent'] ?? 0) * PPM_PER_PERCENT;
      const key = JSON.stringify([target, percent, rank]);
      const group = this.groups.get(key) ?? { service: target, percent, routers: new Set() };
      for (const router of routers) group.routers.add(router);
      this.groups.set(key, group);
      return false;
    });
    if (kept.length < entries.length)
      this.#tellOfMirroring(
        path,
        service,
        entries.filter((entry) => !kept.includes(entry)).map((entry) => String(entry['name'])),
      );
    return kept;
  }

  #hindrance(name: string, mirroring: Json, routers: readonly string[]): string | undefined {
    if (mirroring['mirrorBody'] === false)
      return 'its copies are to have no body, and a mirror of Traefik cannot do that';
    if (this.#behindOthers.has(name))
      return 'requests reach it by another service, and a mirror copies all of a router';
    return routers.length === 0 ? 'no router of this config leads to it' : undefined;
  }

  #target(reference: string, mirroring: Json): Found | string {
    const name = ownName(reference);
    if (name === undefined) return `service "${reference}" is of another provider`;
    const known = this.targets.get(name);
    if (known !== undefined) return known;
    const found = targetOf(name, this.#http, mirroring['maxBodySize']);
    const made = typeof found === 'string' ? `service "${name}" cannot be a target, as ${found}` : found;
    this.targets.set(name, made);
    return made;
  }

  #tellOfMirroring(path: string, service: Json, adopted: readonly string[]): void {
    if (service['middlewares'] !== undefined)
      this.#warn(`${path}.middlewares`, 'copies are made before these now');
    const size = fieldsOf(service['mirroring'])['maxBodySize'];
    const bounds = adopted.flatMap((reference) => {
      const found = this.targets.get(ownName(reference) ?? '');
      return typeof found === 'object' ? [found.target.limits.bufferBytes] : [];
    });
    const other = bounds.find((bound) => bound !== size);
    if (other !== undefined)
      this.#warn(
        `${path}.mirroring.maxBodySize`,
        `${size === undefined ? 'is not given' : `is ${Number(size)}`}, and is ${other} bytes now, the target's limits.bufferBytes: ` +
          'requests with a larger body are served, and not copied. Raise it at the target if they are to be; Traefik sets as ' +
          'much aside for every request that it copies',
      );
  }

  #warn(path: string, message: string): void {
    this.warnings.push({ path, message });
  }
}

/** Services that others hand requests to. */
function namedByServices(http: Json): ReadonlySet<string> {
  const references = [
    ...Object.values(fieldsOf(http['services'])).flatMap((service) => servicesOf(fieldsOf(service), '')),
    ...Object.values(fieldsOf(http['middlewares'])).map((middleware) => ({
      name: fieldsOf(fieldsOf(middleware)['errors'])['service'],
    })),
  ];
  return new Set(references.flatMap(({ name }) => ownName(String(name)) ?? []));
}

/** The mirrors bring services of their own; an adopted one that nothing names any more would only idle. */
function dropUnused(http: Json, adopted: ReadonlyMap<string, Found>, warnings: Issue[]): Json {
  const named = new Set(namedByServices(http));
  for (const router of Object.values(fieldsOf(http['routers'])))
    named.add(ownName(textOf(fieldsOf(router)['service']) ?? '') ?? '');
  for (const [name, { left }] of adopted) {
    if (left.length > 0)
      warnings.push({
        path: `http.services.${name}`,
        message: `became a target, which has no place for: ${left.join(', ')}`,
      });
  }
  const kept = Object.entries(fieldsOf(http['services'])).filter(
    ([name]) => named.has(name) || !adopted.has(name),
  );
  const { services: _, ...rest } = http;
  return kept.length === 0 ? rest : { ...rest, services: Object.fromEntries(kept) };
}

/** Names as REST takes them, each once. */
function nameSource(): (wanted: string) => string {
  const taken = new Set<string>();
  return (wanted) => {
    const name = freeName(toName(wanted, 'target'), (other) => taken.has(other));
    taken.add(name);
    return name;
  };
}
