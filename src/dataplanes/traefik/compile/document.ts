import type { Ppm } from '../../../model/percent.ts';
import { contentHash } from '../../../snapshot/build.ts';
import { type Json, fieldsOf, inOrder, sorted, writeJson } from '../json.ts';
import { VERSION, VERSION_HEADER, mirroringOf, nodeService } from '../names.ts';
import { nodeParts } from './node-service.ts';
import { STEP } from './percent.ts';
import type { PlannedMirror } from './plan.ts';

/**
 * The owner's configuration with the mirrors in it that have a percent, which is a whole one. `owned` is in order, and so is
 * what is made of it: same input, same document.
 */
export function mirroredDocument(
  owned: Json,
  plan: readonly PlannedMirror[],
  percents: ReadonlyMap<string, Ppm>,
): Json {
  const active = plan.filter(
    ({ mirror, routers }) => (percents.get(mirror.name) ?? 0) > 0 && routers.length > 0,
  );
  if (active.length === 0) return owned;
  const http = fieldsOf(owned['http']);
  const routers: Record<string, unknown> = { ...fieldsOf(http['routers']) };
  const services: Record<string, unknown> = { ...fieldsOf(http['services']) };
  const middlewares: Record<string, unknown> = { ...fieldsOf(http['middlewares']) };
  const serversTransports: Record<string, unknown> = { ...fieldsOf(http['serversTransports']) };
  for (const { mirror, target } of active) {
    const parts = nodeParts(mirror, target);
    Object.assign(services, inOrder(parts.services));
    Object.assign(middlewares, inOrder(parts.middlewares));
    Object.assign(serversTransports, inOrder(parts.serversTransports));
  }
  for (const [name, here] of byRouter(active)) {
    const router = fieldsOf(routers[name]);
    services[mirroringOf(name)] = {
      mirroring: {
        // One buffer for all of the router's copies: as large as the one that takes most needs.
        maxBodySize: Math.max(...here.map(({ target }) => target.limits.bufferBytes)),
        mirrors: here.map(({ mirror }) => ({
          name: nodeService(mirror.name),
          percent: (percents.get(mirror.name) ?? 0) / STEP,
        })),
        service: router['service'],
      },
    };
    routers[name] = { ...router, service: mirroringOf(name) };
  }
  const parts = {
    middlewares: sorted(middlewares),
    routers,
    serversTransports: sorted(serversTransports),
    services: sorted(services),
  };
  return { ...owned, http: sorted({ ...http, ...parts }) };
}

function byRouter(active: readonly PlannedMirror[]): ReadonlyMap<string, readonly PlannedMirror[]> {
  const found = new Map<string, PlannedMirror[]>();
  for (const planned of active) {
    for (const router of planned.routers) found.set(router, [...(found.get(router) ?? []), planned]);
  }
  return found;
}

/** The document as it is served: with its version in it, to be read back. */
export function served(document: Json): { readonly json: Json; readonly text: string } {
  const http = fieldsOf(document['http']);
  const version = contentHash(JSON.stringify(document));
  const marker = { headers: { customRequestHeaders: { [VERSION_HEADER]: version } } };
  const middlewares = sorted({ ...fieldsOf(http['middlewares']), [VERSION]: marker });
  const json = { ...document, http: sorted({ ...http, middlewares }) };
  return { json, text: writeJson(json) };
}
