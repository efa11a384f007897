import type { Client, ClientDuplexStream } from '@grpc/grpc-js';
import { messageType } from '../xds/protocol.ts';
import { type NodeIdentity, encodeNode } from './discovery.ts';
import type { CopyOutcome } from './copy-outcome.ts';
import type { Clock } from './time.ts';

const LOADS = '/envoy.service.load_stats.v3.LoadReportingService/StreamLoadStats';
const requestType = messageType('envoy.service.load_stats.v3.LoadStatsRequest', { raw: ['node'] });
const responseType = messageType('envoy.service.load_stats.v3.LoadStatsResponse');

/** The cluster that stands for a mirror in a report. */
export const CLUSTER_PREFIX = 'mirrorplane_';

const SHORTEST_MS = 100;
const RETRY_MS = 1000;

/** Tells the control plane what became of the copies, as an Envoy would. */
export class LoadReporter {
  readonly #node: NodeIdentity;
  readonly #clock: Clock;
  #copies = new Map<string, { ok: number; failed: number }>();
  #client: Client | undefined;
  #call: ClientDuplexStream<Uint8Array, Buffer> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #since = 0;
  #intervalMs = 0;
  #mirrors: readonly string[] = [];

  constructor(node: NodeIdentity, clock: Clock) {
    this.#node = node;
    this.#clock = clock;
  }

  /** Of these something is told even when nothing was copied. */
  watch(mirrors: readonly string[]): void {
    this.#mirrors = mirrors;
  }

  saw(mirror: string, outcome: CopyOutcome): void {
    let copies = this.#copies.get(mirror);
    if (copies === undefined) this.#copies.set(mirror, (copies = { ok: 0, failed: 0 }));
    copies[outcome === 'ok' || outcome === 'slow' ? 'ok' : 'failed'] += 1;
  }

  /** On this channel from now on; undefined: none. */
  use(client: Client | undefined): void {
    this.#client = client;
    clearTimeout(this.#timer);
    const before = this.#call;
    this.#call = undefined;
    before?.on('error', () => undefined);
    before?.cancel();
    if (client !== undefined) this.#open(client);
  }

  #open(client: Client): void {
    if (client !== this.#client) return;
    const call = client.makeBidiStreamRequest(
      LOADS,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes) => bytes,
    );
    this.#call = call;
    this.#intervalMs = 0;
    call.on('data', (bytes: Buffer) => {
      if (call === this.#call) this.#pace(bytes);
    });
    const again = (): void => {
      if (call !== this.#call) return;
      this.#call = undefined;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#open(client), RETRY_MS);
    };
    call.on('error', again);
    call.on('end', again);
    call.write(requestType.encode({ node: encodeNode(this.#node) }).finish());
  }

  #pace(bytes: Buffer): void {
    const interval = intervalIn(bytes);
    if (interval === undefined) return;
    const first = this.#intervalMs === 0;
    this.#intervalMs = Math.max(SHORTEST_MS, Number(interval.seconds) * 1000 + interval.nanos / 1e6);
    if (first) {
      // What was copied while nobody asked is of no interval.
      this.#copies.clear();
      this.#since = this.#clock.now();
    }
    clearTimeout(this.#timer);
    const elapsed = this.#clock.now() - this.#since;
    this.#timer = setTimeout(() => this.#report(), Math.max(0, this.#intervalMs - elapsed));
  }

  #report(): void {
    const now = this.#clock.now();
    const elapsedMs = Math.max(1, Math.round(now - this.#since));
    this.#since = now;
    const copies = this.#copies;
    this.#copies = new Map();
    const interval = { seconds: Math.floor(elapsedMs / 1000), nanos: (elapsedMs % 1000) * 1e6 };
    const names = new Set([...this.#mirrors, ...copies.keys()]);
    const stats = [...names].map((mirror) => {
      const { ok, failed } = copies.get(mirror) ?? { ok: 0, failed: 0 };
      return {
        cluster_name: `${CLUSTER_PREFIX}${mirror}`,
        load_report_interval: interval,
        upstream_locality_stats: [
          {
            total_successful_requests: ok,
            total_error_requests: failed,
            total_issued_requests: ok + failed,
          },
        ],
      };
    });
    this.#call?.write(requestType.encode({ node: encodeNode(this.#node), cluster_stats: stats }).finish());
    this.#timer = setTimeout(() => this.#report(), this.#intervalMs);
  }
}

/** Undefined in what cannot be read. */
function intervalIn(bytes: Buffer): { readonly seconds: unknown; readonly nanos: number } | undefined {
  try {
    const { load_reporting_interval: interval } = responseType.decode(bytes) as unknown as {
      readonly load_reporting_interval: { readonly seconds: unknown; readonly nanos: number } | null;
    };
    return interval ?? undefined;
  } catch {
    return undefined;
  }
}
