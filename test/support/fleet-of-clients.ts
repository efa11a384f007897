/** Many simulated Envoys over real gRPC: each takes what it is sent, acknowledges it, and knows its percent. */
import type { Client, ClientDuplexStream } from '@grpc/grpc-js';
import { loadSchema } from '../../src/dataplanes/envoy/index.ts';
import { PATHS, connect, decodeAnys, encodeRequest, nodeOf } from './xds-client.ts';
import { CDS, LDS, RDS, RTDS } from './xds-server.ts';

const schema = loadSchema();
const STREAMS_PER_CONNECTION = 20;

export interface SimulatedNode {
  readonly id: string;
  /** By mirror: the percent of its runtime layer. */
  percents: Readonly<Record<string, number>>;
}

interface RuntimeLayer {
  readonly layer?: Readonly<Record<string, { readonly numerator?: number } | undefined>>;
}

export class FleetOfClients {
  readonly nodes: SimulatedNode[] = [];
  readonly #channels: Client[] = [];
  readonly #read = new Map<string, Readonly<Record<string, number>>>();

  /** Joins the fleet `edge` with so many nodes. `routes`: names of route configurations. */
  constructor(port: number, count: number, routes: readonly string[]) {
    for (let n = 0; n < count; n++) {
      if (n % STREAMS_PER_CONNECTION === 0) this.#channels.push(connect(port));
      const channel = this.#channels.at(-1);
      if (channel !== undefined) this.nodes.push(this.#join(channel, `node-${n}`, routes));
    }
  }

  #join(channel: Client, id: string, routes: readonly string[]): SimulatedNode {
    const node: SimulatedNode = { id, percents: {} };
    const same = (bytes: Buffer): Buffer => bytes;
    const call: ClientDuplexStream<Buffer, Buffer> = channel.makeBidiStreamRequest(PATHS.sotw, same, same);
    const names = new Map([
      [RTDS, ['mirrorplane']],
      [CDS, []],
      [LDS, []],
      [RDS, routes],
    ]);
    call.on('error', () => undefined);
    call.on('data', (bytes: Buffer) => {
      const { typeUrl, nonce, version, anys } = decodeAnys(bytes);
      if (typeUrl === RTDS) node.percents = this.#percentsIn(anys);
      call.write(
        encodeRequest('sotw', { type: typeUrl, nonce, version, names: names.get(typeUrl) ?? [], node: null }),
      );
    });
    let first: object | null = nodeOf(id);
    for (const [type, wanted] of names) {
      call.write(encodeRequest('sotw', { type, names: wanted, node: first }));
      first = null;
    }
    return node;
  }

  /** Nodes get the same bytes: they are read once. */
  #percentsIn(anys: readonly Buffer[]): Readonly<Record<string, number>> {
    const key = anys.map((any) => any.toString('latin1')).join('|');
    const known = this.#read.get(key);
    if (known !== undefined) return known;
    const found: Record<string, number> = {};
    for (const any of anys) {
      const { layer = {} } = schema.decodeAny(any) as RuntimeLayer;
      for (const [name, value] of Object.entries(layer)) found[name] = (value?.numerator ?? 0) / 10_000;
    }
    this.#read.set(key, found);
    return found;
  }

  close(): void {
    for (const channel of this.#channels) channel.close();
  }
}
