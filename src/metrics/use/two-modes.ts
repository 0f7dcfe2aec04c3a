/** Both heaps hold at least this share, and their means lie so many spreads apart (Ashman's D). */
const MIN_SHARE = 0.2
const MIN_DISTANCE = 4
const MIN_CASES = 40

export type Modes = { low: number; high: number }

/**
 * Two clear modes of positive lengths, on a logarithmic scale: the best cut in two (Otsu) whose halves lie four
 * spreads apart. One bell cut in two gives 2.65, an even spread 3.46, so that neither is called two-faced.
 * @returns geometric means of the two heaps; null when there is one
 */
export const twoModes = (lengths: Iterable<number>): Modes | null => {
  const logs = Float64Array.from(lengths).filter(length => length > 0)
  for (let index = 0; index < logs.length; index++) logs[index] = Math.log(logs[index]!)
  logs.sort()
  const size = logs.length
  if (size < MIN_CASES) return null
  const sums = new Float64Array(size + 1)
  const squares = new Float64Array(size + 1)
  for (let index = 0; index < size; index++) {
    sums[index + 1] = sums[index]! + logs[index]!
    squares[index + 1] = squares[index]! + logs[index]! ** 2
  }
  const heap = (from: number, to: number): { mean: number; variance: number } => {
    const mean = (sums[to]! - sums[from]!) / (to - from)
    return { mean, variance: Math.max(0, (squares[to]! - squares[from]!) / (to - from) - mean ** 2) }
  }
  let best: { cut: number; spread: number } | null = null
  for (let cut = Math.ceil(size * MIN_SHARE); cut <= size - size * MIN_SHARE; cut++) {
    if (cut === 0 || cut === size) continue
    const spread = (cut / size) * heap(0, cut).variance + (1 - cut / size) * heap(cut, size).variance
    if (best === null || spread < best.spread) best = { cut, spread }
  }
  if (best === null) return null
  const [low, high] = [heap(0, best.cut), heap(best.cut, size)]
  const distance = (Math.SQRT2 * (high.mean - low.mean)) / Math.sqrt(low.variance + high.variance)
  return high.mean > low.mean && distance >= MIN_DISTANCE
    ? { low: Math.exp(low.mean), high: Math.exp(high.mean) }
    : null
}
