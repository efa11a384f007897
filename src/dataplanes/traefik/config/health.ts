import { type Json, fieldsOf, listOf } from '../json.ts';
import { ownName } from '../names.ts';
import { SERVICE_TYPES, type Reference, servicesOf } from './services.ts';

/**
 * Services that must tell of their health to the one that they are named by, and cannot: Traefik then leaves out the routers
 * that lead there.
 */
export function untoldHealth(services: Json): readonly Reference[] {
  const found = new Map<string, Reference>();
  const asked = new Set<string>();
  const waiting = Object.entries(services).flatMap(([name, service]) =>
    isAsker(fieldsOf(service)) ? askedBy(name, fieldsOf(service)) : [],
  );
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const name = ownName(String(next.name));
    if (name === undefined || !Object.hasOwn(services, name)) continue;
    const service = fieldsOf(services[name]);
    if (!tells(service)) found.set(next.path, next);
    // A mirroring is asked for the health of what it stands before.
    else if (service['mirroring'] !== undefined && !asked.has(name)) waiting.push(...askedBy(name, service));
    asked.add(name);
  }
  return [...found.values()];
}

function tells(service: Json): boolean {
  return SERVICE_TYPES.some((type) => fieldsOf(service[type])['healthCheck'] !== undefined);
}

/** A failover asks always, others where they tell of it themselves. */
function isAsker(service: Json): boolean {
  if (service['failover'] !== undefined) return true;
  return ['weighted', 'highestRandomWeight'].some(
    (type) => fieldsOf(service[type])['healthCheck'] !== undefined,
  );
}

function askedBy(name: string, service: Json): readonly Reference[] {
  const failover = fieldsOf(service['failover']);
  const hasStatuses = listOf(fieldsOf(failover['errors'])['status']).length > 0;
  return servicesOf(service, `http.services.${name}`).filter(({ path }) => {
    if (path.endsWith('.failover.service')) return !hasStatuses;
    if (path.endsWith('.failover.fallback')) return failover['healthCheck'] !== undefined;
    return !path.includes('.mirroring.mirrors[');
  });
}
