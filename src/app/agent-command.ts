import { hostname } from 'node:os';
import { parseArgs } from 'node:util';
import type { AgentOptions } from '../agent/agent.ts';
import { parseAddress } from '../config/settings.ts';
import { parseDuration } from '../model/duration.ts';
import { createLogger } from '../telemetry/logger.ts';
import { type Command, UsageError } from './command.ts';

interface Flag {
  readonly value: string;
  readonly help: string;
  readonly fallback?: string;
}

/** Each also from the environment: `--state-listen` is MIRRORPLANE_AGENT_STATE_LISTEN. */
const FLAGS = {
  xds: { value: 'HOST:PORT', fallback: '127.0.0.1:18000', help: "the control plane's xDS address" },
  node: { value: 'ID', fallback: hostname(), help: 'id of this NGINX' },
  cluster: { value: 'NAME', help: "the fleet's nodeCluster" },
  dir: {
    value: 'DIR',
    fallback: '/etc/nginx/mirrorplane',
    help: 'where the files go that the owner includes',
  },
  nginx: { value: 'FILE', fallback: '/usr/sbin/nginx', help: 'the nginx binary' },
  conf: { value: 'FILE', fallback: '/etc/nginx/nginx.conf', help: 'its main configuration file' },
  prefix: { value: 'DIR', help: 'as in nginx -p, where it is started with that' },
  pid: { value: 'FILE', help: 'its pid file; not given: as its configuration says' },
  driver: {
    value: 'auto|lua|reload',
    fallback: 'auto',
    help: 'how changes get in: lua: percents and addresses without a reload; reload: all by reloads; auto: lua where Lua works',
  },
  'state-listen': {
    value: 'HOST:PORT',
    fallback: '127.0.0.1:22119',
    help: 'where NGINX tells the agent what is in force; loopback',
  },
  'log-listen': {
    value: 'HOST:PORT',
    fallback: '127.0.0.1:0',
    help: 'UDP: where NGINX tells the agent what became of copies; port 0: any, and the same after a restart',
  },
  'min-reload-interval': {
    value: 'DURATION',
    fallback: '2s',
    help: 'reloads are no more frequent than this in the long run; what stops a mirror does not wait',
  },
  'xds-ca': { value: 'FILE', help: "CA of the control plane's certificate, PEM; with it or --xds-cert: TLS" },
  'xds-cert': { value: 'FILE', help: "this node's certificate, PEM" },
  'xds-key': { value: 'FILE', help: 'its private key, PEM' },
  state: { value: 'DIR', fallback: '/var/lib/mirrorplane-agent', help: 'where the last good plan is kept' },
  'log-level': { value: 'LEVEL', fallback: 'info', help: 'debug, info, warn, error' },
} as const satisfies Readonly<Record<string, Flag>>;

/** EX_TEMPFAIL of sysexits.h. */
const TRY_AGAIN = 75;

type FlagName = keyof typeof FLAGS;

const USAGE = `Usage: mirrorplane agent nginx --cluster NAME [flags]

Runs beside an NGINX and keeps it at what the control plane says is to be mirrored: see docs/nginx-agent.md.
The owner includes its files once: http.conf in http {}, server.conf in each server {}, location.conf in each location {}.

${Object.entries(FLAGS)
  .map(([name, flag]) => {
    const fallback = 'fallback' in flag ? ` (default ${flag.fallback})` : '';
    return `  --${name} ${flag.value}\n      ${flag.help}${fallback}; environment ${environmentOf(name)}\n`;
  })
  .join('')}`;

export const agentCommand: Command = {
  summary: 'run beside an NGINX, and have it mirror what the control plane says',
  usage: USAGE,
  async run(args, { environment }) {
    const { log, ...options } = readOptions(args, environment);
    const { Agent } = await import('../agent/agent.ts');
    const agent = new Agent({ ...options, log });
    const stopped = Promise.withResolvers<number>();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        log.info({ signal }, 'stopping: nginx stays as it is');
        stopped.resolve(0);
      });
    }
    const { driver } = await agent.start();
    log.info({ driver, node: options.node, xds: options.xds.server, directory: options.directory }, 'ready');
    void agent.ended.then((why) => {
      log.warn({ why }, 'another driver is right now: ending, to be started again');
      stopped.resolve(TRY_AGAIN);
    });
    const code = await stopped.promise;
    await agent.stop();
    return code;
  },
};

function environmentOf(flag: string): string {
  return `MIRRORPLANE_AGENT_${flag.toUpperCase().replaceAll('-', '_')}`;
}

function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): AgentOptions & { readonly log: ReturnType<typeof createLogger> } {
  const options = Object.fromEntries(Object.keys(FLAGS).map((name) => [name, { type: 'string' as const }]));
  const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
  if (positionals.length !== 1 || positionals[0] !== 'nginx')
    throw new UsageError('say what it runs beside: nginx');
  const text = (name: FlagName): string | undefined => {
    const flag: Flag = FLAGS[name];
    const given = values[name];
    return (
      (typeof given === 'string' ? given : undefined) ?? (environment[environmentOf(name)] || flag.fallback)
    );
  };
  const required = (name: FlagName): string => {
    const found = text(name);
    if (found === undefined || found === '') throw new UsageError(`--${name} is missing`);
    return found;
  };
  const address = (name: FlagName) => {
    const found = parseAddress(required(name));
    if (found === undefined) throw new UsageError(`--${name} must be HOST:PORT, such as 127.0.0.1:18000`);
    return found;
  };
  const driver = required('driver');
  if (driver !== 'auto' && driver !== 'lua' && driver !== 'reload') {
    throw new UsageError(`--driver must be auto, lua or reload, not ${driver}`);
  }
  const minReloadIntervalMs = parseDuration(required('min-reload-interval'));
  if (minReloadIntervalMs === undefined)
    throw new UsageError('--min-reload-interval must be a duration such as 2s');
  const stateListen = address('state-listen');
  if (stateListen.port === 0) throw new UsageError('--state-listen needs a port of its own, not 0');
  const [ca, cert, key] = [text('xds-ca'), text('xds-cert'), text('xds-key')];
  if ((cert === undefined) !== (key === undefined))
    throw new UsageError('--xds-cert and --xds-key go together');
  address('xds');
  return {
    nginx: { binary: required('nginx'), conf: required('conf'), prefix: text('prefix'), pid: text('pid') },
    directory: required('dir'),
    state: required('state'),
    driver,
    stateListen,
    logListen: address('log-listen'),
    minReloadIntervalMs,
    xds: {
      server: required('xds'),
      tls: ca === undefined && cert === undefined ? undefined : { ca, cert, key },
    },
    node: { id: required('node'), cluster: required('cluster') },
    log: createLogger(required('log-level')),
  };
}
