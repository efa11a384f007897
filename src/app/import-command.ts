import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';
import { readInput } from './read-input.ts';
import { DEFAULT_SERVER, RestClient, issueText, problemText, writeHeaders } from './rest-client.ts';
import { plain } from './screen.ts';

const USAGE = `Usage: mirrorplane import FILE --fleet FLEET [--dry-run] [--no-adopt] [--reason TEXT] [--server URL]

Gives a fleet its native configuration, from a running control plane's side: an Envoy bootstrap, a static_resources
block, or lists by type; YAML or JSON. Mirror policies in it become targets and mirrors.

  FILE           the configuration; - for standard input
  --fleet FLEET  made if there is none
  --dry-run      say what would change, and change nothing
  --no-adopt     leave mirror policies in the configuration as they are
  --reason TEXT  kept with the revision
  --server URL   REST address of the control plane (default ${DEFAULT_SERVER})

  MIRRORPLANE_TOKEN in the environment is sent as bearer token.
`;

interface ConfigAnswer {
  readonly revision: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly adopted: { readonly targets: readonly string[]; readonly mirrors: readonly string[] };
  readonly diff: readonly {
    readonly object: string;
    readonly op: string;
    readonly path: string;
    readonly after?: unknown;
  }[];
  readonly warnings: readonly { readonly path: string; readonly message: string }[];
}

export const importCommand: Command = {
  summary: 'give a fleet its native configuration from a file',
  usage: USAGE,
  async run(args, { environment, print, complain }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        fleet: { type: 'string' },
        'dry-run': { type: 'boolean' },
        'no-adopt': { type: 'boolean' },
        reason: { type: 'string' },
        server: { type: 'string' },
      },
    });
    const [file, ...others] = positionals;
    if (file === undefined || others.length > 0) throw new UsageError('one FILE is needed');
    if (values.fleet === undefined) throw new UsageError('--fleet is needed');
    const text = await readInput(file);
    const query = new URLSearchParams();
    if (values['dry-run'] === true) query.set('dryRun', 'true');
    if (values['no-adopt'] === true) query.set('adopt', 'false');
    const client = new RestClient(values.server ?? DEFAULT_SERVER, environment);
    const answer = await client.call(
      'PUT',
      `/v1/fleets/${encodeURIComponent(values.fleet)}/config?${query.toString()}`,
      {
        body: text,
        type: isJson(file, text) ? 'application/json' : 'application/yaml',
        headers: writeHeaders(values.reason ?? `import of ${file === '-' ? 'standard input' : file}`),
      },
    );
    if (!answer.ok) {
      complain(problemText(answer));
      return 1;
    }
    const config = answer.json as ConfigAnswer;
    const mirrors = await Promise.all(
      config.adopted.mirrors.map((name) => describeMirror(client, name, config)),
    );
    print(describe(config, mirrors, values.fleet, values['dry-run'] === true));
    return 0;
  },
};

/** By its name, where that tells; else by its content. */
function isJson(file: string, text: string): boolean {
  if (/\.ya?ml$/i.test(file)) return false;
  return /\.json$/i.test(file) || /^\s*\{\s*["}]/.test(text);
}

/** A mirror that was there before keeps its percent, whatever the file says. */
async function describeMirror(client: RestClient, name: string, { diff }: ConfigAnswer): Promise<string> {
  const made = diff.find(
    ({ object, op, path }) => object === `mirrors/${name}` && op === 'add' && path === '',
  );
  const mirror = made?.after ?? (await client.call('GET', `/v1/mirrors/${encodeURIComponent(name)}`)).json;
  const { percent } = (mirror ?? {}) as { percent?: number };
  if (percent === undefined) return name;
  return made === undefined ? `${name} (it was there, and stays at ${percent} %)` : `${name} at ${percent} %`;
}

function describe(
  { revision, counts, adopted, diff, warnings }: ConfigAnswer,
  mirrors: readonly string[],
  fleet: string,
  dry: boolean,
): string {
  const held = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([type, count]) => `${count} ${count === 1 ? type.replace(/s$/, '') : type}`);
  const changed = diff.length === 0 ? 'nothing changed' : `revision ${revision}`;
  return [
    `fleet ${fleet}: ${held.join(', ') || 'an empty configuration'} (${dry ? 'dry run, nothing was changed' : changed})`,
    ...(adopted.targets.length > 0 ? [`adopted targets: ${adopted.targets.join(', ')}`] : []),
    ...(mirrors.length > 0 ? [`adopted mirrors: ${mirrors.join(', ')}`] : []),
    ...warnings.map((warning) => `warning: ${plain(issueText(warning))}`),
    '',
  ].join('\n');
}
