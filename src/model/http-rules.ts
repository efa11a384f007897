import type { TextRule } from './read.ts';

// RFC 9110, section 5.6.2.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

// The message's framing and the connection's own headers (RFC 9110, section 7.6.1): the proxy's business alone.
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

export const HEADER_NAME: TextRule = {
  test: (text) => text.length <= 256 && TOKEN.test(text),
  message: 'must be a header name (RFC 9110 token)',
};

export const REMOVABLE_HEADER: TextRule = {
  test: (text) => HEADER_NAME.test(text) && !FRAMING.has(text.toLowerCase()),
  message: 'must be a header name (RFC 9110 token) other than host and those of framing and connection',
};

/** x-envoy-* headers steer the proxy itself (x-envoy-retry-on would make it retry copies). */
export const SETTABLE_HEADER: TextRule = {
  test: (text) => REMOVABLE_HEADER.test(text) && !text.toLowerCase().startsWith('x-envoy-'),
  message:
    'is not a header that can be set: it is no RFC 9110 token, or host, x-envoy-*, or of framing or connection',
};

export const HEADER_VALUE: TextRule = {
  test: (text) => text.length <= 4096 && /^(?:[!-~](?:[\t -~]*[!-~])?)?$/.test(text),
  message: 'must be at most 4096 printable ASCII characters without space at the ends',
};

export const METHOD: TextRule = {
  test: (text) => text.length <= 32 && TOKEN.test(text) && text === text.toUpperCase(),
  message: 'must be an HTTP method in upper case, such as "GET"',
};

export const PATH: TextRule = {
  test: (text) => text.length <= 2048 && /^\/[!-~]*$/.test(text) && !/[?#]/.test(text),
  message: 'must be a path that starts with "/", without query, fragment, spaces or non-ASCII characters',
};

/** Of a health check: what the request line carries. */
export const PATH_AND_QUERY: TextRule = {
  test: (text) => text.length <= 2048 && /^\/[!-~]*$/.test(text) && !text.includes('#'),
  message: 'must be a path that starts with "/", without fragment, spaces or non-ASCII characters',
};

// As from-to. https://www.iana.org/assignments/http-status-codes
const STATUSES: readonly (readonly [number, number])[] = [
  ...([
    [100, 103],
    [200, 208],
    [226, 226],
    [300, 305],
    [307, 308],
    [400, 418],
  ] as const),
  ...([
    [421, 426],
    [428, 429],
    [431, 431],
    [451, 451],
    [500, 508],
    [510, 511],
  ] as const),
];

/** A status that HTTP has a name for. */
export function isNamedStatus(code: number): boolean {
  return STATUSES.some(([from, to]) => code >= from && code <= to);
}
