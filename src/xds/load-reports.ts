import { type ServerDuplexStream, status } from '@grpc/grpc-js';
import { messageType } from './protocol.ts';
import { decodeNode } from './requests.ts';
import type { NodeInfo } from './types.ts';

/** What one cluster of a node did in one interval. */
export interface ClusterLoad {
  readonly cluster: string;
  readonly succeeded: number;
  readonly failed: number;
  /** Under way at the end of the interval. */
  readonly inProgress: number;
  readonly dropped: number;
}

export interface LoadReportObserver {
  reported(node: NodeInfo, loads: readonly ClusterLoad[]): void;
}

/** https://www.envoyproxy.io/docs/envoy/latest/api-v3/service/load_stats/v3/lrs.proto */
export const LOAD_REPORTING_SERVICE = 'envoy.service.load_stats.v3.LoadReportingService';

const requestType = messageType('envoy.service.load_stats.v3.LoadStatsRequest', { raw: ['node'] });
const responseType = messageType('envoy.service.load_stats.v3.LoadStatsResponse');

interface Locality {
  readonly total_successful_requests: unknown;
  readonly total_error_requests: unknown;
  readonly total_requests_in_progress: unknown;
}

export interface LoadRequest {
  readonly node: Uint8Array | null;
  readonly cluster_stats: readonly {
    readonly cluster_name: string;
    readonly total_dropped_requests: unknown;
    readonly upstream_locality_stats: readonly Locality[];
  }[];
}

export function decodeLoadRequest(bytes: Uint8Array): LoadRequest {
  return requestType.decode(bytes) as unknown as LoadRequest;
}

export interface LoadReportOptions {
  readonly loadReports: LoadReportObserver;
  readonly loadReportIntervalMs: number;
  readonly log: { warn(fields: object, message: string): void };
}

/** The interval is the server's to say; a node's report repeats the node, some 60 KB, each time. */
export function serveLoadReports(
  call: ServerDuplexStream<LoadRequest, Buffer>,
  { loadReports, loadReportIntervalMs, log }: LoadReportOptions,
): void {
  let node: NodeInfo | undefined;
  const receive = (request: LoadRequest): void => {
    if (node === undefined) {
      if (request.node === null || request.node.length === 0) return;
      node = decodeNode(request.node);
      call.write(intervalResponse(loadReportIntervalMs));
    }
    if (request.cluster_stats.length > 0) loadReports.reported(node, request.cluster_stats.map(sum));
  };
  call.on('data', (request: LoadRequest) => {
    try {
      receive(request);
    } catch (error) {
      log.warn({ err: error, peer: call.getPeer() }, 'a stream of load reports failed');
      call.emit('error', { code: status.INTERNAL, details: 'internal error' });
    }
  });
  call.on('end', () => call.end());
  call.on('error', () => call.end());
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
    succeeded: total((locality) => locality.total_successful_requests),
    failed: total((locality) => locality.total_error_requests),
    inProgress: total((locality) => locality.total_requests_in_progress),
    dropped: Number(stats.total_dropped_requests),
  };
}
