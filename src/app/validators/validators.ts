import type { Validate } from '../../control/types.ts';
import type { Compiled } from '../../dataplanes/data-plane.ts';
import type { Issue } from '../../model/issue.ts';
import { envoyValidator } from './envoy.ts';
import { traefikValidator } from './traefik.ts';

/** What the data plane's own program has against a structure; empty: nothing. Rejects where it cannot be asked. */
export type Validator = (compiled: Compiled) => Promise<readonly Issue[]>;

/** Programs that are asked before each change of structure, by data plane; those that are not given are not asked. */
export interface ValidatorBinaries {
  readonly envoy?: string | undefined;
  readonly traefik?: string | undefined;
}

export function validatorOf({ envoy, traefik }: ValidatorBinaries): Validate {
  const validators = new Map<string, Validator>();
  if (envoy !== undefined) validators.set('envoy', envoyValidator(envoy));
  if (traefik !== undefined) validators.set('traefik', traefikValidator(traefik));
  return async ({ dataPlane }, compiled) => {
    const issues = await validators.get(dataPlane)?.(compiled);
    return issues && { check: dataPlane, issues };
  };
}
