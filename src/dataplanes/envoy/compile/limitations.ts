import type { Mirror } from '../../../model/mirror.ts';
import type { NodeTraits } from '../../data-plane.ts';
import { RUNTIME_LAYER } from '../types.ts';
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
  const why =
    wanted === 'route'
      ? `does not subscribe to the runtime layer ${RUNTIME_LAYER}`
      : `subscribes to other runtime layers than ${RUNTIME_LAYER} too, and would crash when one of several expires`;
  return [
    `cannot stop by itself, so what has expiresAfter is not copied here (${names}): this Envoy ${why}; start it with ` +
      "the fleet's bootstrap",
  ];
}
