import type { Opinion, Validate } from '../../control/types.ts';
import type { Fleet } from '../../model/fleet.ts';
import { envoyValidator } from './envoy.ts';
import { traefikValidator } from './traefik.ts';
import type { Validator } from './validator.ts';

/** Programs that are asked before each change of structure, by data plane; those that are not given are not asked. */
export interface ValidatorBinaries {
  readonly envoy?: string | undefined;
  readonly traefik?: string | undefined;
}

export function validatorOf({ envoy, traefik }: ValidatorBinaries): Validate {
  const validators = new Map<string, Validator>();
  if (envoy !== undefined) validators.set('envoy', envoyValidator(envoy));
  if (traefik !== undefined) validators.set('traefik', traefikValidator(traefik));
  return (fleet, compiled) => {
    const { dataPlane } = fleet;
    const answer = validators.get(dataPlane)?.(compiled);
    return answer?.then((issues) => ({ check: dataPlane, issues })) ?? unseen(fleet);
  };
}

/** Traefik takes a document whole, and answers 404 for what it cannot make of it; nobody asks this one, before or after. */
function unseen({ name, dataPlane, readBack = {} }: Fleet): Opinion | undefined {
  if (dataPlane !== 'traefik' || Object.keys(readBack).length > 0) return undefined;
  const message =
    'is not given, so nobody sees what Traefik makes of it: give it, or start with --traefik FILE';
  return { issues: [], warnings: [{ path: `fleets.${name}.readBack`, message }] };
}
