/** Everything a test with Istio needs: origin, stand-in node, control plane, a real istiod and a stock Envoy as its gateway. */
import { readFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { istiodBinary } from '../../scripts/fetch-istiod.ts';
import { ControlPlane } from './control-plane.ts';
import { Envoy } from './envoy.ts';
import type { HttpHead } from './http-messages.ts';
import { Istiod, freePorts } from './istio-istiod.ts';
import { Origin } from './origin.ts';
import { temporaryDirectory } from './temporary-directory.ts';
import { until } from './until.ts';
import { WallarmStandIn } from './wallarm-stand-in.ts';

const SEED = readFileSync(new URL('../golden/istio/seed.yaml', import.meta.url), 'utf8');
/** What the seed's example calls its node; names below localhost are this machine. */
const NODE_HOST = 'wallarm.localhost';
export const HOST = 'httpbin.local';
export const MIRROR = 'mesh-wallarm-external-svc';
export const TARGET_CLUSTER = 'outbound|62445||mirrorplane-wallarm-external-svc.mirrorplane.internal';

export interface IstioRig {
  readonly origin: Origin;
  readonly wallarm: WallarmStandIn;
  readonly istiod: Istiod;
  readonly envoy: Envoy;
  /** Of the gateway's listener. */
  readonly port: number;
  /** The seed's example, with its blanks filled in, and where httpbin is. */
  readonly config: string;
  /** As it was written, read back. */
  readonly fleet: { readonly readBack: object };
  plane: ControlPlane;
  /** Kills the control plane as a crash would, and starts it anew on the same addresses and data. */
  restart(whileDown?: () => Promise<void>): Promise<void>;
  /** The state of istiod as a node. */
  state(): Promise<string>;
  /** Shares of the mirrors on the gateway's only route, in millionths; each is there some 100 ms after istiod has it. */
  shares(): Promise<readonly number[]>;
}

export async function startIstioRig(
  t: Pick<ExecutionContext, 'teardown'>,
  onHead: (head: HttpHead) => void,
): Promise<IstioRig> {
  const binary = await istiodBinary();
  if (binary === undefined) throw new Error('no istiod');
  const origin = await Origin.start();
  t.teardown(() => origin.stop());
  const wallarm = await WallarmStandIn.start({ onHead });
  t.teardown(() => wallarm.stop());
  const data = temporaryDirectory(t as ExecutionContext);
  let plane = await ControlPlane.start({ data });
  t.teardown(() => plane.stop());
  const [port = 0] = await freePorts(1);
  const kind = { dataPlane: 'istio', nodeCluster: 'istio-system' };
  await plane.done('PUT', '/v1/fleets/mesh', kind);
  const config = seedConfig({ gateway: port, origin: origin.port, wallarm: wallarm.port });
  await plane.done('PUT', '/v1/fleets/mesh/config', config);
  const istiod = await Istiod.start(binary, plane.xds);
  t.teardown(() => istiod.stop());
  const node = async (): Promise<{ state: string }> =>
    (await plane.done('GET', '/v1/nodes')).items.find(
      ({ connected }: { connected: boolean }) => connected,
    ) ?? {
      state: 'absent',
    };
  const fleet = { ...kind, readBack: { '*': istiod.http } };
  await plane.done('PUT', '/v1/fleets/mesh', fleet);
  await until('istiod is read back', async () => (await node()).state === 'acked');
  const envoy = await Envoy.start(istiod.gatewayBootstrap());
  t.teardown(() => envoy.stop());
  return {
    ...{ origin, wallarm, istiod, envoy, port, config, fleet },
    get plane() {
      return plane;
    },
    restart: async (whileDown) => {
      const { http, xds } = plane;
      await plane.kill();
      await whileDown?.();
      plane = await ControlPlane.start({ data, http, xds });
    },
    state: async () => (await node()).state,
    shares: async () => {
      const dump = JSON.stringify(await envoy.configDump('?resource=dynamic_route_configs'));
      return [...dump.matchAll(/"default_value":\{"numerator":(\d+),"denominator":"MILLION"\}/g)].map(
        (match) => Number(match[1]),
      );
    },
  };
}

function seedConfig(ports: { gateway: number; origin: number; wallarm: number }): string {
  const filled = SEED.replace('    - ...', `    - ${HOST}`)
    .replaceAll('some.external.service.tld', NODE_HOST)
    .replaceAll('8445', String(ports.wallarm))
    .replace(
      /number: 80\n {6}name: http\n {6}protocol: HTTP\n/,
      `number: ${ports.gateway}\n      name: http\n      protocol: HTTP\n    bind: 127.0.0.1\n`,
    );
  // In a cluster Kubernetes knows where httpbin is.
  return `${filled}---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: httpbin
spec:
  hosts: [httpbin.default.svc.cluster.local]
  location: MESH_EXTERNAL
  resolution: STATIC
  ports: [{ number: 80, name: http, protocol: HTTP }]
  endpoints: [{ address: 127.0.0.1, ports: { http: ${ports.origin} } }]
`;
}
