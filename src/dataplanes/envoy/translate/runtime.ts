import type { Ppm } from '../../../model/percent.ts';
import type { Json } from '../json.ts';
import { RUNTIME_LAYER, runtimeKey } from '../types.ts';

/**
 * The runtime layer with the percents of mirrors. Always a numerator and the denominator's name: Envoy never rejects a
 * bad runtime value, it takes 0.5 for 0, and a plain number for percent whatever the default's denominator is.
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/operations/runtime
 */
export function runtimeLayer(percents: ReadonlyMap<string, Ppm>): Json {
  const layer = [...percents]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([mirror, numerator]) => [runtimeKey(mirror), { numerator, denominator: 'MILLION' }] as const);
  return { name: RUNTIME_LAYER, layer: Object.fromEntries(layer) };
}
