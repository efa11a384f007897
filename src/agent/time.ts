/** Time; a test has its own. */
export interface Clock {
  /** Epoch milliseconds. */
  wall(): number;
  /** Milliseconds of a clock that is never set. */
  now(): number;
}

export const SYSTEM_CLOCK: Clock = { wall: () => Date.now(), now: () => performance.now() };

/** Undefined when it takes longer. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
