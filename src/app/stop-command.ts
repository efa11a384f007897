import { parseArgs } from 'node:util';
import type { Command } from './command.ts';
import { DEFAULT_SERVER, RestClient, issueText, problemText, writeHeaders } from './rest-client.ts';

const USAGE = `Usage: mirrorplane stop [--fleet FLEET] [--release] [--reason TEXT] [--server URL]

Copies nothing, in one fleet or in all, until it is released. It wins over percents and rollouts.

  --fleet FLEET  default: every fleet
  --release      end the stop
  --reason TEXT  kept with the revision
  --server URL   REST address of the control plane (default: MIRRORPLANE_SERVER, else
                 ${DEFAULT_SERVER})

  MIRRORPLANE_TOKEN in the environment is sent as bearer token.
  Exit code 1: it was refused, or not every connected node has it yet.
`;

export const stopCommand: Command = {
  summary: 'copy nothing, anywhere or in one fleet, until it is released',
  usage: USAGE,
  async run(args, { environment, print, complain }) {
    const text = { type: 'string' } as const;
    const options = { fleet: text, release: { type: 'boolean' }, reason: text, server: text } as const;
    const { values } = parseArgs({ args: [...args], options });
    const path =
      values.fleet === undefined ? '/v1/stop' : `/v1/fleets/${encodeURIComponent(values.fleet)}/stop`;
    const headers = writeHeaders(values.reason);
    const client = new RestClient(values.server, environment);
    const answer = await client.call(values.release === true ? 'DELETE' : 'PUT', `${path}?wait=acked`, {
      headers,
    });
    if (!answer.ok) {
      complain(problemText(answer));
      return 1;
    }
    const { delivery, diff, warnings } = answer.json as StopAnswer;
    const released = values.release === true;
    const where = values.fleet === undefined ? 'every fleet' : `fleet ${values.fleet}`;
    const already = diff.length === 0 ? ' already' : '';
    print(
      released
        ? `released${already}: ${where} copies again what its mirrors say; rollouts that paused wait for: mirrorplane rollout resume NAME\n`
        : `stopped${already}: ${where} copies nothing, until: mirrorplane stop${values.fleet === undefined ? '' : ` --fleet ${values.fleet}`} --release\n`,
    );
    for (const warning of warnings) print(`warning: ${issueText(warning)}\n`);
    const { nodes, acked, unconfirmed = 0 } = delivery;
    print(
      `${acked} of ${nodes} connected nodes have it${acked + unconfirmed < nodes ? '; the others get it when they answer' : ''}\n`,
    );
    if (unconfirmed > 0) print(`${unconfirmed} were given it, and nothing tells whether it is in force\n`);
    return acked === nodes ? 0 : 1;
  },
};

interface StopAnswer {
  readonly delivery: { readonly nodes: number; readonly acked: number; readonly unconfirmed?: number };
  readonly diff: readonly unknown[];
  readonly warnings: readonly { readonly path: string; readonly message: string }[];
}
