/** Seeded, so that a run is found again. SplitMix32: https://dl.acm.org/doi/10.1145/2714064.2660195 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  next(): number {
    this.#state = (this.#state + 0x9e_37_79_b9) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21_f0_aa_ad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x73_5a_2d_97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** An integer, `min` and `max` among them. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  pick<T>(choices: readonly T[]): T {
    const picked = choices[this.integer(0, choices.length - 1)];
    if (picked === undefined) throw new RangeError('there is nothing to pick from');
    return picked;
  }

  /** Successes of `of` tries. Where there are many of both kinds, a normal deviate is near enough. */
  binomial(of: number, probability: number): number {
    const variance = of * probability * (1 - probability);
    if (variance > 20) {
      const normal = Math.sqrt(-2 * Math.log(1 - this.next())) * Math.cos(2 * Math.PI * this.next());
      return Math.min(of, Math.max(0, Math.round(of * probability + normal * Math.sqrt(variance))));
    }
    if (probability > 0.5) return of - this.binomial(of, 1 - probability);
    if (probability <= 0) return 0;
    // From one success to the next.
    const scale = Math.log(1 - probability);
    let count = -1;
    for (let at = 0; at <= of; count++) at += 1 + Math.floor(Math.log(1 - this.next()) / scale);
    return count;
  }
}
