/** Values told apart per field; what comes after them counts as values of their own. */
const DISTINCT_KEPT = 512

/** Counts how often each value occurs, in bounded memory. */
export class ValueCounts {
  readonly #counts = new Map<string, number>()
  #beyond = 0
  total = 0

  add(value: string): void {
    this.total++
    const known = this.#counts.get(value)
    if (known !== undefined) this.#counts.set(value, known + 1)
    else if (this.#counts.size < DISTINCT_KEPT) this.#counts.set(value, 1)
    else this.#beyond++
  }

  /** Cases of the commonest value; exact unless it came after hundreds of others. */
  get most(): number {
    let most = 0
    for (const count of this.#counts.values()) if (count > most) most = count
    return most
  }

  /** @param blanks cases without a value, where being empty is an answer too (a tick that is not there) */
  variety(blanks = 0): number {
    return normalisedEntropy([...this.#counts.values(), ...Array<number>(this.#beyond).fill(1), blanks])
  }
}

/** Entropy of a distribution in bits; counts of zero are left out. */
export const entropyOf = (counts: Iterable<number>): number => {
  let total = 0
  let sum = 0
  for (const count of counts)
    if (count > 0) {
      total += count
      sum += count * Math.log2(count)
    }
  return total === 0 ? 0 : Math.max(0, Math.log2(total) - sum / total)
}

/** Entropy over its largest possible: 0 = always the same value, 1 = all values equally often (metrics 4.7). */
export const normalisedEntropy = (counts: readonly number[]): number => {
  const distinct = counts.filter(count => count > 0).length
  return distinct < 2 ? 0 : Math.min(1, entropyOf(counts) / Math.log2(distinct))
}
