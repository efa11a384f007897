import { readFileSync } from 'node:fs';
import { FLAGS, readSettings } from '../config/settings.ts';
import { createLogger } from '../telemetry/logger.ts';
import { agentCommand } from './agent-command.ts';
import { bootstrapCommand } from './bootstrap-command.ts';
import { type Command, UsageError } from './command.ts';
import { importCommand } from './import-command.ts';
import { renderCommand } from './render-command.ts';
import { rolloutCommand } from './rollout-command.ts';
import { stopCommand } from './stop-command.ts';
import { StoreError } from '../store/store.ts';

const COMMANDS: Readonly<Record<string, Command>> = {
  agent: agentCommand,
  bootstrap: bootstrapCommand,
  import: importCommand,
  render: renderCommand,
  rollout: rolloutCommand,
  stop: stopCommand,
};

type Environment = Readonly<Record<string, string | undefined>>;

function usage(): string {
  const rows = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}\n`);
  return `mirrorplane: control plane for mirrored traffic

Usage: mirrorplane COMMAND [flags]

Commands:
  serve      run the control plane
${rows.join('')}
mirrorplane COMMAND --help tells of one command; mirrorplane --version the version.
`;
}

/** Runs a command; resolves with the exit code. */
export async function run(args: readonly string[], environment: Environment): Promise<number> {
  const [command, ...rest] = args;
  if (command === '--version' || command === '-v') return print(`${version()}\n`);
  if (command === undefined || command === '--help' || command === '-h' || command === 'help')
    return print(usage());
  const help = rest.includes('--help') || rest.includes('-h');
  if (command === 'serve') return help ? print(serveUsage()) : serve(rest, environment);
  const known = Object.hasOwn(COMMANDS, command) ? COMMANDS[command] : undefined;
  if (known !== undefined) return help ? print(known.usage) : runCommand(known, rest, environment);
  process.stderr.write(`mirrorplane: no command "${command}"\n\n${usage()}`);
  return 2;
}

async function runCommand(
  command: Command,
  args: readonly string[],
  environment: Environment,
): Promise<number> {
  const complain = (message: string): void => void process.stderr.write(`mirrorplane: ${message}\n`);
  try {
    return await command.run(args, { environment, print, complain });
  } catch (error) {
    if (error instanceof UsageError || isArgumentError(error)) {
      complain(`${error.message}\n\n${command.usage}`);
      return 2;
    }
    complain(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

/** Of `parseArgs`. */
function isArgumentError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

async function serve(args: readonly string[], environment: Environment): Promise<number> {
  const settings = readSettings(args, environment);
  if (!settings.ok) {
    for (const { path, message } of settings.issues)
      process.stderr.write(`mirrorplane: ${path}: ${message}\n`);
    return 2;
  }
  const log = createLogger(settings.value.logLevel);
  // Here and not above: the other commands have no use for a second of loading.
  const { createApp } = await import('./app.ts');
  const app = createApp(settings.value, log);
  const stopped = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.info({ signal }, 'stopping: nodes keep what they have');
      stopped.resolve();
    });
  }
  try {
    const { http, xds } = await app.start();
    log.info({ http, xds, data: settings.value.data, version: version() }, 'ready');
    await stopped.promise;
    return 0;
  } catch (error) {
    const why = expected(error);
    if (why === undefined) log.fatal({ err: error }, 'the start failed');
    else process.stderr.write(`mirrorplane: ${why}\n`);
    return 1;
  } finally {
    await app.stop();
  }
}

function serveUsage(): string {
  const rows = Object.entries(FLAGS).map(([name, flag]) => {
    const fallback = 'fallback' in flag ? ` (default ${flag.fallback})` : '';
    return `  --${name} ${flag.value}\n      ${flag.help}${fallback}; environment ${flag.environment}\n`;
  });
  return `Usage: mirrorplane serve [flags]

${rows.join('')}
  MIRRORPLANE_TOKEN in the environment is the bearer token of REST; without it only loopback may be bound.
  MIRRORPLANE_NODE_TOKEN opens what nodes fetch over HTTP (GET /v1/fleets/FLEET/traefik), and nothing else.
`;
}

function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function print(text: string): number {
  process.stdout.write(text);
  return 0;
}

/** What an operator can do something about, in a sentence. */
function expected(error: unknown): string | undefined {
  if (error instanceof StoreError) return error.message;
  const { code, message, address, port } = error as NodeJS.ErrnoException & {
    address?: string;
    port?: number;
  };
  const place = `${address ?? ''}:${port ?? ''}`;
  switch (code) {
    case 'EADDRINUSE':
      return `${place} is in use already: is another mirrorplane running? Choose another --http or --xds`;
    case 'EADDRNOTAVAIL':
      return `${place} is no address of this machine: choose another --http or --xds`;
    case 'EACCES':
    case 'EPERM':
    case 'ENOENT':
      return `the start failed: ${message}`;
    default:
      return undefined;
  }
}
