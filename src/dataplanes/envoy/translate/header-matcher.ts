import type { HeaderMatch } from '../../../model/mirror.ts';
import type { Json } from '../json.ts';
import type { Condition } from '../plan/condition.ts';
import { domainPattern } from '../plan/domain.ts';

/**
 * A condition as an Envoy header matcher. The path is matched as the `:path` header and not by the route's own path
 * specifier, which rewrites depend on.
 * https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/route/v3/route_components.proto#config-route-v3-headermatcher
 */
export function headerMatcher(condition: Condition): Json {
  switch (condition.kind) {
    case 'path':
      return { name: ':path', string_match: { prefix: condition.prefix } };
    case 'methods':
      return { name: ':method', string_match: methodMatch(condition.methods) };
    case 'domain':
      return { name: ':authority', string_match: { safe_regex: { regex: domainPattern(condition.domain) } } };
    case 'header':
      return matchHeader(condition.match);
  }
}

function methodMatch(methods: readonly string[]): Json {
  const [only, ...more] = methods;
  return more.length === 0 ? { exact: only } : { safe_regex: { regex: methods.join('|') } };
}

function matchHeader(match: HeaderMatch): Json {
  if (match.exact !== undefined) return { name: match.name, string_match: { exact: match.exact } };
  if (match.prefix !== undefined) return { name: match.name, string_match: { prefix: match.prefix } };
  if (match.regex !== undefined)
    return { name: match.name, string_match: { safe_regex: { regex: match.regex } } };
  return { name: match.name, present_match: match.present ?? true };
}
