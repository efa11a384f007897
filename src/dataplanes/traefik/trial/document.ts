import { FULL } from '../../../model/percent.ts';
import type { TraefikCompiled } from '../compile/compiled.ts';
import { served } from '../compile/document.ts';
import { type Json, fieldsOf, namesIn } from '../json.ts';
import { ELSEWHERE } from '../names.ts';
import { ROOT } from '../schema/fields.ts';
import { rewritten } from '../schema/rewrite.ts';
import { HARMLESS, NOWHERE } from './harmless.ts';

/** A document for a Traefik that is only asked what it thinks of it. */
export interface Trial {
  readonly json: Json;
  readonly text: string;
  /** How many routers and services it has: the more, the longer it takes. */
  readonly pieces: number;
  /** Names of the entry points that it needs, by what they are for. */
  readonly entryPoints: { readonly tcp: readonly string[]; readonly udp: readonly string[] };
}

/** As if every mirror copied, and without all that another machine or another provider has. */
export function trialOf(compiled: TraefikCompiled): Trial {
  const all = compiled.withPercents(new Map([...compiled.destinations.keys()].map((name) => [name, FULL])));
  const harmless = fieldsOf(rewritten(all.document.json, ROOT, HARMLESS));
  const { json, text } = served(withElsewhere(harmless));
  const of = (kind: string): readonly string[] => [...new Set(entryPointsOf(json, kind))];
  const udp = of('udp');
  const tcp = [...new Set([...of('http'), ...of('tcp')])].filter((name) => !udp.includes(name));
  const http = fieldsOf(json['http']);
  const pieces = [http['routers'], http['services']].flatMap((part) => Object.keys(fieldsOf(part))).length;
  return { json, text, pieces, entryPoints: { tcp, udp } };
}

/** Routers under a router of another provider cannot be looked at without it. */
function withElsewhere(document: Json): Json {
  const http = fieldsOf(document['http']);
  const services = {
    ...fieldsOf(http['services']),
    [ELSEWHERE]: balancer({ url: `http://${NOWHERE}` }, { path: '/' }),
  };
  return {
    ...document,
    http: { ...http, routers: rooted(fieldsOf(http['routers'])), services },
    ...withService(document, 'tcp', balancer({ address: NOWHERE }, {})),
    ...withService(document, 'udp', { loadBalancer: { servers: [{ address: NOWHERE }] } }),
  };
}

function balancer(server: Json, check: Json): Json {
  return { loadBalancer: { servers: [server], healthCheck: { ...check, interval: '24h' } } };
}

function withService(document: Json, kind: 'tcp' | 'udp', service: Json): Json {
  if (document[kind] === undefined) return {};
  const section = fieldsOf(document[kind]);
  return { [kind]: { ...section, services: { ...fieldsOf(section['services']), [ELSEWHERE]: service } } };
}

/** Without those whose parents, or parents of parents, are all missing: they were left out for being of another provider. */
function rooted(routers: Json): Json {
  const kept = Object.entries(routers).filter(([, router]) =>
    namesIn(fieldsOf(router)['parentRefs']).every((parent) => Object.hasOwn(routers, parent)),
  );
  return kept.length === Object.keys(routers).length ? routers : rooted(Object.fromEntries(kept));
}

function entryPointsOf(document: Json, kind: string): readonly string[] {
  const routers = Object.values(fieldsOf(fieldsOf(document[kind])['routers']));
  return routers.flatMap((router) => namesIn(fieldsOf(router)['entryPoints'])).filter((name) => name !== '');
}
