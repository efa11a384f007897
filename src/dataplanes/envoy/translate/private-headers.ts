/**
 * What only the downstream side of Envoy knows, on its way to the filters of the mirror's cluster: formatters of the
 * downstream are empty there, and Envoy appends its own address to X-Forwarded-For in between. They never leave Envoy.
 */
export const PRIVATE_PREFIX = 'x-mirrorplane-';
export const CLIENT_HEADER = `${PRIVATE_PREFIX}client`;
export const HOST_HEADER = `${PRIVATE_PREFIX}host`;
export const PATH_HEADER = `${PRIVATE_PREFIX}path`;
