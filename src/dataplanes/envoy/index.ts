import { type Result, ok } from '../../model/issue.ts';
import type { Capabilities, CompileInput, DataPlane } from '../data-plane.ts';
import { EnvoyCompiled } from './compile/compiled.ts';
import { Encoder } from './compile/encode.ts';
import { expiriesOf } from './compile/expiries.ts';
import { limitations } from './compile/limitations.ts';
import { Pieces } from './compile/pieces.ts';
import { buildStructure } from './compile/structure.ts';
import { effectivePercent, variantFor } from './compile/variant.ts';
import { type EnvoyConfig, readEnvoyConfig } from './config/read.ts';
import type { EnvoySchema } from './schema/index.ts';
import { renderConfig } from './static/static.ts';
import { CLUSTER_PREFIX } from './types.ts';

export { loadSchema } from './schema/index.ts';
export { renderBootstrap } from './bootstrap.ts';
export { renderStatic } from './static/static.ts';
export { MINIMUM_VERSION, VARIANTS } from './compile/variant.ts';

/** The Envoy data plane. Pure but for what it remembers of earlier input. */
export function createEnvoyDataPlane(schema: EnvoySchema): DataPlane<EnvoyConfig> {
  const encoder = new Encoder(schema);
  const pieces = new WeakMap<EnvoyConfig, { readonly key: string; readonly pieces: Pieces }>();

  function piecesFor(input: CompileInput<EnvoyConfig>): Result<Pieces> {
    const key = structureKey(input);
    const known = pieces.get(input.config);
    if (known?.key === key) return ok(known.pieces);
    const structure = buildStructure(schema, input);
    if (!structure.ok) return structure;
    const made = new Pieces(structure.value, encoder);
    pieces.set(input.config, { key, pieces: made });
    return ok(made);
  }

  return {
    kind: 'envoy',
    capabilities: CAPABILITIES,
    looksLike: (text) => /^(?:\{\s*)?"?(?:static_resources|listeners|clusters)"?\s*:/m.test(text),
    readConfig: (text, format, options) => readEnvoyConfig(schema, text, format, options),
    compile(input) {
      const made = piecesFor(input);
      if (!made.ok) return made;
      const mirrors = input.mirrors.map(({ mirror }) => mirror);
      const percents = new Map(mirrors.map(({ name, percent }) => [name, percent]));
      const compiled = new EnvoyCompiled(made.value, percents, expiriesOf(mirrors));
      return ok(compiled, compiled.warnings);
    },
    variantFor,
    effectivePercent,
    mirrorOfCluster: (cluster) =>
      cluster.startsWith(CLUSTER_PREFIX) ? cluster.slice(CLUSTER_PREFIX.length) : undefined,
    limitations,
    renderings: { envoy: renderConfig },
  };
}

const CAPABILITIES: Capabilities = Object.freeze({
  percentStep: 1,
  sampling: 'random',
  copy: Object.freeze({ setHeaders: true, removeHeaders: true, withoutBody: false }),
  selectors: Object.freeze([
    ...['routeConfig', 'virtualHost', 'domain', 'route', 'match'],
    ...['pathPrefix', 'methods', 'headers'],
  ]),
  fleetShare: true,
  expiresAfter: true,
  loadReports: true,
  applied: 'Envoy acknowledges each resource it took, over xDS',
  config: 'A bootstrap, a static_resources block, or lists by type; YAML or JSON',
});

/** What of the input shapes structure. Percents, and what decides them on a node or in time, leave it alone. */
function structureKey({ mirrors }: CompileInput<EnvoyConfig>): string {
  return JSON.stringify(
    mirrors.map(({ mirror: { name, routes, exclude, copy }, target }) => {
      const { endpoints, protocol, tls, limits, health } = target;
      return { name, routes, exclude, copy, endpoints, protocol, tls, limits, health };
    }),
  );
}
