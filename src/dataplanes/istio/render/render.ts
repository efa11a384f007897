import { dump } from 'js-yaml';
import type { Compiled } from '../../data-plane.ts';
import { HTTP_ROUTE } from '../types.ts';

const GATEWAY_API = ['Service', 'EndpointSlice', HTTP_ROUTE];
const LEADING = ['ServiceEntry', 'DestinationRule', 'EnvoyFilter'];

/** Everything that istiod is served, as documents for kubectl: what is named before what names it. */
export function renderIstio(compiled: Compiled): string {
  const lists = Object.entries(compiled.resources()).filter(([kind]) => !GATEWAY_API.includes(kind));
  const rank = (kind: string): number => (LEADING.includes(kind) ? LEADING.indexOf(kind) : LEADING.length);
  return documents(lists.sort(([a], [b]) => rank(a) - rank(b)).flatMap(([, list]) => list));
}

/** The HTTPRoutes with mirrors as filters, and what these refer to. */
export function renderGatewayApi(compiled: Compiled): string {
  const lists = compiled.resources();
  return documents(GATEWAY_API.flatMap((kind) => lists[kind] ?? []));
}

function documents(resources: readonly unknown[]): string {
  if (resources.length === 0) return '# none\n';
  return resources.map((one) => `---\n${dump(one, { noRefs: true, lineWidth: 120 })}`).join('');
}
