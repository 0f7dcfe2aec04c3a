/** A value in more than this share of a person's deals is that person's habit, not a fact (M18). */
export const MAX_MODE_SHARE = 0.6
const MIN_DEALS = 10
/** Counters kept: a value above 60 % cannot escape so many (Misra–Gries). */
const COUNTERS = 16

/** Tells whether one value takes most of a stream, in memory for sixteen of them. */
export class ModeCounter {
  readonly #counts = new Map<string, number>()
  total = 0

  add(value: string): void {
    this.total++
    const counts = this.#counts
    const known = counts.get(value)
    if (known !== undefined || counts.size < COUNTERS) {
      counts.set(value, (known ?? 0) + 1)
      return
    }
    for (const [other, times] of counts) {
      if (times === 1) counts.delete(other)
      else counts.set(other, times - 1)
    }
  }

  get isOneValued(): boolean {
    return this.total >= MIN_DEALS && Math.max(0, ...this.#counts.values()) > this.total * MAX_MODE_SHARE
  }
}
