import { parseArgs } from 'node:util';
import { type Command, UsageError } from './command.ts';
import { DEFAULT_SERVER, RestClient, problemText } from './rest-client.ts';

const USAGE = `Usage: mirrorplane bootstrap --fleet FLEET --node ID [--server URL] [--admin-port PORT]

Prints the bootstrap (YAML) of an Envoy that joins the fleet, from a running control plane.

  --fleet FLEET
  --node ID          the Envoy's node id, unlike that of any other
  --server URL       REST address of the control plane (default: MIRRORPLANE_SERVER, else
                     ${DEFAULT_SERVER})
  --admin-port PORT  of the Envoy's admin on 127.0.0.1 (default 9901; 0: any free one)

  MIRRORPLANE_TOKEN in the environment is sent as bearer token.
`;

export const bootstrapCommand: Command = {
  summary: 'print the bootstrap of an Envoy that joins a fleet',
  usage: USAGE,
  async run(args, { environment, print, complain }) {
    const text = { type: 'string' } as const;
    const options = { fleet: text, node: text, server: text, 'admin-port': text };
    const { values } = parseArgs({ args: [...args], options });
    if (values.fleet === undefined || values.node === undefined) {
      throw new UsageError('--fleet and --node are needed');
    }
    const query = new URLSearchParams({ node: values.node });
    if (values['admin-port'] !== undefined) query.set('adminPort', values['admin-port']);
    const path = `/v1/fleets/${encodeURIComponent(values.fleet)}/bootstrap?${query.toString()}`;
    const answer = await new RestClient(values.server, environment).call('GET', path);
    if (answer.ok) print(answer.text);
    else complain(problemText(answer));
    return answer.ok ? 0 : 1;
  },
};
