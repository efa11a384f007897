import { type Json, objects } from '../json.ts';
import type { Selection } from './condition.ts';

/**
 * Requests of a virtual host whose Host is `domain` (`shop.example`, any port; or `*.shop.example`). Envoy chooses the
 * virtual host first, by exact domain, then the longest wildcard, then `*`, so another host's exact entry wins.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-virtualhost
 */
export function selectDomain(domain: string, host: Json, routes: Json): Selection {
  const wanted = domain.toLowerCase();
  const own = domainsOf(host);
  if (own.every((entry) => covers(wanted, hostOf(entry)))) return [];
  const others = objects(routes['virtual_hosts']).filter((other) => other !== host);
  const claimed =
    !wanted.startsWith('*') && others.some((other) => domainsOf(other).some((entry) => entry === wanted));
  if (claimed && !own.some((entry) => hostOf(entry) === wanted)) return undefined;
  return own.some((entry) => meets(wanted, hostOf(entry))) ? [{ kind: 'domain', domain: wanted }] : undefined;
}

/** RE2 for a Host header of the domain, with or without a port. */
export function domainPattern(domain: string): string {
  const wild = domain.startsWith('*');
  const text = (wild ? domain.slice(1) : domain).replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return `(?i)${wild ? '.+' : ''}${text}(:[0-9]+)?`;
}

function domainsOf(host: Json): readonly string[] {
  const list = host['domains'];
  return Array.isArray(list) ? list.map((entry) => String(entry).toLowerCase()) : [];
}

/** A domain entry without its port (`shop.example:8080`, `shop.example:*`). */
function hostOf(entry: string): string {
  return entry.replace(/:(\d+|\*)$/, '');
}

/** Whether every Host of the entry is one of `wanted`. */
function covers(wanted: string, entry: string): boolean {
  if (wanted === '*' || wanted === entry) return true;
  return wanted.startsWith('*') && entry.endsWith(wanted.slice(1)) && entry.length > wanted.length - 1;
}

/** Whether some Host may be of both. */
function meets(wanted: string, entry: string): boolean {
  if (covers(wanted, entry) || covers(entry, wanted)) return true;
  // `shop.*` against `*.example`, or against a name.
  if (entry.endsWith('*')) return wanted.startsWith('*') || wanted.startsWith(entry.slice(0, -1));
  return false;
}
