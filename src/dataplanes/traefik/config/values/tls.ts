import { listOf } from '../../json.ts';
import {
  type ValueRule,
  type ValueTable,
  field,
  filledTexts,
  hint,
  isMissing,
  items,
  oneOf,
  texts,
} from './rule.ts';
import { hasCertificate, isInline } from './texts.ts';

export const VERSIONS = ['VersionTLS10', 'VersionTLS11', 'VersionTLS12', 'VersionTLS13'];

const AES = ['128_CBC_SHA', '256_CBC_SHA', '128_CBC_SHA256', '128_GCM_SHA256', '256_GCM_SHA384'];
/** As Go names them. */
const CIPHER_SUITES: ReadonlySet<string> = new Set([
  ...['RC4_128_SHA', '3DES_EDE_CBC_SHA', ...AES.map((mode) => `AES_${mode}`)].map(
    (one) => `TLS_RSA_WITH_${one}`,
  ),
  ...['RC4_128_SHA', ...AES.map((mode) => `AES_${mode}`)].flatMap((one) => [
    `TLS_ECDHE_ECDSA_WITH_${one}`,
    `TLS_ECDHE_RSA_WITH_${one}`,
  ]),
  'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA',
  ...['ECDSA', 'RSA'].flatMap((key) => [
    `TLS_ECDHE_${key}_WITH_CHACHA20_POLY1305`,
    `TLS_ECDHE_${key}_WITH_CHACHA20_POLY1305_SHA256`,
  ]),
  ...[
    'TLS_AES_128_GCM_SHA256',
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_FALLBACK_SCSV',
  ],
]);

export const cipherSuites = texts(
  (text) => CIPHER_SUITES.has(text),
  'is no cipher suite of Go, such as TLS_AES_128_GCM_SHA256',
);

const CURVES = [
  ...[
    'CurveP256',
    'CurveP384',
    'CurveP521',
    'X25519',
    'X25519MLKEM768',
    'SecP256r1MLKEM768',
    'SecP384r1MLKEM1024',
  ],
  ...[
    'secp256r1',
    'secp384r1',
    'secp521r1',
    'x25519',
    'x25519mlkem768',
    'secp256r1mlkem768',
    'secp384r1mlkem1024',
  ],
];

const CLIENT_AUTH = [
  ...['NoClientCert', 'RequestClientCert', 'RequireAnyClientCert'],
  ...['VerifyClientCertIfGiven', 'RequireAndVerifyClientCert'],
];

/** A certificate as text; where it is the name of a file, that is on the machine of Traefik. */
export function certificateText(effect: string): ValueRule {
  return items((value) =>
    isInline(String(value)) && !hasCertificate(String(value))
      ? `has no certificate in it that can be read: ${effect}`
      : undefined,
  );
}

function fileHint(effect: string): ValueRule {
  return hint(
    items((value) =>
      isMissing(value) || isInline(String(value))
        ? undefined
        : `is read on the machine of Traefik, where ${effect} if it is not there: it cannot be looked at from here`,
    ),
  );
}

const NO_ROUTER = 'the routers that need it are answered 404';
const versionHint = hint(
  filledTexts(
    (text) => VERSIONS.includes(text),
    `should be one of ${VERSIONS.join(', ')}: Traefik passes over it`,
  ),
);

/** The TLS that a middleware speaks. */
const CLIENT = {
  ca: [certificateText(NO_ROUTER), fileHint(NO_ROUTER)],
  cert: [pairOf('key'), certificateText(NO_ROUTER), fileHint(NO_ROUTER)],
  key: [pairOf('cert'), fileHint(NO_ROUTER)],
};

function pairOf(other: string): ValueRule {
  return field((value, owner) =>
    isMissing(value) && !isMissing(owner[other]) ? `is required beside ${other}` : undefined,
  );
}

export const TLS: ValueTable = {
  ClientAuth: {
    caFiles: [certificateText(NO_ROUTER), fileHint(NO_ROUTER)],
    clientAuthType: [
      oneOf(CLIENT_AUTH),
      items((value, { caFiles }) =>
        /Verify/.test(String(value)) && listOf(caFiles).length === 0 ? 'needs caFiles' : undefined,
      ),
    ],
  },
  ClientTLS: CLIENT,
  ClientTLS_: CLIENT,
  Options: {
    cipherSuites: [cipherSuites],
    curvePreferences: [texts((text) => CURVES.includes(text), `must be one of ${CURVES.join(', ')}`)],
    maxVersion: [versionHint],
    minVersion: [versionHint],
  },
};
