/**
 * The central interval of a binomial distribution: the least `low` and the greatest `high` such that fewer than `low`
 * and more than `high` successes of `n` each have a probability of at most half of `1 - confidence`. Exact.
 */
export function binomialInterval(n: number, p: number, confidence = 0.999): { low: number; high: number } {
  if (p <= 0) return { low: 0, high: 0 };
  if (p >= 1) return { low: n, high: n };
  const tail = (1 - confidence) / 2;
  return { low: quantile(n, p, tail), high: n - quantile(n, 1 - p, tail) };
}

/** The greatest `k` with P(X < k) <= tail. */
function quantile(n: number, p: number, tail: number): number {
  const logOdds = Math.log(p) - Math.log1p(-p);
  let logMass = n * Math.log1p(-p);
  let below = 0;
  for (let k = 0; k <= n; k++) {
    below += Math.exp(logMass);
    if (below > tail) return k;
    logMass += Math.log((n - k) / (k + 1)) + logOdds;
  }
  return n;
}
