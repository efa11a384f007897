import { isIP } from 'node:net';
import { parseArgs } from 'node:util';
import { type Result, fail, ok, type Issue } from '../model/issue.ts';
import { parseDuration } from '../model/duration.ts';

export interface Address {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** What `mirrorplane serve` was told. */
export interface Settings {
  readonly http: Address;
  readonly xds: Address;
  /** Directory of the database. */
  readonly data: string;
  /** Bearer token of REST. */
  readonly token: string | undefined;
  /** Opens what nodes fetch over HTTP, and nothing else. */
  readonly nodeToken: string | undefined;
  /** Files. */
  readonly httpTls: { readonly cert: string; readonly key: string } | undefined;
  /** Files. */
  readonly xdsTls:
    { readonly cert: string; readonly key: string; readonly clientCa: string | undefined } | undefined;
  /** Where nodes reach the xDS server, when that is not the host that REST was called by. */
  readonly xdsAdvertise: Address | undefined;
  /** How often nodes report their load while nothing is watched. */
  readonly loadReportIntervalMs: number;
  /** An Envoy to ask before a push. */
  readonly envoy: string | undefined;
  /** A Traefik to ask before what its like are served. */
  readonly traefik: string | undefined;
  readonly logLevel: string;
}

interface Flag {
  readonly environment: string;
  readonly fallback?: string;
  readonly value: string;
  readonly help: string;
}

/** Every setting: flag, environment, default. The token has no flag: arguments are seen by every process. */
export const FLAGS = {
  http: {
    environment: 'MIRRORPLANE_HTTP',
    fallback: '127.0.0.1:8080',
    value: 'HOST:PORT',
    help: 'REST address',
  },
  xds: {
    environment: 'MIRRORPLANE_XDS',
    fallback: '127.0.0.1:18000',
    value: 'HOST:PORT',
    help: 'xDS (gRPC) address',
  },
  data: {
    environment: 'MIRRORPLANE_DATA',
    fallback: './data',
    value: 'DIR',
    help: 'directory of the database',
  },
  'http-cert': {
    environment: 'MIRRORPLANE_HTTP_CERT',
    value: 'FILE',
    help: 'certificate chain of REST, PEM; with it REST is HTTPS',
  },
  'http-key': { environment: 'MIRRORPLANE_HTTP_KEY', value: 'FILE', help: 'its private key, PEM' },
  'xds-cert': {
    environment: 'MIRRORPLANE_XDS_CERT',
    value: 'FILE',
    help: 'certificate chain of the xDS server, PEM',
  },
  'xds-key': { environment: 'MIRRORPLANE_XDS_KEY', value: 'FILE', help: 'its private key, PEM' },
  'xds-client-ca': {
    environment: 'MIRRORPLANE_XDS_CLIENT_CA',
    value: 'FILE',
    help: "CA that signs the nodes' certificates; with it nodes must have one",
  },
  'xds-advertise': {
    environment: 'MIRRORPLANE_XDS_ADVERTISE',
    value: 'HOST:PORT',
    help: 'xDS address written into bootstraps (default: the host REST was called by)',
  },
  'load-report-interval': {
    environment: 'MIRRORPLANE_LOAD_REPORT_INTERVAL',
    fallback: '10s',
    value: 'DURATION',
    help: 'how often nodes report their load; every second or so while a change or a rollout is watched',
  },
  envoy: {
    environment: 'MIRRORPLANE_ENVOY',
    value: 'FILE',
    help: 'an Envoy binary that is asked before each push (envoy --mode validate); none: it is not asked',
  },
  traefik: {
    environment: 'MIRRORPLANE_TRAEFIK',
    value: 'FILE',
    help: 'a Traefik binary that is asked before each change of what Traefiks are served; none: it is not asked',
  },
  'log-level': {
    environment: 'MIRRORPLANE_LOG_LEVEL',
    fallback: 'info',
    value: 'LEVEL',
    help: 'trace, debug, info, warn, error',
  },
} as const satisfies Readonly<Record<string, Flag>>;

type FlagName = keyof typeof FLAGS;

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/** Flags win over the environment. All problems at once; the path of an issue is the flag. */
export function readSettings(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Result<Settings> {
  const issues: Issue[] = [];
  const given = parseFlags(args, issues);
  const text = (name: FlagName): string | undefined => {
    const flag: Flag = FLAGS[name];
    return given.get(name) ?? (environment[flag.environment] || flag.fallback);
  };
  const report = (name: string, message: string): void => void issues.push({ path: `--${name}`, message });
  const address = (name: FlagName): Address | undefined => {
    const value = text(name);
    if (value === undefined) return undefined;
    const read = parseAddress(value);
    if (read === undefined) report(name, `"${value}" is not HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080`);
    return read;
  };
  const http = address('http');
  const xds = address('xds');
  const xdsAdvertise = address('xds-advertise');
  const token = environment['MIRRORPLANE_TOKEN'] || undefined;
  if (token === undefined && http !== undefined && !isLoopback(http.host)) {
    report(
      'http',
      `without MIRRORPLANE_TOKEN only a loopback address may be bound, not ${http.host}: set a token`,
    );
  }
  const nodeToken = environment['MIRRORPLANE_NODE_TOKEN'] || undefined;
  if (nodeToken !== undefined && nodeToken === token)
    report('http', 'MIRRORPLANE_NODE_TOKEN must differ from MIRRORPLANE_TOKEN: nodes need less');
  const pair = (room: 'http' | 'xds'): { readonly cert: string; readonly key: string } | undefined => {
    const [cert, key] = [text(`${room}-cert`), text(`${room}-key`)];
    if ((cert === undefined) !== (key === undefined))
      report(`${room}-${cert === undefined ? 'cert' : 'key'}`, 'certificate and key go together');
    return cert === undefined || key === undefined ? undefined : { cert, key };
  };
  const [httpTls, xdsTls, clientCa] = [pair('http'), pair('xds'), text('xds-client-ca')];
  if (clientCa !== undefined && text('xds-cert') === undefined)
    report('xds-client-ca', 'needs --xds-cert and --xds-key');
  const loadReportIntervalMs = parseDuration(text('load-report-interval'));
  if (loadReportIntervalMs === undefined || loadReportIntervalMs < 100) {
    report('load-report-interval', 'must be a duration of at least 100ms, such as 10s');
  }
  const logLevel = text('log-level') ?? 'info';
  if (!LOG_LEVELS.includes(logLevel)) report('log-level', `must be one of ${LOG_LEVELS.join(', ')}`);
  if (issues.length > 0 || http === undefined || xds === undefined) return fail(issues);
  return ok(
    Object.freeze({
      http,
      xds,
      data: text('data') ?? './data',
      token,
      nodeToken,
      httpTls,
      xdsTls: xdsTls && { ...xdsTls, clientCa },
      xdsAdvertise,
      loadReportIntervalMs: loadReportIntervalMs ?? 10_000,
      envoy: text('envoy'),
      traefik: text('traefik'),
      logLevel,
    }),
  );
}

function parseFlags(args: readonly string[], issues: Issue[]): ReadonlyMap<string, string> {
  const options = Object.fromEntries(Object.keys(FLAGS).map((name) => [name, { type: 'string' as const }]));
  const { tokens } = parseArgs({
    args: [...args],
    options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === 'positional') issues.push({ path: token.value, message: 'unexpected argument' });
    if (token.kind !== 'option') continue;
    if (!Object.hasOwn(FLAGS, token.name))
      issues.push({ path: token.rawName, message: 'unknown flag; see --help' });
    else if (token.value === undefined) issues.push({ path: token.rawName, message: 'needs a value' });
    else given.set(token.name, token.value);
  }
  return given;
}

/** `127.0.0.1:80`, `[::1]:80`, `localhost:80`. */
export function parseAddress(text: string): Address | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535) return undefined;
  if (match?.[1] !== undefined && isIP(host) !== 6) return undefined;
  return Object.freeze({ host, port });
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
