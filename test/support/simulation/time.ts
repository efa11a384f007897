import type { Timers } from '../../../src/delivery/timers.ts';

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly call: () => void;
  isOff: boolean;
}

/**
 * Time of a simulation, for tens of thousands of timers: a binary heap. All that is due at one instant is called, then
 * what goes on asynchronously has its turn, then time goes on.
 */
export class SimulatedTime implements Timers {
  #now: number;
  #order = 0;
  readonly #heap: Timer[] = [];

  constructor(now = Date.parse('2026-11-24T12:00:00Z')) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, call: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), order: (this.#order += 1), call, isOff: false };
    this.#push(timer);
    return () => {
      timer.isOff = true;
    };
  }

  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (let next = this.#heap[0]; next !== undefined && next.at <= end; next = this.#heap[0]) {
      this.#now = Math.max(this.#now, next.at);
      if (this.#callDue() > 0) await settled();
    }
    this.#now = end;
    await settled();
  }

  #callDue(): number {
    let called = 0;
    for (let next = this.#heap[0]; next !== undefined && next.at <= this.#now; next = this.#heap[0]) {
      this.#pop();
      if (next.isOff) continue;
      called += 1;
      next.call();
    }
    return called;
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(timer, heap[parent])) break;
      heap[index] = heap[parent] as Timer;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (isBefore(heap[child + 1], heap[child])) child += 1;
      if (!isBefore(heap[child], last)) break;
      heap[index] = heap[child] as Timer;
      index = child;
    }
    heap[index] = last;
  }
}

function isBefore(a: Timer | undefined, b: Timer | undefined): boolean {
  if (a === undefined || b === undefined) return a !== undefined;
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}

/** Nothing simulated waits for more than promises: when the next task of the event loop comes, all of these are done. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
