/** Counts requests and copies over the last few seconds, by Envoy. */
export class ShareMeter {
  readonly #windowMs: number;
  readonly #events: { at: number; envoy: number; node: string | undefined }[] = [];
  failed = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Envoys are told apart by the port they listen on. */
  sent(at: number, envoy: number): void {
    this.#events.push({ at, envoy, node: undefined });
  }

  copied(at: number, envoy: number, node: string): void {
    this.#events.push({ at, envoy, node });
  }

  /** Of one Envoy, or of all. */
  read(now: number, envoy?: number): Reading {
    const oldest = now - this.#windowMs;
    const keep = this.#events.findIndex(({ at }) => at >= oldest);
    this.#events.splice(0, keep === -1 ? this.#events.length : keep);
    const seen = this.#events.filter((event) => envoy === undefined || event.envoy === envoy);
    const requests = seen.filter(({ node }) => node === undefined).length;
    const byNode = new Map<string, number>();
    for (const { node } of seen) if (node !== undefined) byNode.set(node, (byNode.get(node) ?? 0) + 1);
    return { requests, copies: seen.length - requests, byNode };
  }
}

export interface Reading {
  readonly requests: number;
  readonly copies: number;
  readonly byNode: ReadonlyMap<string, number>;
}

/** `24.9 %`, or `-` while there is nothing to measure. */
export function share({ requests, copies }: Reading): string {
  return requests === 0 ? '-' : `${((copies / requests) * 100).toFixed(1)} %`;
}
