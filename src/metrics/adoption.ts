import type { CurveRow, FirstWeek, Score } from '../snapshot/document.ts'
import { Z90 } from './attainment.ts'
import { kaplanMeier, rowsUntil } from './history/incidence.ts'

/** A person's weekly scores since the own week 0; null = no score that week. */
export type ScoredWeeks = { personId: string; scores: readonly (number | null)[] }

/** A share with its 90 % interval. */
export type ShareInterval = { value: number; low: number; high: number }

export type Adoption = {
  curve: CurveRow[]
  /** Share of people with the habit by week 3 and by week 6; null while that cannot be known. */
  s3: number | null
  s6: number | null
  /** The same with their 90 % intervals. */
  intervals: { s3: ShareInterval | null; s6: ShareInterval | null }
  people: number
  reached: number
  /** Fewer than six people: show names on a line, no percent. */
  isTooFew: boolean
}

/** Score from which a week is a good one. */
export const HABIT_SCORE = 70
const FEWEST_PEOPLE = 6
const BACK_SLIDE = 15
/** A steady habit: so many good weeks in a row, each with at most this burst share beyond the usual one. */
const STEADY_WEEKS = 3
const MOST_EXCESS = 0.15

/** W*: first week with a score ≥ 70 that is ≥ 70 in the next week too; null = not yet. */
export const habitWeek = (scores: readonly (number | null)[]): number | null => {
  const week = scores.findIndex(
    (score, index) => (score ?? 0) >= HABIT_SCORE && (scores[index + 1] ?? 0) >= HABIT_SCORE,
  )
  return week < 0 ? null : week
}

/** What M26 said of a person's week; null = it could not tell. */
export type WeekBurst = NonNullable<Score['burst']> | null

type Judged = Omit<FirstWeek, 'asOf'>

/** Time to tidy (metrics 4.8): the first week with a significant excess burst before the planerka. */
export const firstTidying = (bursts: readonly WeekBurst[]): Judged =>
  firstOf(bursts, week => bursts[week]?.isSignal ?? null, bursts.length)

/**
 * Time to habit (metrics 4.8): the first of three weeks in a row with A ≥ 70 and b ≤ p0 + 15 percentage points. A week
 * without a score is no good week; where only b is unknown the three weeks may be or may not.
 * @param bursts in step with the scores
 */
export const steadyHabit = (scores: readonly (number | null)[], bursts: readonly WeekBurst[]): Judged => {
  const isGood = (week: number): boolean | null => {
    if ((scores[week] ?? 0) < HABIT_SCORE) return false
    const burst = bursts[week] ?? null
    return burst === null ? null : burst.excess <= MOST_EXCESS
  }
  const isRun = (week: number): boolean | null => {
    const goods = Array.from({ length: STEADY_WEEKS }, (_, next) => isGood(week + next))
    return goods.includes(false) ? false : goods.includes(null) ? null : true
  }
  return firstOf(bursts, isRun, scores.length - STEADY_WEEKS + 1)
}

/** @param is whether the week is the one; null = nobody can tell */
const firstOf = (
  bursts: readonly WeekBurst[],
  is: (week: number) => boolean | null,
  weeks: number,
): Judged => {
  const answers = Array.from({ length: Math.max(0, weeks) }, (_, week) => is(week))
  const week = answers.indexOf(true)
  return {
    week: week < 0 ? null : week,
    judged: bursts.filter(burst => burst !== null).length,
    mayBeEarlier: answers.slice(0, week < 0 ? undefined : week).includes(null),
  }
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
  const s3 = people.length === 0 ? null : shareBy(3)
  const s6 = people.length === 0 ? null : shareBy(6)
  const rowsBy = (week: number) =>
    [...curve.times].flatMap((time, row) =>
      time <= week ? [{ atRisk: curve.atRisk[row]!, events: curve.events[0]![row]! }] : [],
    )
  return {
    intervals: {
      s3: s3 === null ? null : intervalOf(s3, rowsBy(3), people.length),
      s6: s6 === null ? null : intervalOf(s6, rowsBy(6), people.length),
    },
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
    s3,
    s6,
    people: people.length,
    reached: weeks.filter(week => week !== null).length,
    isTooFew: people.length < FEWEST_PEOPLE,
  }
}

/**
 * 90 % interval of a Kaplan–Meier share: Greenwood's variance on the log(−log) scale, which stays inside 0…1; where
 * nobody or everybody has got there that says nothing, and Wilson's interval of the people stands for it.
 */
const intervalOf = (
  value: number,
  rows: readonly { atRisk: number; events: number }[],
  people: number,
): ShareInterval => {
  const left = 1 - value
  if (left <= 0 || left >= 1) {
    const middle = (value + Z90 ** 2 / (2 * people)) / (1 + Z90 ** 2 / people)
    const half = ((Z90 / 2) * (Z90 / people)) / (1 + Z90 ** 2 / people)
    return { value, low: Math.max(0, middle - half), high: Math.min(1, middle + half) }
  }
  const greenwood = rows.reduce((sum, { atRisk, events }) => sum + events / (atRisk * (atRisk - events)), 0)
  const spread = Math.exp((Z90 * Math.sqrt(greenwood)) / Math.log(left))
  return { value, low: 1 - left ** spread, high: 1 - left ** (1 / spread) }
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
