import { dump } from 'js-yaml';
import { type Issue, ok } from '../../model/issue.ts';
import type { Capabilities, CompileInput, Compiled, DataPlane } from '../data-plane.ts';
import { type Structure, TraefikCompiled, makeStructure } from './compile/compiled.ts';
import { hasHealthCheck, missingHeaders } from './compile/node-service.ts';
import { STEP } from './compile/percent.ts';
import { type PlannedMirror, makePlan } from './compile/plan.ts';
import { type TraefikConfig, readTraefikConfig } from './config/read.ts';
import { TYPE_URL } from './names.ts';
import { READ_BACK } from './read-back.ts';
import { type Trial, trialOf } from './trial/document.ts';

export { findingIn, findingsOf } from './trial/findings.ts';
export { settingsFor } from './trial/settings.ts';
export type { Trial };

/** What a Traefik can be asked about before it is served. */
export function trialFor(compiled: Compiled): Trial {
  if (!(compiled instanceof TraefikCompiled)) throw new TypeError('no compiled structure of a Traefik fleet');
  return trialOf(compiled);
}

/**
 * Traefik, which fetches its dynamic configuration over HTTP and tells by its API what became of it. Pure but for what it
 * remembers of earlier input.
 */
export function createTraefikDataPlane(): DataPlane<TraefikConfig> {
  const structures = new WeakMap<TraefikConfig, { readonly key: string; readonly structure: Structure }>();

  function structureFor({ config, mirrors }: CompileInput<TraefikConfig>): Structure {
    const key = structureKey(mirrors);
    const known = structures.get(config);
    if (known?.key === key) return known.structure;
    const plan = makePlan(config.document, mirrors);
    const structure = makeStructure(config.document, plan, plan.flatMap(warningsOf));
    structures.set(config, { key, structure });
    return structure;
  }

  return {
    kind: 'traefik',
    capabilities: CAPABILITIES,
    looksLike: (text) => /^(?:\{\s*)?"?http"?\s*:/m.test(text) && /\b(?:routers|services)"?\s*:/.test(text),
    readConfig: readTraefikConfig,
    compile(input) {
      const compiled = new TraefikCompiled(structureFor(input), percentsOf(input));
      return ok(compiled, compiled.warnings);
    },
    variantFor: () => 'document',
    effectivePercent: (mirror, acked) => acked.get(TYPE_URL)?.labels.get(mirror),
    mirrorOfCluster: () => undefined,
    limitations: () => [],
    readBack: READ_BACK,
    polled: { path: 'traefik', contentType: 'application/json', typeUrl: TYPE_URL },
    renderings: {
      traefik: (compiled) =>
        compiled instanceof TraefikCompiled
          ? dump(compiled.document.json, { noRefs: true, lineWidth: 120 })
          : '',
    },
  };
}

/** What of the mirrors shapes structure. */
function structureKey(mirrors: CompileInput['mirrors']): string {
  return JSON.stringify(
    mirrors.map(({ mirror: { name, routes, exclude, copy }, target }) => [
      name,
      routes,
      exclude,
      copy,
      target,
    ]),
  );
}

function percentsOf({ mirrors }: CompileInput<TraefikConfig>): ReadonlyMap<string, number> {
  return new Map(mirrors.map(({ mirror }) => [mirror.name, mirror.percent]));
}

const CAPABILITIES: Capabilities = Object.freeze({
  percentStep: STEP,
  sampling: 'counter',
  copy: Object.freeze({ setHeaders: true, removeHeaders: true, withoutBody: false }),
  selectors: Object.freeze(['route']),
  fleetShare: true,
  expiresAfter: false,
  loadReports: false,
  applied: "Read back from Traefik's API (/api/rawdata) where the fleet has its address; else unconfirmed",
  config: "A Traefik's dynamic configuration, as in a file of its file provider; YAML or JSON",
});

/** What a mirror means in Traefik that its owner would not expect. */
function warningsOf({ mirror, target, routers }: PlannedMirror): readonly Issue[] {
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
  return found;
}
