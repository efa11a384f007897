import type { NamedHost, Origin, Surroundings } from '../../data-plane.ts';
import { type Json, fieldsOf, listOf, textOf } from '../json.ts';
import { ownName } from '../names.ts';
import { readServerUrl } from './server-url.ts';
import { servicesOf } from './services.ts';

/** Entry points stand in each Traefik's static configuration, so that nothing is known of listeners. */
export function surroundingsOf(document: Json): Surroundings {
  const http = fieldsOf(document['http']);
  const routers = Object.entries(fieldsOf(http['routers'])).map(
    ([name, router]) => [name, fieldsOf(router)] as const,
  );
  return Object.freeze({
    listeners: [],
    hosts: routers.flatMap(([name, router]) => hostsOf(textOf(router['rule']) ?? '', name)),
    origins: originsOf(
      routers.flatMap(([, router]) => textOf(router['service']) ?? []),
      fieldsOf(http['services']),
    ),
  });
}

/** Hosts that a rule asks for; not those that it excludes. `HostHeader`: of rules in the syntax of v2. */
function hostsOf(rule: string, router: string): readonly NamedHost[] {
  const matchers = [...rule.matchAll(/(?<![!\w]\s*)host(?:header)?\s*\(([^)]*)\)/gi)];
  return matchers.flatMap(([, literals = '']) =>
    [...literals.matchAll(/`([^`]*)`|"([^"\\]*)"/g)].map(([, raw, quoted]) => ({
      name: raw ?? quoted ?? '',
      path: `http.routers.${router}.rule`,
    })),
  );
}

/** Servers that requests get to from routers, by whatever services are between; copies go where these do not. */
function originsOf(references: readonly string[], services: Json): readonly Origin[] {
  const reached = new Set(references.flatMap((reference) => ownName(reference) ?? []));
  const origins: Origin[] = [];
  // A set that grows is walked to its end.
  for (const name of reached) {
    const service = fieldsOf(services[name]);
    const path = `http.services.${name}`;
    for (const { name: next, path: at } of servicesOf(service, path)) {
      if (at.startsWith(`${path}.mirroring.mirrors[`)) continue;
      const own = ownName(String(next));
      if (own !== undefined) reached.add(own);
    }
    const servers = listOf(fieldsOf(service['loadBalancer'])['servers']).map(fieldsOf);
    servers.forEach(({ url }, index) => {
      const read = readServerUrl(String(url));
      if (read === undefined) return;
      const { host, port } = read;
      origins.push({ host, port, path: `${path}.loadBalancer.servers[${index}]` });
    });
  }
  return origins;
}
