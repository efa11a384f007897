import { dump } from 'js-yaml';
import { ok } from '../../model/issue.ts';
import type { Capabilities, CompileInput, Compiled, DataPlane } from '../data-plane.ts';
import { type Structure, TraefikCompiled, makeStructure } from './compile/compiled.ts';
import { STEP } from './compile/percent.ts';
import { makePlan } from './compile/plan.ts';
import { warningsOf } from './compile/warnings.ts';
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

  function structureFor({ fleet, config, mirrors }: CompileInput<TraefikConfig>): Structure {
    const isRead = Object.keys(fleet.readBack ?? {}).length > 0;
    const key = structureKey(mirrors, isRead);
    const known = structures.get(config);
    if (known?.key === key) return known.structure;
    const plan = makePlan(config.document, mirrors);
    const warnings = warningsOf(config.document, plan, isRead);
    const structure = makeStructure(config.document, plan, warnings);
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
function structureKey(mirrors: CompileInput['mirrors'], isRead: boolean): string {
  const shapes = mirrors.map(({ mirror: { name, routes, exclude, copy }, target }) => [
    ...[name, routes, exclude, copy, target],
  ]);
  return JSON.stringify([isRead, shapes]);
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
  applied:
    "Read back from Traefik's API (/api/rawdata, /api/entrypoints) where the fleet has its address; else unconfirmed",
  config: "A Traefik's dynamic configuration, as in a file of its file provider; YAML or JSON",
});
