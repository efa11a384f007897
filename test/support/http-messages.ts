/** Reads HTTP/1.1 messages off a socket and keeps their bytes as they came: what a test compares must not be parsed away. */

export interface HttpMessage {
  /** First line and header lines with their line ends, and the empty line: latin1. */
  readonly head: string;
  /** `GET / HTTP/1.1` or `HTTP/1.1 200 OK`. */
  readonly firstLine: string;
  /** Names and values as on the wire, in order. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Head and body as on the wire; the body is cut off after {@link KEPT_BODY} bytes. */
  readonly raw: Buffer;
  /** Bytes of the body without chunk framing; all of them, also those that were not kept. */
  readonly bodySize: number;
}

/** Of a request or an answer so far. */
export interface HttpHead extends Pick<HttpMessage, 'head' | 'firstLine' | 'headers'> {
  /** Value of the first header of that name, in any case. */
  readonly get: (name: string) => string | undefined;
}

export const KEPT_BODY = 65_536;

export interface MessageHandlers {
  readonly onHead?: (head: HttpHead) => void;
  readonly onMessage: (message: HttpMessage, head: HttpHead) => void;
}

interface Options {
  /** Requests have a body only when they say so; an answer without a length lasts until the connection closes. */
  readonly kind: 'request' | 'response';
  /** Whether the next answer has no body whatever it says: the request was HEAD. */
  readonly isBodiless?: () => boolean;
}

type Step = 'head' | 'sized' | 'chunk-line' | 'chunk' | 'chunk-end' | 'trailers' | 'until-close';

/** An incremental reader; feed it with what arrives. */
export class MessageReader {
  readonly #options: Options;
  readonly #handlers: MessageHandlers;
  #step: Step = 'head';
  #line: Buffer = Buffer.alloc(0);
  #head: HttpHead | undefined;
  #left = 0;
  #size = 0;
  #kept: Buffer[] = [];
  #keptSize = 0;

  constructor(options: Options, handlers: MessageHandlers) {
    this.#options = options;
    this.#handlers = handlers;
  }

  /** Whether a message has begun and not ended. */
  get isInside(): boolean {
    return this.#step !== 'head' || this.#line.length > 0;
  }

  push(data: Buffer): void {
    let rest = data;
    while (rest.length > 0) rest = this.#consume(rest);
  }

  /** The peer closed. An answer without a length is complete by that. */
  end(): void {
    if (this.#step === 'until-close') this.#finish();
  }

  #consume(data: Buffer): Buffer {
    switch (this.#step) {
      case 'head': {
        const read = this.#readUntil('\r\n\r\n', data);
        if (read.found !== undefined) this.#beginBody(read.found);
        return read.rest;
      }
      case 'sized': {
        const rest = this.#takeBody(data);
        if (this.#left === 0) this.#finish();
        return rest;
      }
      case 'chunk': {
        const rest = this.#takeBody(data);
        if (this.#left === 0) this.#step = 'chunk-end';
        return rest;
      }
      case 'chunk-line': {
        const read = this.#readUntil('\r\n', data);
        if (read.found !== undefined) {
          this.#keep(read.found);
          this.#left = Number.parseInt(read.found.toString('latin1'), 16);
          this.#step = this.#left === 0 ? 'trailers' : 'chunk';
        }
        return read.rest;
      }
      case 'chunk-end': {
        const read = this.#readUntil('\r\n', data);
        if (read.found !== undefined) {
          this.#keep(read.found);
          this.#step = 'chunk-line';
        }
        return read.rest;
      }
      case 'trailers': {
        const read = this.#readUntil('\r\n', data);
        if (read.found !== undefined) {
          this.#keep(read.found);
          if (read.found.length === 2) this.#finish();
        }
        return read.rest;
      }
      case 'until-close': {
        this.#keep(data);
        this.#size += data.length;
        return Buffer.alloc(0);
      }
    }
  }

  #readUntil(end: string, data: Buffer): { found: Buffer | undefined; rest: Buffer } {
    const all = this.#line.length === 0 ? data : Buffer.concat([this.#line, data]);
    const at = all.indexOf(end, 0, 'latin1');
    if (at === -1) {
      this.#line = all;
      return { found: undefined, rest: Buffer.alloc(0) };
    }
    this.#line = Buffer.alloc(0);
    return { found: all.subarray(0, at + end.length), rest: all.subarray(at + end.length) };
  }

  #beginBody(bytes: Buffer): void {
    const head = parseHead(bytes.toString('latin1'));
    this.#head = head;
    this.#size = 0;
    this.#kept = [bytes];
    this.#keptSize = 0;
    this.#handlers.onHead?.(head);
    const status = /^HTTP\/1\.\d (\d{3})/.exec(head.firstLine)?.[1];
    const bodiless = status !== undefined && (/^(1..|204|304)$/.test(status) || this.#options.isBodiless?.());
    const length = head.get('content-length');
    if (bodiless === true) this.#finish();
    else if (/chunked/i.test(head.get('transfer-encoding') ?? '')) this.#step = 'chunk-line';
    else if (length !== undefined && Number(length) > 0) {
      this.#left = Number(length);
      this.#step = 'sized';
    } else if (length === undefined && this.#options.kind === 'response') this.#step = 'until-close';
    else this.#finish();
  }

  #takeBody(data: Buffer): Buffer {
    const taken = data.subarray(0, this.#left);
    this.#left -= taken.length;
    this.#size += taken.length;
    this.#keep(taken);
    return data.subarray(taken.length);
  }

  #keep(data: Buffer): void {
    const room = KEPT_BODY - this.#keptSize;
    if (room <= 0) return;
    const kept = data.subarray(0, room);
    this.#kept.push(kept);
    this.#keptSize += kept.length;
  }

  #finish(): void {
    const head = this.#head;
    if (head === undefined) throw new Error('a message ended that never began');
    const message = {
      head: head.head,
      firstLine: head.firstLine,
      headers: head.headers,
      raw: Buffer.concat(this.#kept),
      bodySize: this.#size,
    };
    this.#step = 'head';
    this.#head = undefined;
    this.#kept = [];
    this.#handlers.onMessage(message, head);
  }
}

function parseHead(head: string): HttpHead {
  const [firstLine = '', ...lines] = head.slice(0, -4).split('\r\n');
  const headers = lines.map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()] as const;
  });
  return { head, firstLine, headers, get: (name) => valuesOf({ headers }, name)[0] };
}

/** Values of the headers of that name, in any case. */
export function valuesOf(message: Pick<HttpMessage, 'headers'>, name: string): string[] {
  const wanted = name.toLowerCase();
  return message.headers.filter(([key]) => key.toLowerCase() === wanted).map(([, value]) => value);
}

/** Status of an answer. */
export function statusOf(message: Pick<HttpMessage, 'firstLine'>): number {
  return Number(message.firstLine.split(' ')[1]);
}
