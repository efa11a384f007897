import type { Mirror } from '../../../model/mirror.ts';
import type { NodeTraits } from '../../data-plane.ts';
import { EXPIRING_LAYER } from '../types.ts';
import { MINIMUM_VERSION, variantOf } from './variant.ts';

/** What an Envoy does not do of what its fleet's mirrors ask, and what helps. */
export function limitations(
  variant: string,
  { version }: NodeTraits,
  mirrors: readonly Mirror[],
): readonly string[] {
  const wanted = variantOf(variant);
  if (wanted === 'runtime' || mirrors.length === 0) return [];
  if (wanted === 'unmirrored') {
    return [
      `Envoy ${version ?? 'of this version'} is older than ${MINIMUM_VERSION}, which is the first that can change the ` +
        "headers of copies alone; it is sent the fleet's configuration without mirrors",
    ];
  }
  const expiring = mirrors.filter(({ expiresAfterMs }) => expiresAfterMs !== undefined);
  if (expiring.length === 0) return [];
  const names = expiring.map(({ name }) => name).join(', ');
  return [
    `cannot stop by itself, so what has expiresAfter is not copied here (${names}): this Envoy does not subscribe to ` +
      `the runtime layer ${EXPIRING_LAYER}; start it with the fleet's bootstrap of today`,
  ];
}
