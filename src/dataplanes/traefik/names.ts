/**
 * What is ours in a document. A mirror's name has no colon, so none of these meets another; owners' names must not begin
 * like them.
 */
export const OURS = /^mirrorplane[-:]/;

export const TYPE_URL = 'type.googleapis.com/mirrorplane.traefik.v1.Configuration';
export const RESOURCE = 'traefik';

/** The service, and its transport, that a mirror's copies go to. */
export const nodeService = (mirror: string): string => `mirrorplane-${mirror}`;
/** The mirror of such a name. */
export const mirrorOf = (service: string): string | undefined => /^mirrorplane-([^:]*)$/.exec(service)?.[1];
/** The service of a router that has mirrors. */
export const mirroringOf = (router: string): string => `mirrorplane:${router}`;
export const limitOf = (mirror: string): string => `mirrorplane-${mirror}:limit`;
export const headersOf = (mirror: string): string => `mirrorplane-${mirror}:headers`;

/** In a trial: what stands for the services of other providers. */
export const ELSEWHERE = 'mirrorplane-:elsewhere';

/** A middleware that nothing uses: it tells, by Traefik's API, which document is in force. */
export const VERSION = 'mirrorplane:version';
export const VERSION_HEADER = 'X-Mirrorplane-Version';

/** How Traefik calls what comes by its HTTP provider: `NAME@http`. */
export const PROVIDER = 'http';

/** A reference without the name of the provider, which is ours where none is named. Undefined: it is another's. */
export function ownName(reference: string): string | undefined {
  const at = reference.lastIndexOf('@');
  if (at === -1) return reference;
  return reference.slice(at + 1) === PROVIDER ? reference.slice(0, at) : undefined;
}
