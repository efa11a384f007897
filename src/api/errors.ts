import type { FastifyError } from 'fastify';
import { ControlError } from '../control/types.ts';
import type { Issue } from '../model/issue.ts';

/** Every error that REST answers, by code; docs/api.md lists the same. */
export const ERRORS = {
  invalid: { status: 400, title: 'The request is not valid' },
  unauthorized: { status: 401, title: 'A bearer token is needed' },
  forbidden: { status: 403, title: 'The request is not allowed' },
  'not-found': { status: 404, title: 'There is no such thing' },
  'method-not-allowed': { status: 405, title: 'The resource has no such method' },
  conflict: { status: 409, title: 'It is in use, or in conflict with something that is there' },
  precondition: { status: 412, title: 'The object is not at the revision that If-Match names' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body has a type that is not taken here' },
  internal: { status: 500, title: 'Something is wrong on our side; the log says what' },
  unavailable: { status: 503, title: 'Not now' },
} as const satisfies Readonly<Record<string, { status: number; title: string }>>;

export type ErrorCode = keyof typeof ERRORS;

/** https://www.rfc-editor.org/rfc/rfc9457 */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors: readonly Issue[];
}

export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly issues: readonly Issue[];

  constructor(code: ErrorCode, message: string, issues: readonly Issue[] = []) {
    super(message);
    this.code = code;
    this.issues = issues;
  }
}

export function problem(code: ErrorCode, detail: string, errors: readonly Issue[] = []): Problem {
  const { status, title } = ERRORS[code];
  return { type: `urn:mirrorplane:error:${code}`, title, status, detail, errors };
}

/** What a thrown value is to the caller. Nothing of our inside is told. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError || error instanceof ControlError) {
    return problem(error.code, error.message, error.issues);
  }
  const fastify = error as Partial<FastifyError>;
  if (fastify.validation !== undefined) {
    const errors = fastify.validation.map(({ instancePath, message, params }) => ({
      path: [fastify.validationContext, ...instancePath.split('/').slice(1), ...extra(params)].join('.'),
      message: message ?? 'is not valid',
    }));
    return problem('invalid', 'The query is not valid', errors);
  }
  switch (fastify.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return problem('too-large', 'The body is larger than is taken here');
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return problem('unsupported-media-type', 'Content-Type names a type that is not taken here');
    default:
  }
  if (fastify.statusCode !== undefined && fastify.statusCode >= 400 && fastify.statusCode < 500) {
    const message = fastify.message ?? 'The request cannot be read';
    return problem('invalid', message, [{ path: '', message }]);
  }
  return problem('internal', 'The request failed; nothing was changed unless a revision says so');
}

function extra(params: Readonly<Record<string, unknown>>): readonly string[] {
  const { additionalProperty } = params;
  return typeof additionalProperty === 'string' ? [additionalProperty] : [];
}
