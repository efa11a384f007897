/** What one line of the log says: a request that a mirror copied, or, in files of an earlier release, could copy. */
export interface LogLine {
  readonly mirror: string;
  /** Whether the draw said to copy it. */
  readonly drawn: boolean;
  /** Of a drawn one: whether the target answered, and well. */
  readonly failed: boolean;
  /** How long the target took; undefined where there was none, or no answer. */
  readonly seconds: number | undefined;
}

/** A second time the same request, after an internal redirect: no request of its own. */
export const REPEATED = 208;
/** By a draw, not copied. */
export const NOT_DRAWN = 204;

/** Format of the lines: tabs between mirror, status, the target's status and its time. */
export function logFormat(mirror: string): string {
  return `'${mirror}\\t$status\\t$upstream_status\\t$upstream_response_time'`;
}

const LINE = /(?:^|[ :])([A-Za-z0-9._-]{1,63})\t(\d{3})\t([-\d, :]+)\t([-\d., :]+)\s*$/;

/** Answers of NGINX itself, to a copy that its limits or its target did not let through. */
const GIVEN_UP = [500, 502, 503, 504];

/** Reads a line, with or without what syslog puts before it. Undefined where it is none, or says nothing of a request. */
export function readLogLine(text: string): LogLine | undefined {
  const [, mirror = '', status, answered = '-', time = '-'] = LINE.exec(text) ?? [];
  if (status === undefined) return undefined;
  const asked = answered !== '-';
  const drawn = asked || GIVEN_UP.includes(Number(status));
  // Repeated, or a client that asks for the internal location (404): it must not be able to make a target look unwell.
  if (!drawn && Number(status) !== NOT_DRAWN) return undefined;
  const code = Number(answered.split(/[,:]/).at(-1));
  const seconds = Number(time.split(/[,:]/).at(-1));
  return {
    mirror,
    drawn,
    failed: drawn && (!(code > 0) || code >= 500),
    seconds: time === '-' || Number.isNaN(seconds) ? undefined : seconds,
  };
}
