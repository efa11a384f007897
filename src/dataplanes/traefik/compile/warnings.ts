import type { Issue } from '../../../model/issue.ts';
import { isLocal } from '../../../model/place.ts';
import { type Json, fieldsOf, textOf } from '../json.ts';
import { ownName } from '../names.ts';
import { servicesOf } from '../config/services.ts';
import { hasHealthCheck, missingHeaders } from './node-service.ts';
import type { PlannedMirror } from './plan.ts';

/** What mirrors mean in Traefik that their owner would not expect. `isRead`: whether it is seen what becomes of them. */
export function warningsOf(
  document: Json,
  plan: readonly PlannedMirror[],
  isRead: boolean,
): readonly Issue[] {
  return [...plan.flatMap((planned) => warningsOfMirror(planned, isRead)), ...losingHealth(document, plan)];
}

/** As much as a copy may cost before it is said. */
const LARGE_BUFFER = 256 * 1024;

function warningsOfMirror({ mirror, target, routers }: PlannedMirror, isRead: boolean): readonly Issue[] {
  const { name, copy } = mirror;
  const found: Issue[] = [];
  const warn = (field: string, message: string): void =>
    void found.push({ path: `mirrors.${name}.${field}`, message });
  if (routers.length === 0)
    warn('routes', 'no router of the fleet is selected, so nothing is copied; compare with its config');
  const missing = missingHeaders(copy);
  if (missing.length > 0)
    warn(
      'copy.preset',
      `copies go without ${missing.join(', ')}, which Traefik does not make; what is the same for all can be in copy.setHeaders`,
    );
  if (copy.clientAddress !== 'auto')
    warn(
      'copy.clientAddress',
      'Traefik goes by what its entry point trusts (forwardedHeaders), whatever is asked for here',
    );
  if (!hasHealthCheck(target))
    warn(
      'target',
      `target "${target.name}" has no health check: Traefik tries a node that hangs again and again`,
    );
  const here = target.endpoints.find(({ host }) => isLocal(host));
  if (here !== undefined && !isRead)
    warn(
      'target',
      `target "${target.name}" has ${here.host}:${here.port}: it cannot be told from here whether that is an entry point of ` +
        'this Traefik, which would copy its copies without end; with readBack it is seen',
    );
  const { bufferBytes } = target.limits;
  if (bufferBytes > LARGE_BUFFER)
    warn(
      'target',
      `target "${target.name}" has limits.bufferBytes of ${bufferBytes}, which Traefik sets aside for every request that it copies, ` +
        'with a body or without, before it serves it: CPU and latency of the primary grow with it (at 1 MiB nearly twice of that at ' +
        '64 KiB); lower it to what bodies need',
    );
  return found;
}

/** Once, as it is the same for all. */
function losingHealth(document: Json, plan: readonly PlannedMirror[]): readonly Issue[] {
  const http = fieldsOf(document['http']);
  const services = fieldsOf(http['services']);
  const reached = new Set<string>();
  for (const router of new Set(plan.flatMap(({ routers }) => routers)))
    reached.add(ownName(textOf(fieldsOf(fieldsOf(http['routers'])[router])['service']) ?? '') ?? '');
  // A set that grows is walked to its end.
  for (const name of reached) {
    const service = fieldsOf(services[name]);
    if (fieldsOf(service['loadBalancer'])['healthCheck'] !== undefined)
      return [
        {
          path: `http.services.${name}.loadBalancer.healthCheck`,
          message:
            'begins anew with every change, percents too: until its next check Traefik takes servers that are down for well. ' +
            'Give passiveHealthCheck besides, keep the interval short (1s), have the retry middleware on these routers, take few steps',
        },
      ];
    for (const { name: next } of servicesOf(service, '')) reached.add(ownName(String(next)) ?? '');
  }
  return [];
}
