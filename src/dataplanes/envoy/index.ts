import { type Result, ok } from '../../model/issue.ts';
import type { CompileInput, Compiled, DataPlane } from '../data-plane.ts';
import { EnvoyCompiled, Pieces } from './compile/compiled.ts';
import { Encoder } from './compile/encode.ts';
import { buildStructure } from './compile/structure.ts';
import { effectivePercent, variantFor } from './compile/variant.ts';
import { type EnvoyConfig, readEnvoyConfig } from './config/read.ts';
import type { EnvoySchema } from './schema/index.ts';
import { CLUSTER_PREFIX } from './types.ts';

export { loadSchema } from './schema/index.ts';
export { renderBootstrap } from './bootstrap.ts';

/** The Envoy data plane. Pure but for what it remembers of earlier input. */
export function createEnvoyDataPlane(schema: EnvoySchema): DataPlane<EnvoyConfig> {
  const encoder = new Encoder(schema);
  const pieces = new WeakMap<EnvoyConfig, { readonly key: string; readonly pieces: Pieces }>();

  function piecesFor(input: CompileInput<EnvoyConfig>): Result<Pieces> {
    const key = structureKey(input);
    const known = pieces.get(input.config);
    if (known?.key === key) return ok(known.pieces, known.pieces.structure.warnings);
    const structure = buildStructure(schema, input);
    if (!structure.ok) return structure;
    const made = new Pieces(
      structure.value,
      input.mirrors.map(({ mirror }) => mirror),
      encoder,
    );
    pieces.set(input.config, { key, pieces: made });
    return ok(made, structure.warnings);
  }

  return {
    kind: 'envoy',
    readConfig: (text, format, options) => readEnvoyConfig(schema, text, format, options),
    compile(input): Result<Compiled> {
      const made = piecesFor(input);
      if (!made.ok) return made;
      const percents = new Map(input.mirrors.map(({ mirror }) => [mirror.name, mirror.percent]));
      return ok(new EnvoyCompiled(made.value, percents), made.warnings);
    },
    variantFor,
    effectivePercent,
    mirrorOfCluster: (cluster) =>
      cluster.startsWith(CLUSTER_PREFIX) ? cluster.slice(CLUSTER_PREFIX.length) : undefined,
  };
}

/** Everything of the input that a percent change leaves alone. */
function structureKey({ mirrors }: CompileInput<EnvoyConfig>): string {
  return JSON.stringify(mirrors.map(({ mirror: { percent: _, ...mirror }, target }) => [mirror, target]));
}
