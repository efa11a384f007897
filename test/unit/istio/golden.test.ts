import { createIstioDataPlane, loadIstioSchema } from '../../../src/dataplanes/istio/index.ts';
import { type GoldenCase, buildCase, goldenTests } from '../../support/golden.ts';

const schema = loadIstioSchema();

goldenTests('istio/', (input: GoldenCase) => {
  const istio = createIstioDataPlane(schema);
  const built = buildCase(istio, 'mesh', input);
  if ('issues' in built) return built;
  // What is pushed, decoded again from its bytes, and not the JSON it was made from.
  const served = [...built.compiled.snapshot('istiod').types.values()].flatMap(({ typeUrl, resources }) =>
    resources.size === 0
      ? []
      : [[typeUrl, [...resources.values()].map(({ body }) => schema.decodeAny(body))] as const],
  );
  return {
    ...built.said,
    served: Object.fromEntries(served),
    rendered: Object.fromEntries(
      Object.entries(istio.renderings).map(([format, render]) => [format, render(built.compiled)]),
    ),
  };
});
