import { median } from '../tally.ts'

/** Longer gaps are breaks, not work (metrics 4.2: edit session). */
const SESSION_MS = 10 * 60_000
/** Fewer gaps say nothing about how long a piece of work takes. */
const MIN_GAPS = 30

/**
 * Median seconds between a person's consecutive acts inside an edit session.
 * @param people instants per person, in any order
 * @returns null with fewer than thirty gaps
 */
export const medianGapSeconds = (people: Iterable<readonly number[]>): number | null => {
  const gaps: number[] = []
  for (const instants of people) {
    const sorted = Float64Array.from(instants).sort()
    for (let index = 1; index < sorted.length; index++) {
      const gap = sorted[index]! - sorted[index - 1]!
      // One reading of the CRM sees many changes at once: no gap between them is known.
      if (gap > 0 && gap <= SESSION_MS) gaps.push(gap / 1000)
    }
  }
  return gaps.length < MIN_GAPS ? null : median(gaps)
}
