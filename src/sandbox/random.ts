/** A seeded source of chance: the same seed tells the same story. */
export type Random = {
  /** In [0, 1). */
  unit(): number
  /** An integer from `from` to `to`, both included. */
  int(from: number, to: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** Picks by weight. */
  weighted<T>(items: readonly (readonly [T, number])[]): T
  /** Log-normal with the given median and spread. */
  logNormal(median: number, sigma: number): number
}

/** mulberry32: small, quick and good enough for stories. */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  const unit = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - unit())) * Math.cos(2 * Math.PI * unit())
  return {
    unit,
    int: (from, to) => from + Math.floor(unit() * (to - from + 1)),
    chance: probability => unit() < probability,
    pick: items => items[Math.floor(unit() * items.length)]!,
    weighted: items => {
      let rest = unit() * items.reduce((sum, [, weight]) => sum + weight, 0)
      for (const [item, weight] of items) {
        rest -= weight
        if (rest < 0) return item
      }
      return items.at(-1)![0]
    },
    logNormal: (median, sigma) => median * Math.exp(sigma * normal()),
  }
}
