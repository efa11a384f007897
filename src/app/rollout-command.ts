import { parseArgs } from 'node:util';
import { YAMLException, load } from 'js-yaml';
import { VERBS } from '../model/rollout-commands.ts';
import { type Command, type CommandContext, UsageError } from './command.ts';
import { readInput } from './read-input.ts';
import { DEFAULT_SERVER, RestClient, issueText, writeHeaders } from './rest-client.ts';
import { type RolloutForm, describeMove, drawRollout, stateOf } from './rollout-view.ts';
import { found, mirrorsOf, rolloutPath, watchRollout } from './rollout-watch.ts';
import { Screen, plain } from './screen.ts';

const USAGE = `Usage: mirrorplane rollout ACTION [NAME] [--reason TEXT] [--watch] [--server URL]

  list            all rollouts
  show NAME       one, as it stands
  watch NAME      the same, live, until it ends; exit code 0: done, 1: aborted, 3: paused
  put NAME FILE   make or replace a plan (YAML or JSON; - for standard input)
  start NAME      run it
  pause NAME      stay where it is
  resume NAME     go on, the present step anew
  advance NAME    approve a step, or skip the rest of its hold
  abort NAME      take the percent back to what it was before
  retry NAME      run one again that has ended

  --reason TEXT   kept with the revision
  --watch         watch it afterwards; Ctrl-C ends the view, not the rollout
  --dry-run       with put: say what is wrong with the plan, and change nothing
  --server URL    REST address of the control plane (default: MIRRORPLANE_SERVER, else
                  ${DEFAULT_SERVER})

  MIRRORPLANE_TOKEN in the environment is sent as bearer token.
  Exit code 1: it was refused, or the control plane cannot be reached; 2: these words make no sense.
`;

/** What a write answers besides the rollout. */
type Written = RolloutForm & {
  readonly diff: readonly unknown[];
  readonly warnings: readonly { readonly path: string; readonly message: string }[];
};

export const rolloutCommand: Command = {
  summary: 'plans that raise a percent step by step: put, start, watch, abort, ...',
  usage: USAGE,
  async run(args, context) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        reason: { type: 'string' },
        server: { type: 'string' },
        watch: { type: 'boolean' },
        'dry-run': { type: 'boolean' },
      },
    });
    const [action, ...names] = positionals;
    if (action === undefined) throw new UsageError('an ACTION is needed');
    if (values['dry-run'] === true && action !== 'put') throw new UsageError('only put takes --dry-run');
    const headers = writeHeaders(values.reason);
    const make = (): RestClient => new RestClient(values.server, context.environment);
    const watching = values.watch === true;
    if (action === 'list') {
      expectWords(action, names, []);
      return list(make(), context);
    }
    if (action === 'show' || action === 'watch') {
      const [name] = expectWords(action, names, ['NAME']);
      return action === 'show' && !watching ? show(make(), name, context) : watch(make(), name);
    }
    if (action === 'put') {
      const [name, file] = expectWords(action, names, ['NAME', 'FILE']);
      const dry = values['dry-run'] === true;
      const client = make();
      const body = parsePlan(await readInput(file), file);
      const answer = await client.call('PUT', `${rolloutPath(name)}${dry ? '?dryRun=true' : ''}`, {
        body,
        headers,
      });
      tellPlan(found<Written>(answer), { made: answer.status === 201, dry }, context);
      return watching && !dry ? watch(client, name) : 0;
    }
    if (!VERBS.some((verb) => verb === action)) throw new UsageError(`there is no action "${action}"`);
    const [name] = expectWords(action, names, ['NAME']);
    const client = make();
    tellMove(
      found<Written>(await client.call('POST', `${rolloutPath(name)}/${action}`, { headers })),
      context,
    );
    return watching ? watch(client, name) : 0;
  },
};

/** The words of an action; throws {@link UsageError} where there are fewer or more. */
function expectWords<const W extends readonly string[]>(
  action: string,
  given: readonly string[],
  wanted: W,
): { readonly [K in keyof W]: string } {
  const missing = wanted.slice(given.length);
  if (missing.length > 0) throw new UsageError(`${action} needs ${missing.join(' and ')}`);
  if (given.length > wanted.length) throw new UsageError(`one word too many: "${given[wanted.length]}"`);
  return given as unknown as { readonly [K in keyof W]: string };
}

/** JSON is YAML, too. */
function parsePlan(text: string, file: string): unknown {
  try {
    return load(text, { filename: file });
  } catch (error) {
    if (error instanceof YAMLException) throw new Error(error.message, { cause: error });
    throw error;
  }
}

function tellPlan(
  plan: Written,
  { made, dry }: { readonly made: boolean; readonly dry: boolean },
  { print }: CommandContext,
): void {
  const { name, diff, warnings, status } = plan;
  const what = diff.length === 0 ? 'is so already' : made ? 'made' : 'replaced';
  print(`rollout ${name}: ${dry ? 'the plan is good; nothing was changed' : what}\n`);
  for (const warning of warnings) print(`warning: ${plain(issueText(warning))}\n`);
  if (dry) return;
  print(`${drawRollout(plan, [], Date.now()).slice(1).map(plain).join('\n')}\n`);
  const verb = status.state === 'pending' ? 'start' : 'retry';
  if (['pending', 'done', 'aborted'].includes(status.state)) {
    print(`It does not move yet: mirrorplane rollout ${verb} ${name} --watch\n`);
  }
}

function tellMove({ name, status, diff }: Written, { print }: CommandContext): void {
  const already = diff.length === 0 ? 'nothing to do: it is ' : '';
  print(plain(`rollout ${name}: ${already}${describeMove(status)}`) + '\n');
}

async function list(client: RestClient, { print }: CommandContext): Promise<number> {
  const { items } = found<{ items: readonly RolloutForm[] }>(await client.call('GET', '/v1/rollouts'));
  if (items.length === 0) print('There is no rollout.\n');
  const rows = items.map(({ name, mirror, mirrors = [mirror ?? ''], status }) => {
    return [name, stateOf(status), mirrors.join(', '), plain(status.reason)];
  });
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  for (const row of rows)
    print(
      `${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()}\n`,
    );
  return 0;
}

async function show(client: RestClient, name: string, { print }: CommandContext): Promise<number> {
  const rollout = found<RolloutForm>(await client.call('GET', rolloutPath(name)));
  const lines = drawRollout(rollout, await mirrorsOf(client, rollout), Date.now());
  print(`${lines.map(plain).join('\n')}\n`);
  return 0;
}

/** Ctrl-C, and a reader that goes away, end the view and not the rollout. */
async function watch(client: RestClient, name: string): Promise<number> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  process.once('SIGINT', interrupt);
  process.stdout.once('error', interrupt);
  try {
    const screen = new Screen(process.stdout);
    const code = await watchRollout({ client, name, screen, signal: interrupted.signal });
    if (interrupted.signal.aborted && process.stdout.writable)
      screen.line(`The rollout goes on: mirrorplane rollout watch ${name} shows it again.`);
    return code;
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}
