/** Time as it is told to those who wait; a test has its own. */
export interface Timers {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls once, after so many milliseconds. Returns what calls it off. */
  after(ms: number, call: () => void): () => void;
}

export const SYSTEM_TIMERS: Timers = {
  now: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, Math.min(ms, 2 ** 31 - 1));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
