/** Nothing is copied, whatever mirrors and rollouts say, until it is released. */
export interface Stop {
  /** A fleet, or {@link EVERY_FLEET}. */
  readonly name: string;
  readonly by: string;
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly since: string;
}

/** Cannot be the name of a fleet. */
export const EVERY_FLEET = '*';

/** The stop that holds a fleet: its own, or that of all. */
export function stopOf(
  stops: ReadonlyMap<string, { readonly value: Stop }>,
  fleet: string,
): Stop | undefined {
  return (stops.get(EVERY_FLEET) ?? stops.get(fleet))?.value;
}
