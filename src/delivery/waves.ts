/** How much of a fleet has a change after each wave. The first is one node alone: the probe. */
const SHARES = [0.1, 0.5, 1];

/** How many of `total` nodes are to have it when `granted` have it and are well. */
export function nextWave(granted: number, total: number): number {
  if (granted === 0) return Math.min(1, total);
  const sizes = SHARES.map((share) => Math.ceil(total * share));
  return sizes.find((size) => size > granted) ?? total;
}
