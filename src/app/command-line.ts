import { readFileSync } from 'node:fs';
import { FLAGS, readSettings } from '../config/settings.ts';
import { createLogger } from '../telemetry/logger.ts';
import { createApp } from './app.ts';
import { fetchBootstrap } from './bootstrap-command.ts';

const USAGE = `mirrorplane: control plane for mirrored traffic

Usage: mirrorplane COMMAND [flags]

Commands:
  serve      run the control plane
  bootstrap  print the bootstrap of an Envoy that joins a fleet

mirrorplane COMMAND --help tells of one command; mirrorplane --version the version.
`;

type Environment = Readonly<Record<string, string | undefined>>;

/** Runs a command; resolves with the exit code. */
export async function run(args: readonly string[], environment: Environment): Promise<number> {
  const [command, ...rest] = args;
  if (command === '--version' || command === '-v') return print(`${version()}\n`);
  if (command === undefined || command === '--help' || command === '-h' || command === 'help')
    return print(USAGE);
  const help = rest.includes('--help') || rest.includes('-h');
  if (command === 'serve') return help ? print(serveUsage()) : serve(rest, environment);
  if (command === 'bootstrap') return fetchBootstrap(help ? ['--help'] : rest, environment);
  process.stderr.write(`mirrorplane: no command "${command}"\n\n${USAGE}`);
  return 2;
}

async function serve(args: readonly string[], environment: Environment): Promise<number> {
  const settings = readSettings(args, environment);
  if (!settings.ok) {
    for (const { path, message } of settings.issues)
      process.stderr.write(`mirrorplane: ${path}: ${message}\n`);
    return 2;
  }
  const log = createLogger(settings.value.logLevel);
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
    log.fatal({ err: error }, error instanceof Error ? error.message : 'the start failed');
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
