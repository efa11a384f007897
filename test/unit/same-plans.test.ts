/** The same plans for each data plane, on the examples of the documentation: what each makes of them, and at which percents. */
import { readFileSync } from 'node:fs';
import { createDataPlanes } from '../../src/app/data-planes.ts';
import { type GoldenCase, buildCase, goldenTests } from '../support/golden.ts';

const EXAMPLES: Readonly<Record<string, string>> = {
  envoy: 'envoy/seed.yaml',
  nginx: 'examples/nginx.conf',
  traefik: 'examples/traefik.yaml',
  istio: 'examples/istio.yaml',
};
const VARIANTS: Readonly<Record<string, string>> = { envoy: 'runtime', nginx: 'reload' };
const planes = createDataPlanes();

goldenTests('plans/', (plan: Omit<GoldenCase, 'config'>) =>
  Object.fromEntries(
    [...planes].map(([kind, plane]) => {
      const example = readFileSync(new URL(`../../${EXAMPLES[kind] ?? ''}`, import.meta.url), 'utf8');
      const config = example.replace('- ...', '- httpbin.local');
      const built = buildCase(plane, 'edge', { ...plan, config }, { adopted: false });
      if ('issues' in built) return [kind, built];
      const { types } = built.compiled.snapshot(VARIANTS[kind] ?? '');
      const mirrors = Object.keys(plan.mirrors ?? {});
      const [render] = Object.values(plane.renderings);
      return [
        kind,
        {
          partsPerMillion: Object.fromEntries(
            mirrors.map((name) => [name, plane.effectivePercent(name, types) ?? null]),
          ),
          rendered: render?.(built.compiled),
        },
      ];
    }),
  ),
);
