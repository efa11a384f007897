import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { messageType } from './protocol.ts';
import { decodeNode } from './requests.ts';
import type { NodeInfo } from './types.ts';

/** What one cluster of a node did in one interval. */
export interface ClusterLoad {
  readonly cluster: string;
  /** Requests begun in the interval. */
  readonly issued: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Under way at the end of the interval. */
  readonly inProgress: number;
  readonly dropped: number;
}

export interface LoadReportObserver {
  /** `intervalMs`: what the report covers, as the node measured it; undefined where it did not say. */
  reported(node: NodeInfo, loads: readonly ClusterLoad[], intervalMs: number | undefined): void;
  /** How often this node is to report, in milliseconds. Asked when it begins, and on `XdsServer.reviseLoadReports`. */
  reportInterval(node: NodeInfo): number;
}

/** https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/load_stats/v3/lrs.proto */
export const LOAD_REPORTING_SERVICE = 'envoy.service.load_stats.v3.LoadReportingService';

const requestType = messageType('envoy.service.load_stats.v3.LoadStatsRequest', { raw: ['node'] });
const responseType = messageType('envoy.service.load_stats.v3.LoadStatsResponse');

interface Locality {
  readonly total_successful_requests: unknown;
  readonly total_error_requests: unknown;
  readonly total_requests_in_progress: unknown;
  readonly total_issued_requests: unknown;
}

export interface LoadRequest {
  readonly node: Uint8Array | null;
  readonly cluster_stats: readonly {
    readonly cluster_name: string;
    readonly total_dropped_requests: unknown;
    readonly load_report_interval: { readonly seconds: unknown; readonly nanos: number } | null;
    readonly upstream_locality_stats: readonly Locality[];
  }[];
}

export function decodeLoadRequest(bytes: Uint8Array): LoadRequest {
  return requestType.decode(bytes) as unknown as LoadRequest;
}

export interface LoadReportOptions {
  readonly loadReports: LoadReportObserver;
  readonly log: { warn(fields: object, message: string): void };
}

/** Streams of load reports. The interval is the server's to say; a node's report repeats the node, some 60 KB, each time. */
export class LoadReports {
  readonly #options: LoadReportOptions;
  readonly #streams = new Set<LoadStream>();

  constructor(options: LoadReportOptions) {
    this.#options = options;
  }

  serve(call: ServerDuplexStream<LoadRequest, Buffer>): void {
    const { loadReports, log } = this.#options;
    const stream: LoadStream = { call, node: undefined, intervalMs: 0 };
    call.on('data', (request: LoadRequest) => {
      try {
        this.#receive(stream, request, loadReports);
      } catch (error) {
        log.warn({ err: error, peer: call.getPeer() }, 'a stream of load reports failed');
        call.emit('error', { code: status.INTERNAL, details: 'internal error' });
      }
    });
    const end = (): void => {
      this.#streams.delete(stream);
      call.end();
    };
    for (const event of ['end', 'error']) call.on(event, end);
    for (const event of ['cancelled', 'close']) call.on(event, () => this.#streams.delete(stream));
  }

  #receive(stream: LoadStream, request: LoadRequest, observer: LoadReportObserver): void {
    if (stream.node === undefined) {
      if (request.node === null || request.node.length === 0) return;
      stream.node = decodeNode(request.node);
      this.#streams.add(stream);
      tell(stream, observer.reportInterval(stream.node));
    }
    if (request.cluster_stats.length === 0) return;
    const intervals = request.cluster_stats.map(({ load_report_interval: interval }) =>
      millisecondsOf(interval),
    );
    const intervalMs = Math.max(...intervals);
    observer.reported(stream.node, request.cluster_stats.map(sum), intervalMs > 0 ? intervalMs : undefined);
  }

  /** Asks anew how often each node is to report, and tells those for whom that changed. */
  revise(): void {
    for (const stream of this.#streams) {
      if (stream.node !== undefined) tell(stream, this.#options.loadReports.reportInterval(stream.node));
    }
  }
}

interface LoadStream {
  readonly call: ServerDuplexStream<LoadRequest, Buffer>;
  node: NodeInfo | undefined;
  intervalMs: number;
}

function tell(stream: LoadStream, intervalMs: number): void {
  if (stream.intervalMs === intervalMs) return;
  stream.intervalMs = intervalMs;
  stream.call.write(intervalResponse(intervalMs));
}

function millisecondsOf(duration: LoadRequest['cluster_stats'][number]['load_report_interval']): number {
  return duration === null ? 0 : Number(duration.seconds) * 1000 + duration.nanos / 1_000_000;
}

function intervalResponse(intervalMs: number): Buffer {
  const interval = { seconds: Math.floor(intervalMs / 1000), nanos: (intervalMs % 1000) * 1_000_000 };
  const bytes = responseType.encode({ send_all_clusters: true, load_reporting_interval: interval }).finish();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function sum(stats: LoadRequest['cluster_stats'][number]): ClusterLoad {
  const total = (pick: (locality: Locality) => unknown): number =>
    stats.upstream_locality_stats.reduce((sofar, locality) => sofar + Number(pick(locality)), 0);
  return {
    cluster: stats.cluster_name,
    issued: total((locality) => locality.total_issued_requests),
    succeeded: total((locality) => locality.total_successful_requests),
    failed: total((locality) => locality.total_error_requests),
    inProgress: total((locality) => locality.total_requests_in_progress),
    dropped: Number(stats.total_dropped_requests),
  };
}
