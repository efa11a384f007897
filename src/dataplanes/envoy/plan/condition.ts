import type { HeaderMatch } from '../../../model/mirror.ts';

/** One thing that a request may or may not have, beyond what its route asks. */
export type Condition =
  | { readonly kind: 'path'; readonly prefix: string }
  | { readonly kind: 'methods'; readonly methods: readonly string[] }
  | { readonly kind: 'domain'; readonly domain: string }
  | { readonly kind: 'header'; readonly match: HeaderMatch };

/** Conditions that must all hold; none: every request of the route; undefined: no request of the route. */
export type Selection = readonly Condition[] | undefined;

export function conditionKey(condition: Condition): string {
  return JSON.stringify(condition);
}

/** Whether both can hold for one request. True on doubt: a copy of a route that is never reached harms nobody. */
export function compatible(a: Condition, b: Condition): boolean {
  if (a.kind === 'path' && b.kind === 'path')
    return a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix);
  if (a.kind === 'methods' && b.kind === 'methods')
    return a.methods.some((method) => b.methods.includes(method));
  if (a.kind === 'domain' && b.kind === 'domain')
    return a.domain === b.domain || a.domain.startsWith('*') || b.domain.startsWith('*');
  return true;
}

/** Whether `a` holds for every request for which `b` holds. False on doubt. */
export function impliedBy(a: Condition, b: Condition): boolean {
  if (a.kind === 'path' && b.kind === 'path') return b.prefix.startsWith(a.prefix);
  if (a.kind === 'methods' && b.kind === 'methods')
    return b.methods.every((method) => a.methods.includes(method));
  return conditionKey(a) === conditionKey(b);
}
