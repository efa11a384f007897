import type { IssueList } from '../../../../model/issue.ts';
import { type Json, object } from '../../../schema/json.ts';
import { checkDuration, filled } from '../values.ts';
import { checkStatus } from './actions.ts';

/** The least that Envoy can draw: one in a million. */
const LEAST_PERCENT = 0.0001;

const GRPC_STATUSES = new Set([
  ...['OK', 'CANCELLED', 'UNKNOWN', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED', 'NOT_FOUND', 'ALREADY_EXISTS'],
  ...['PERMISSION_DENIED', 'RESOURCE_EXHAUSTED', 'FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE'],
  ...['UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS', 'UNAUTHENTICATED'],
]);

export function checkFault(fault: Json | undefined, issues: IssueList): void {
  if (fault === undefined) return;
  if (filled(fault, 'abort', 'delay').length === 0) issues.add('needs an abort or a delay');
  checkAbort(object(fault['abort']), issues.at('abort'));
  checkDelay(object(fault['delay']), issues.at('delay'));
}

function checkAbort(abort: Json | undefined, issues: IssueList): void {
  if (abort === undefined) return;
  checkShare(abort['percentage'], issues.at('percentage'));
  const { httpStatus, grpcStatus, http2Error } = abort;
  if (httpStatus !== undefined) checkStatus(httpStatus, issues.at('httpStatus'));
  if (grpcStatus !== undefined && !GRPC_STATUSES.has(grpcStatus as string))
    issues.at('grpcStatus').add('must be the name of a gRPC status, such as NOT_FOUND');
  if (http2Error !== undefined) issues.at('http2Error').add('is nothing that Istio does yet; use httpStatus');
}

function checkDelay(delay: Json | undefined, issues: IssueList): void {
  if (delay === undefined) return;
  checkShare(delay['percentage'], issues.at('percentage'));
  checkDuration(delay['fixedDelay'], issues.at('fixedDelay'));
  if (delay['exponentialDelay'] !== undefined)
    issues.at('exponentialDelay').add('is nothing that Istio does yet; use fixedDelay');
}

function checkShare(percentage: unknown, issues: IssueList): void {
  const value = object(percentage)?.['value'] ?? 0;
  const good = typeof value === 'number' && (value === 0 || (value >= LEAST_PERCENT && value <= 100));
  if (!good) issues.at('value').add(`must be 0, or from ${LEAST_PERCENT} to 100`);
}
