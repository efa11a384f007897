import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';
import { DEFAULT_SERVER, RestClient, problemText } from './rest-client.ts';

const USAGE = `Usage: mirrorplane render [FORMAT] --fleet FLEET [--node ID] [--server URL]

Prints what a fleet would be served, as a text to apply by other means (a file, a Git repository).

  FORMAT        envoy, nginx, traefik, istio, gateway-api: one that the fleet's data plane has
                (mirrorplane's GET /v1/dataplanes lists them); default: its first
  --fleet FLEET
  --node ID     what the node of this id is to have, where a rollout is at a share of them
  --server URL  REST address of the control plane (default: MIRRORPLANE_SERVER, else
                ${DEFAULT_SERVER})

  MIRRORPLANE_TOKEN in the environment is sent as bearer token.
`;

export const renderCommand: Command = {
  summary: 'print what a fleet would be served, for those who apply it themselves',
  usage: USAGE,
  async run(args, { environment, print, complain }) {
    const text = { type: 'string' } as const;
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { fleet: text, node: text, server: text },
      allowPositionals: true,
    });
    const [format, ...others] = positionals;
    if (others.length > 0) throw new UsageError('one FORMAT at most');
    if (values.fleet === undefined) throw new UsageError('--fleet is needed');
    const query = new URLSearchParams();
    if (format !== undefined) query.set('format', format);
    if (values.node !== undefined) query.set('node', values.node);
    const path = `/v1/fleets/${encodeURIComponent(values.fleet)}/rendered?${query.toString()}`;
    const answer = await new RestClient(values.server, environment).call('GET', path);
    if (answer.ok) print(answer.text);
    else complain(problemText(answer));
    return answer.ok ? 0 : 1;
  },
};
