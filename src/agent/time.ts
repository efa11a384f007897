/** Time; a test has its own. */
export interface Clock {
  /** Epoch milliseconds. */
  wall(): number;
  /** Milliseconds of a clock that is never set. */
  now(): number;
}

export const SYSTEM_CLOCK: Clock = { wall: () => Date.now(), now: () => performance.now() };
