import type { CurveRow } from '../snapshot/document.ts'
import { kaplanMeier, rowsUntil } from './history/incidence.ts'

/** A person's weekly scores since the own week 0; null = no score that week. */
export type ScoredWeeks = { personId: string; scores: readonly (number | null)[] }

export type Adoption = {
  curve: CurveRow[]
  /** Share of people with the habit by week 3 and by week 6; null while that cannot be known. */
  s3: number | null
  s6: number | null
  people: number
  reached: number
  /** Fewer than six people: show names on a line, no percent. */
  isTooFew: boolean
}

/** Score from which a week is a good one. */
export const HABIT_SCORE = 70
const FEWEST_PEOPLE = 6
const BACK_SLIDE = 15

/** W*: first week with a score ≥ 70 that is ≥ 70 in the next week too; null = not yet. */
export const habitWeek = (scores: readonly (number | null)[]): number | null => {
  const week = scores.findIndex(
    (score, index) => (score ?? 0) >= HABIT_SCORE && (scores[index + 1] ?? 0) >= HABIT_SCORE,
  )
  return week < 0 ? null : week
}

/**
 * Adoption curve (metrics 4.8): Kaplan–Meier over people of the weeks until the habit. Whoever has not reached it is
 * censored at the last week that could have counted, one before the last one seen; so are leavers. `tDays` counts a
 * week as its working days; `value` = share that has reached the habit.
 */
export const adoptionOf = (people: readonly ScoredWeeks[], workdaysPerWeek: number): Adoption => {
  const weeks = people.map(({ scores }) => habitWeek(scores))
  const curve = kaplanMeier({
    entry: new Float64Array(people.length).fill(-1),
    duration: Float64Array.from(people, ({ scores }, index) => weeks[index] ?? scores.length - 2),
    cause: Uint8Array.from(weeks, week => (week === null ? 0 : 1)),
  })
  const watched = people.reduce((most, { scores }) => Math.max(most, scores.length - 2), -1)
  const shareBy = (week: number): number | null => {
    const row = rowsUntil(curve.times, week) - 1
    const left = curve.survival[row] ?? 1
    return watched >= week || left === 0 ? 1 - left : null
  }
  return {
    curve: [...curve.times].map((week, row) => ({
      kind: 'adoption',
      pipelineId: '',
      stageId: '',
      exit: 'reached',
      tDays: week * workdaysPerWeek,
      atRisk: curve.atRisk[row]!,
      events: curve.events[0]![row]!,
      value: 1 - curve.survival[row]!,
    })),
    s3: people.length === 0 ? null : shareBy(3),
    s6: people.length === 0 ? null : shareBy(6),
    people: people.length,
    reached: weeks.filter(week => week !== null).length,
    isTooFew: people.length < FEWEST_PEOPLE,
  }
}

/** Back-slide: the mean of the last four weeks is 15 or more below the own best mean of eight. */
export const hasSlidBack = (scores: readonly (number | null)[]): boolean => {
  const known = scores.filter(score => score !== null)
  if (known.length < 12) return false
  const mean = (from: number, size: number): number =>
    known.slice(from, from + size).reduce((sum, score) => sum + score, 0) / size
  let best = 0
  for (let from = 0; from + 8 <= known.length; from++) best = Math.max(best, mean(from, 8))
  return best - mean(known.length - 4, 4) >= BACK_SLIDE
}
