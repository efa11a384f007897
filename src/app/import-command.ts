import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';
import { readInput } from './read-input.ts';
import { DEFAULT_SERVER, RestClient, issueText, problemText, writeHeaders } from './rest-client.ts';
import { plain } from './screen.ts';

const USAGE = `Usage: mirrorplane import FILE --fleet FLEET [--data-plane KIND] [--dry-run] [--no-adopt] [--reason TEXT]
                          [--server URL]

Gives a fleet its native configuration, from a running control plane's side. Mirror policies in it become targets and
mirrors. FILE is
  for Envoy    a bootstrap, a static_resources block, or lists by type; YAML or JSON
  for NGINX    an nginx.conf or a part of one; what its owner has to change in it is printed, and the file is left alone
  for Traefik  a dynamic configuration, as its file provider has it; YAML or JSON
  for Istio    resources as kubectl takes them (VirtualService, ServiceEntry, ...): YAML documents, or a list

  FILE               the configuration; - for standard input
  --fleet FLEET      made if there is none
  --data-plane KIND  of a fleet that is made: envoy, nginx, traefik or istio; default nginx for a FILE called
                     nginx*.conf, else envoy; needed for the others, unless the fleet is there already
  --dry-run          say what would change, and change nothing
  --no-adopt         leave mirror policies in the configuration as they are
  --reason TEXT      kept with the revision
  --server URL       REST address of the control plane (default: MIRRORPLANE_SERVER, else
                     ${DEFAULT_SERVER})

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
        'data-plane': { type: 'string' },
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
    const client = new RestClient(values.server, environment);
    const headers = writeHeaders(values.reason ?? `import of ${file === '-' ? 'standard input' : file}`);
    const dry = values['dry-run'] === true;
    const dataPlane = values['data-plane'] ?? (NGINX_FILE.test(file) ? 'nginx' : undefined);
    if (dataPlane !== undefined) {
      const why = await requireFleet(client, { fleet: values.fleet, dataPlane, dry, headers });
      if (why !== undefined) {
        complain(why);
        return 1;
      }
    }
    const answer = await client.call(
      'PUT',
      `/v1/fleets/${encodeURIComponent(values.fleet)}/config?${query.toString()}`,
      {
        body: text,
        type: typeOf(dataPlane, file, text),
        headers,
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
    const isOwners = dataPlane === 'nginx';
    const targets = await Promise.all(
      config.adopted.targets.map(async (name) => (isOwners ? describeTarget(client, name, config) : name)),
    );
    print(describe(config, { mirrors, targets }, values.fleet, { dry, isOwners }));
    return 0;
  },
};

const NGINX_FILE = /(?:^|\/)nginx[^/]*\.conf$/;

/** A config alone would make a fleet of Envoys. Undefined, or why there can be no fleet of that kind. */
async function requireFleet(
  client: RestClient,
  {
    fleet,
    dataPlane,
    dry,
    headers,
  }: {
    readonly fleet: string;
    readonly dataPlane: string;
    readonly dry: boolean;
    readonly headers: Readonly<Record<string, string>>;
  },
): Promise<string | undefined> {
  const path = `/v1/fleets/${encodeURIComponent(fleet)}`;
  const there = await client.call('GET', path);
  if (there.ok) {
    const { dataPlane: kind } = there.json as { readonly dataPlane: string };
    return kind === dataPlane ? undefined : `fleet ${fleet} is of ${kind}, not of ${dataPlane}`;
  }
  if (there.status !== 404) return problemText(there);
  if (dry)
    return `there is no fleet ${fleet}, and a dry run makes none: PUT ${path} {"dataPlane":"${dataPlane}"}`;
  const made = await client.call('PUT', path, { body: JSON.stringify({ dataPlane }), headers });
  return made.ok ? undefined : problemText(made);
}

function typeOf(dataPlane: string | undefined, file: string, text: string): string {
  if (dataPlane === 'nginx') return 'text/plain';
  return isJson(file, text) ? 'application/json' : 'application/yaml';
}

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

/** With where it is. */
async function describeTarget(client: RestClient, name: string, { diff }: ConfigAnswer): Promise<string> {
  const made = diff.find(
    ({ object, op, path }) => object === `targets/${name}` && op === 'add' && path === '',
  );
  const target = made?.after ?? (await client.call('GET', `/v1/targets/${encodeURIComponent(name)}`)).json;
  const { endpoints = [] } = (target ?? {}) as {
    readonly endpoints?: readonly { readonly host: string; readonly port: number }[];
  };
  return `${name} (${endpoints.map(({ host, port }) => `${host}:${port}`).join(', ')})`;
}

/** `isOwners`: what is said of it is for its owner to do. */
function describe(
  { revision, counts, diff, warnings }: ConfigAnswer,
  { mirrors, targets }: { readonly mirrors: readonly string[]; readonly targets: readonly string[] },
  fleet: string,
  { dry, isOwners }: { readonly dry: boolean; readonly isOwners: boolean },
): string {
  const said = warnings.map((warning) => plain(issueText(warning)));
  const held = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([type, count]) => `${count} ${count === 1 ? type.replace(/s$/, '') : type}`);
  const changed = diff.length === 0 ? 'nothing changed' : `revision ${revision}`;
  return [
    `fleet ${fleet}: ${held.join(', ') || 'an empty configuration'} (${dry ? 'dry run, nothing was changed' : changed})`,
    ...(targets.length > 0 ? [`adopted targets: ${targets.join(', ')}`] : []),
    ...(mirrors.length > 0 ? [`adopted mirrors: ${mirrors.join(', ')}`] : []),
    ...(isOwners && said.length > 0
      ? ['to be changed in the file, and to know:', ...said.map((one) => `  ${one}`)]
      : said.map((one) => `warning: ${one}`)),
    '',
  ].join('\n');
}
