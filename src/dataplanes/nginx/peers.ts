import type { Addresses } from './options.ts';
import type { PlannedMirror } from './plan.ts';
import { addressOf } from './syntax.ts';

export interface Peer {
  /** An address, or a name that is not resolved. */
  readonly host: string;
  readonly port: number;
  /** Both, as NGINX writes them. */
  readonly text: string;
}

/** Where copies of a mirror go: each address of each endpoint, less what is left out. It is never less than one. */
export function peersOf(
  {
    target,
    leftOut = [],
  }: Pick<PlannedMirror, 'leftOut'> & { readonly target: Pick<PlannedMirror['target'], 'endpoints'> },
  addresses: Addresses | undefined,
): readonly Peer[] {
  const all = target.endpoints.flatMap(({ host, port }) =>
    (addresses?.get(host) ?? [host]).map((one) => ({ host: one, port, text: addressOf(one, port) })),
  );
  const some = all.filter(({ text }) => !leftOut.includes(text));
  return some.length === 0 ? all : some;
}
