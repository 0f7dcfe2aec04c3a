import { WINDOW_DAYS } from './window.ts'

/** What a measure says over some days for some people. */
export type Reading = {
  value: number | null
  numerator: number | null
  denominator: number | null
  /** Cases behind the value (deals, calls, days); equals the denominator for plain counts. */
  sample: number
}

/** Numbers per person and day of the window. What belongs to nobody counted is left out everywhere. */
export type Numbers = {
  /** A number of the portal as a whole, nobody's own. */
  isCompanyOnly?: true
  people(): Iterable<string>
  /** Over the days `from`..`to` (indices of the window, both included). */
  read(people: Iterable<string>, from: number, to: number): Reading
}

/** A number of the portal as a whole: nobody's own. */
export const companyNumbers = (
  numerator: number,
  denominator: number,
  value = denominator === 0 ? null : numerator / denominator,
): Numbers => ({
  isCompanyOnly: true,
  people: () => [],
  read: () => ({ value, numerator, denominator, sample: denominator }),
})

/** Sums of numerators and denominators: a group's value is the ratio of its sums, never a mean of ratios. */
export class Tally implements Numbers {
  readonly #rows = new Map<string, Float64Array>()
  /** Who was counted last: a deal is counted for one person on many days. */
  #last = ''
  #lastRow: Float64Array = new Float64Array(0)

  /** @param sample cases behind the denominator when it is not itself a count (money) */
  add(who: string | null, index: number, numerator: number, denominator: number, sample = denominator): void {
    if (who === null || index < 0 || index >= WINDOW_DAYS) return
    const row = this.#rowOf(who)
    row[index * 3] = row[index * 3]! + numerator
    row[index * 3 + 1] = row[index * 3 + 1]! + denominator
    row[index * 3 + 2] = row[index * 3 + 2]! + sample
  }

  merge(other: Tally): void {
    for (const [who, theirs] of other.#rows) {
      const row = this.#rowOf(who)
      for (let at = 0; at < row.length; at++) row[at] = row[at]! + theirs[at]!
    }
  }

  people(): Iterable<string> {
    return this.#rows.keys()
  }

  read(people: Iterable<string>, from: number, to: number): Reading {
    let numerator = 0
    let denominator = 0
    let sample = 0
    for (const who of people) {
      const row = this.#rows.get(who)
      if (row === undefined) continue
      for (let index = Math.max(0, from); index <= to; index++) {
        numerator += row[index * 3]!
        denominator += row[index * 3 + 1]!
        sample += row[index * 3 + 2]!
      }
    }
    if (denominator === 0) return { value: null, numerator, denominator, sample }
    return { value: numerator / denominator, numerator, denominator, sample }
  }

  #rowOf(who: string): Float64Array {
    if (who === this.#last && this.#lastRow.length > 0) return this.#lastRow
    let row = this.#rows.get(who)
    if (row === undefined) {
      row = new Float64Array(WINDOW_DAYS * 3)
      this.#rows.set(who, row)
    }
    this.#last = who
    this.#lastRow = row
    return row
  }
}

/**
 * Distinct deals: over several days a deal counts once, whatever it did on how many of them. A group's number is the
 * sum of its people's.
 */
export class DistinctDeals implements Numbers {
  readonly #rows = new Map<string, { index: number; dealId: string; counts: boolean }[]>()

  /** @param counts whether the deal belongs to the numerator of every span that holds this day */
  add(who: string | null, index: number, dealId: string, counts: boolean): void {
    if (who === null || index < 0 || index >= WINDOW_DAYS) return
    const row = this.#rows.get(who)
    if (row === undefined) this.#rows.set(who, [{ index, dealId, counts }])
    else row.push({ index, dealId, counts })
  }

  people(): Iterable<string> {
    return this.#rows.keys()
  }

  read(people: Iterable<string>, from: number, to: number): Reading {
    let numerator = 0
    let denominator = 0
    for (const who of people) {
      const all = new Set<string>()
      const counted = new Set<string>()
      for (const { index, dealId, counts } of this.#rows.get(who) ?? []) {
        if (index < from || index > to) continue
        all.add(dealId)
        if (counts) counted.add(dealId)
      }
      numerator += counted.size
      denominator += all.size
    }
    return {
      value: denominator === 0 ? null : numerator / denominator,
      numerator,
      denominator,
      sample: denominator,
    }
  }
}

/** Single observations, for medians. The denominator is their number; there is no numerator. */
export class Samples implements Numbers {
  readonly #rows = new Map<string, { index: number; value: number }[]>()

  add(who: string | null, index: number, value: number): void {
    if (who === null || index < 0 || index >= WINDOW_DAYS) return
    const row = this.#rows.get(who)
    if (row === undefined) this.#rows.set(who, [{ index, value }])
    else row.push({ index, value })
  }

  people(): Iterable<string> {
    return this.#rows.keys()
  }

  read(people: Iterable<string>, from: number, to: number): Reading {
    const values: number[] = []
    for (const who of people)
      for (const { index, value } of this.#rows.get(who) ?? [])
        if (index >= from && index <= to) values.push(value)
    return { value: median(values), numerator: null, denominator: values.length, sample: values.length }
  }
}

/** The middle value, the mean of the middle two when even; null of nothing. */
export const median = (values: readonly number[]): number | null => {
  if (values.length === 0) return null
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
