import { fieldsOf, listOf, textOf } from '../../json.ts';
import {
  type ValueRule,
  type ValueTable,
  field,
  filledTexts,
  hint,
  isMissing,
  items,
  keys,
  notNegative,
  numbers,
  oneOf,
  signOf,
  statuses,
  texts,
} from './rule.ts';
import { isHeaderName, isHeaderValue, isSpiffeId, isTrustDomain } from './texts.ts';
import { VERSIONS, certificateText, cipherSuites } from './tls.ts';

const DOWN = 'else no server is ever well, and every request is answered 503';

const aboveZero = hint(
  items((value) => (signOf(value) > 0 ? undefined : 'is not above 0: Traefik takes its default')),
);

const someWeight = hint(
  field((value) =>
    listOf(value).some((service) => Number(fieldsOf(service)['weight'] ?? 1) > 0)
      ? undefined
      : 'has nothing with a weight above 0: every request is answered 503',
  ),
);

const versions = oneOf(VERSIONS);
const TLS_FIELDS = [
  'rootCAs',
  'serverName',
  'certificates',
  'peerCertURI',
  'cipherSuites',
  'minVersion',
  'maxVersion',
];

const address: readonly ValueRule[] = [
  field((value) =>
    isAddress(textOf(value) ?? '')
      ? undefined
      : 'must be HOST:PORT, such as "10.0.0.5:5432": Traefik goes without it',
  ),
];

/** What makes Traefik's services fail, or goes on with something else. */
export const SERVICES: ValueTable = {
  Cookie: {
    sameSite: [
      hint(
        filledTexts(
          (text) => ['none', 'lax', 'strict'].includes(text.toLowerCase()),
          'should be none, lax or strict: what else is given counts for nothing',
        ),
      ),
    ],
  },
  FailoverError: {
    status: [statuses],
  },
  ForwardingTimeouts: {
    dialTimeout: [
      items((value) =>
        signOf(value) < 0 ? 'must not be below 0: no server could be reached in time' : undefined,
      ),
    ],
  },
  ServerHealthCheck: {
    headers: [
      keys((key) => (isHeaderName(String(key)) ? undefined : `must be a name of a header: ${DOWN}`)),
      field((value) => {
        const bad = Object.entries(fieldsOf(value)).find(([, text]) => !isHeaderValue(String(text)));
        return bad && `has "${bad[0]}" with a control character in it: ${DOWN}`;
      }),
    ],
    interval: [aboveZero],
    method: [filledTexts(isHeaderName, `must be a method such as HEAD: ${DOWN}`)],
    mode: [
      hint(
        filledTexts(
          (text) => ['http', 'grpc'].includes(text),
          'should be http or grpc: what else is given is http',
        ),
      ),
    ],
    path: [texts(isRelative, `must be a path such as "/health", without scheme and host: ${DOWN}`)],
    port: [numbers((port) => port >= 0 && port <= 65_535, `must be a port, from 1 to 65535: ${DOWN}`)],
    scheme: [
      filledTexts((text) => ['http', 'https', 'h2c'].includes(text), `must be http or https: ${DOWN}`),
    ],
    status: [
      numbers((status) => status === 0 || (status >= 100 && status <= 999), `must be a status: ${DOWN}`),
    ],
    timeout: [aboveZero],
    unhealthyInterval: [aboveZero],
  },
  HighestRandomWeight: { services: [someWeight] },
  ServersLoadBalancer: {
    servers: [
      hint(
        field((value) => (isMissing(value) ? 'has no servers: every request is answered 503' : undefined)),
      ),
    ],
  },
  ServersTransport: {
    '': [
      field((transport) => {
        const { spiffe, insecureSkipVerify, ...others } = fieldsOf(transport);
        const isTls = insecureSkipVerify === true || TLS_FIELDS.some((name) => !isMissing(others[name]));
        return spiffe !== undefined && isTls
          ? 'must have either spiffe or TLS settings of its own: Traefik takes neither of both'
          : undefined;
      }),
    ],
    cipherSuites: [cipherSuites],
    maxVersion: [versions],
    minVersion: [versions, field(faultOfVersions)],
    rootCAs: [hint(certificateText('Traefik goes without it'))],
    spiffe: [
      hint(
        field((value) =>
          value === undefined
            ? undefined
            : 'works where Traefik itself is set up for SPIFFE, which cannot be known here: else it takes its default TLS',
        ),
      ),
    ],
  },
  WeightedRoundRobin: { services: [someWeight] },
  TCPServer: { address },
  TCPWRRService: { weight: [notNegative] },
  UDPServer: { address },
  Spiffe: {
    ids: [texts(isSpiffeId, 'must be a SPIFFE ID such as "spiffe://example.org/shop"')],
    trustDomain: [filledTexts(isTrustDomain, 'must be a trust domain such as "example.org"')],
  },
};

/** Without an upper version Traefik compares with none, and then leaves out all of the TLS settings. */
function faultOfVersions(
  min: unknown,
  { maxVersion: max }: Readonly<Record<string, unknown>>,
): string | undefined {
  if (isMissing(min)) return undefined;
  if (isMissing(max))
    return 'needs maxVersion beside it, such as VersionTLS13: without it Traefik leaves out all TLS settings of the transport';
  return VERSIONS.indexOf(String(min)) > VERSIONS.indexOf(String(max))
    ? 'must not be above maxVersion'
    : undefined;
}

function isAddress(text: string): boolean {
  return /^(\[[^\][]*\]|[^:\][]*):[^:\][]*$/.test(text);
}

function isRelative(path: string): boolean {
  return !/^([a-z][a-z\d+.-]*:|\/\/)/i.test(path) && URL.canParse(path, 'http://host/');
}
