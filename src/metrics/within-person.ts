import { studentPoint, studentTail } from './history/student.ts'

/** A person's week: what was (`x`), what came of it (`y`), and in how many cases (`weight`). */
export type PersonWeek = {
  personId: string
  /** Weeks of one series have one mean of their own: another version of the rules is another series. */
  series: string
  x: number
  y: number
  weight: number
}

export type WithinSlope = {
  /** Change of y per unit of x, with its 90 % interval. */
  value: number
  low: number
  high: number
  /** One-sided: as large a slope or a larger one where there is none. */
  pValue: number
}

/** Two-sided 90 %. */
const TAIL = 0.05

/**
 * Weighted slope of y on x within people: each week is held against the person's own mean (fixed effects), so that
 * who scores high anyway proves nothing. The error is the jackknife over people, each left out once, with Student's t
 * of G − 1 degrees: weeks of one person hang together and count as one voice (CV3; J. G. MacKinnon, M. Ø. Nielsen, M. D.
 * Webb, "Cluster-robust inference: a guide to empirical practice", Journal of Econometrics 232 (2023), 272–299).
 * @returns null where fewer than two people have weeks that differ
 */
export const slopeWithin = (weeks: readonly PersonWeek[]): WithinSlope | null => {
  const people = [...sumsByPerson(weeks).values()].filter(({ xx }) => xx > 0)
  const xx = people.reduce((sum, own) => sum + own.xx, 0)
  const xy = people.reduce((sum, own) => sum + own.xy, 0)
  if (people.length < 2) return null
  const value = xy / xx
  const spread = people.reduce((sum, own) => sum + ((xy - own.xy) / (xx - own.xx) - value) ** 2, 0)
  const error = Math.sqrt(((people.length - 1) / people.length) * spread)
  const degrees = people.length - 1
  const half = studentPoint(TAIL, degrees) * error
  return {
    value,
    low: value - half,
    high: value + half,
    pValue: error === 0 ? (value > 0 ? 0 : 1) : studentTail(value / error, degrees),
  }
}

/** Weighted sums of squares and products around the means of each series, per person. */
const sumsByPerson = (weeks: readonly PersonWeek[]): Map<string, { xx: number; xy: number }> => {
  const series = new Map<string, PersonWeek[]>()
  for (const week of weeks) {
    if (week.weight <= 0) continue
    const key = `${week.personId}\u0000${week.series}`
    const own = series.get(key)
    if (own === undefined) series.set(key, [week])
    else own.push(week)
  }
  const people = new Map<string, { xx: number; xy: number }>()
  for (const own of series.values()) {
    const weight = own.reduce((sum, week) => sum + week.weight, 0)
    const meanX = own.reduce((sum, week) => sum + week.weight * week.x, 0) / weight
    const meanY = own.reduce((sum, week) => sum + week.weight * week.y, 0) / weight
    const sums = people.get(own[0]!.personId) ?? { xx: 0, xy: 0 }
    people.set(own[0]!.personId, sums)
    for (const { x, y, weight } of own) {
      sums.xx += weight * (x - meanX) ** 2
      sums.xy += weight * (x - meanX) * (y - meanY)
    }
  }
  return people
}
