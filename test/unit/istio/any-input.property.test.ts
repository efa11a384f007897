import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { load, loadAll } from 'js-yaml';
import { createIstioDataPlane, loadIstioSchema } from '../../../src/dataplanes/istio/index.ts';

const istio = createIstioDataPlane(loadIstioSchema());
const inputs = ['seed', 'several', 'gateway-api'].flatMap((name) => {
  const file = new URL(`../../golden/istio/in/${name}.yaml`, import.meta.url);
  return loadAll((load(readFileSync(file, 'utf8')) as { config: string }).config);
});

/** Where a value stands, as keys from the top. */
function placesOf(value: unknown, at: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, child]) => placesOf(child, [...at, key]))];
}

function put(value: unknown, [key, ...rest]: readonly string[], change: unknown): unknown {
  if (key === undefined) return change;
  const copy: any = Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) };
  copy[key] = put(copy[key], rest, change);
  return copy;
}

const ODD = fc.oneof(
  fc.constantFrom<unknown>(null, '', 0, -1, 1e9, 0.5, true, [], {}, [null], [[]], { value: 'x' }, 'a.b', '*'),
  fc.json().map((text) => JSON.parse(text) as unknown),
);

test('whatever stands anywhere is taken or told with its path, and what is taken can be served', (t) => {
  const places = inputs.flatMap((_, index) =>
    placesOf(inputs[index]).map((place) => [String(index), ...place]),
  );
  const fleet = { name: 'mesh', dataPlane: 'istio', nodeCluster: 'istio-system' };
  let taken = 0;
  fc.assert(
    fc.property(fc.constantFrom(...places), ODD, (place, odd) => {
      const text = JSON.stringify(put(inputs, place, odd));
      const read = istio.readConfig(text, 'json', { fleet: 'mesh', adopt: true });
      if (!read.ok) return read.issues.length > 0;
      const { targets, mirrors } = read.value.adopted;
      const pairs = mirrors.map((mirror) => ({
        mirror,
        target: targets.find(({ name }) => name === mirror.target) ?? targets[0]!,
      }));
      const compiled = istio.compile({ fleet, config: read.value, mirrors: pairs });
      if (!compiled.ok) return compiled.issues.length > 0;
      taken += 1;
      for (const render of Object.values(istio.renderings)) render(compiled.value);
      return compiled.value.snapshot('istiod').types.size === 16;
    }),
    { numRuns: 1000 },
  );
  t.true(taken > 50);
});
