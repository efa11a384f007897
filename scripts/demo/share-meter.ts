interface Sent {
  readonly at: number;
  readonly envoy: string;
  /** Where its copies arrived. */
  readonly nodes: string[];
}

/** A copy that is this late is counted as none. */
const COPY_MS = 300;

/** Counts requests, and which of them were copied, over the last few seconds. Times in milliseconds. */
export class ShareMeter {
  readonly #windowMs: number;
  /** By id, oldest first. */
  readonly #requests = new Map<string, Sent>();
  failed = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  sent(at: number, envoy: string, id: string): void {
    this.#requests.set(id, { at, envoy, nodes: [] });
  }

  copied(id: string, node: string): void {
    this.#requests.get(id)?.nodes.push(node);
  }

  /** Of one Envoy, or of all. */
  read(now: number, envoy?: string): Reading {
    const end = now - COPY_MS;
    const reading = { requests: 0, copied: 0, byNode: new Map<string, number>() };
    for (const [id, sent] of this.#requests) {
      if (sent.at < end - this.#windowMs) this.#requests.delete(id);
      else if (sent.at < end && (envoy === undefined || sent.envoy === envoy)) {
        reading.requests++;
        if (sent.nodes.length > 0) reading.copied++;
        for (const node of sent.nodes) reading.byNode.set(node, (reading.byNode.get(node) ?? 0) + 1);
      }
    }
    return reading;
  }
}

export interface Reading {
  readonly requests: number;
  readonly copied: number;
  readonly byNode: ReadonlyMap<string, number>;
}

/** `24.9 %`, or `-` while there is nothing to measure. */
export function share({ requests, copied }: Reading): string {
  return requests === 0 ? '-' : `${((copied / requests) * 100).toFixed(1)} %`;
}
