import { parseArgs } from 'node:util';

const USAGE = `Usage: mirrorplane bootstrap --fleet FLEET --node ID [--server URL] [--admin-port PORT]

Prints the bootstrap (YAML) of an Envoy that joins the fleet, from a running control plane.

  --fleet FLEET
  --node ID          the Envoy's node id, unlike that of any other
  --server URL       REST address of the control plane (default http://127.0.0.1:8080)
  --admin-port PORT  of the Envoy's admin on 127.0.0.1 (default 9901; 0: any free one)

  MIRRORPLANE_TOKEN in the environment is sent as bearer token.
`;

/** Resolves with the exit code. */
export async function fetchBootstrap(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const options = {
    fleet: { type: 'string' },
    node: { type: 'string' },
    server: { type: 'string' },
    'admin-port': { type: 'string' },
    help: { type: 'boolean' },
  } as const;
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options }));
  } catch (error) {
    return complain(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`, 2);
  }
  if (values.help === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (values.fleet === undefined || values.node === undefined)
    return complain(`--fleet and --node are needed\n\n${USAGE}`, 2);
  const query = new URLSearchParams({ node: values.node });
  if (values['admin-port'] !== undefined) query.set('adminPort', values['admin-port']);
  const server = values.server ?? 'http://127.0.0.1:8080';
  const token = environment['MIRRORPLANE_TOKEN'];
  try {
    const url = new URL(
      `/v1/fleets/${encodeURIComponent(values.fleet)}/bootstrap?${query.toString()}`,
      server,
    );
    const response = await fetch(url, { headers: token ? { authorization: `Bearer ${token}` } : {} });
    const text = await response.text();
    if (!response.ok) return complain(`${url.href} answered ${response.status}: ${text}\n`, 1);
    process.stdout.write(text);
    return 0;
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    return complain(
      `cannot reach ${server}: ${error instanceof Error ? error.message : String(error)}${cause}\n`,
      1,
    );
  }
}

function complain(message: string, code: number): number {
  process.stderr.write(`mirrorplane: ${message}`);
  return code;
}
