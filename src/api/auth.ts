import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';

/** Needed by load balancers and orchestrators, which have no token. */
const OPEN = new Set(['/healthz', '/readyz']);

/** Throws unless the request may pass. */
export function authorize(
  request: FastifyRequest,
  { token, nodeToken }: { readonly token: string | undefined; readonly nodeToken?: string | undefined },
): void {
  if (OPEN.has(request.url.split('?')[0] ?? '')) return;
  if (token === undefined) return requireLoopbackName(request.headers.host);
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const { forNodes } = request.routeOptions.config as { forNodes?: boolean };
  const isNode =
    forNodes === true && given !== undefined && nodeToken !== undefined && sameSecret(given, nodeToken);
  if (!isNode && (given === undefined || !sameSecret(given, token))) {
    throw new ApiError('unauthorized', 'Send the token as "Authorization: Bearer TOKEN"');
  }
}

/** In a time that does not depend on where they differ. */
function sameSecret(a: string, b: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** A page in the operator's browser could otherwise reach us by a name of its own that resolves to loopback. */
function requireLoopbackName(host: string | undefined): void {
  const name = hostName(host ?? '');
  if (name === 'localhost' || name === '::1' || /^127(\.\d{1,3}){3}$/.test(name)) return;
  throw new ApiError(
    'forbidden',
    `Without a token only loopback names are served, not "${name}"; set MIRRORPLANE_TOKEN`,
  );
}

/** The host of a Host header, without port and brackets. */
export function hostName(host: string): string {
  return /^\[([^\]]*)\]/.exec(host)?.[1] ?? host.replace(/:\d+$/, '').toLowerCase();
}
