/** ln n! by Stirling's series from ten on, by the product below. */
const logFactorial = (n: number): number => {
  if (n < 10) {
    let product = 1
    for (let factor = 2; factor <= n; factor++) product *= factor
    return Math.log(product)
  }
  return (
    (n + 0.5) * Math.log(n) -
    n +
    0.5 * Math.log(2 * Math.PI) +
    1 / (12 * n) -
    1 / (360 * n ** 3) +
    1 / (1260 * n ** 5)
  )
}

/** P(X ≥ k) for X binomial with n trials of chance p: the one-sided test of "more often than p". */
export const binomialTail = (k: number, n: number, p: number): number => {
  if (k <= 0) return 1
  if (k > n || p <= 0) return 0
  if (p >= 1) return 1
  let tail = 0
  for (let count = k; count <= n; count++)
    tail += Math.exp(
      logFactorial(n) -
        logFactorial(count) -
        logFactorial(n - count) +
        count * Math.log(p) +
        (n - count) * Math.log1p(-p),
    )
  return Math.min(1, tail)
}

/**
 * Benjamini–Hochberg 1995: which of many tests stand when at most `rate` of the standing ones may be false.
 * @returns one answer per p-value, in their order
 */
export const falseDiscoveryPasses = (pValues: readonly number[], rate: number): boolean[] => {
  const sorted = Float64Array.from(pValues).sort()
  let limit = -1
  for (const [index, value] of sorted.entries())
    if (value <= (rate * (index + 1)) / sorted.length) limit = value
  return pValues.map(value => value <= limit)
}
