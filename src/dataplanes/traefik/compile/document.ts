import type { Ppm } from '../../../model/percent.ts';
import { contentHash } from '../../../snapshot/build.ts';
import { type Json, fieldsOf, inOrder, writeJson } from '../json.ts';
import { VERSION, VERSION_HEADER, mirroringOf, nodeService } from '../names.ts';
import { nodeParts } from './node-service.ts';
import { STEP } from './percent.ts';
import type { PlannedMirror } from './plan.ts';

/** The owner's configuration with the mirrors in it that have a percent, which is a whole one. Same input, same document. */
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
  const transports: Record<string, unknown> = { ...fieldsOf(http['serversTransports']) };
  for (const { mirror, target } of active) {
    const parts = nodeParts(mirror, target);
    Object.assign(services, parts.services);
    Object.assign(middlewares, parts.middlewares);
    Object.assign(transports, parts.serversTransports);
  }
  for (const [name, router] of Object.entries(routers)) {
    const here = active.filter((planned) => planned.routers.includes(name));
    if (here.length === 0) continue;
    services[mirroringOf(name)] = {
      mirroring: {
        // One buffer for all of the router's copies: as large as the one that takes most needs.
        maxBodySize: Math.max(...here.map(({ target }) => target.limits.bufferBytes)),
        mirrors: here.map(({ mirror }) => ({
          name: nodeService(mirror.name),
          percent: (percents.get(mirror.name) ?? 0) / STEP,
        })),
        service: fieldsOf(router)['service'],
      },
    };
    routers[name] = { ...fieldsOf(router), service: mirroringOf(name) };
  }
  const parts = { routers, services, middlewares, serversTransports: transports };
  return { ...owned, http: { ...http, ...parts } };
}

/** The document as it is served: with its version in it, to be read back. */
export function served(document: Json): { readonly json: Json; readonly text: string } {
  const http = fieldsOf(document['http']);
  const version = contentHash(JSON.stringify(inOrder(document)));
  const marker = { headers: { customRequestHeaders: { [VERSION_HEADER]: version } } };
  const middlewares = { ...fieldsOf(http['middlewares']), [VERSION]: marker };
  const json = inOrder({ ...document, http: { ...http, middlewares } }) as Json;
  return { json, text: writeJson(json) };
}
