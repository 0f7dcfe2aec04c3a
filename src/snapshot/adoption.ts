import type { CurveRow, Score } from './document.ts'

/** A habit is a score of 70 kept the week after as well (metrics 4.8). */
const HABIT = 70

/** Scores of one week since launch, 0 = the week of the launch. */
export type AdoptionWeek = { week: number; scores: readonly Score[] }

/**
 * The adoption curve: share of people who have reached the habit by a week, by Kaplan–Meier over people; who has
 * not is censored at the last week known of them. `tDays` is seven times the week.
 * @param weeks ascending; a person's own week 0 is the first week with a score
 */
export const adoptionCurve = (weeks: readonly AdoptionWeek[]): CurveRow[] => {
  const people = new Map<string, { week: number; value: number }[]>()
  for (const { week, scores } of weeks)
    for (const { scope, scopeId, value } of scores) {
      if (scope !== 'employee' || value === null) continue
      const own = people.get(scopeId)
      if (own === undefined) people.set(scopeId, [{ week, value }])
      else own.push({ week, value })
    }
  const ends = [...people.values()].map(endOf)
  const reachedAt = [...new Set(ends.filter(({ isReached }) => isReached).map(({ week }) => week))]
  let survival = 1
  return reachedAt
    .sort((a, b) => a - b)
    .map(week => {
      const atRisk = ends.filter(end => end.week >= week).length
      const events = ends.filter(end => end.isReached && end.week === week).length
      survival *= 1 - events / atRisk
      return {
        kind: 'adoption' as const,
        pipelineId: '',
        stageId: '',
        exit: 'reached' as const,
        tDays: week * 7,
        atRisk,
        events,
        value: 1 - survival,
      }
    })
}

/** When a person reached the habit, in own weeks, or how long they have been seen without it. */
const endOf = (weeks: readonly { week: number; value: number }[]): { week: number; isReached: boolean } => {
  const first = weeks[0]!.week
  for (const [index, { week, value }] of weeks.entries()) {
    const next = weeks[index + 1]
    if (value >= HABIT && next !== undefined && next.week === week + 1 && next.value >= HABIT)
      return { week: week - first, isReached: true }
  }
  return { week: weeks.at(-1)!.week - first, isReached: false }
}
