import type { Settings } from '../records/settings.ts'
import type { WorkingTime } from './working-time.ts'

export type IsAbsent = (who: string, day: number) => boolean

const NEVER: IsAbsent = () => false

/**
 * Who was away on which local day (days since 1970-01-01). Such a day is out of everything that is counted for the
 * person: no work is expected, and deals owned that day count for nobody (metrics 4.2).
 */
export const absencesOf = (
  { absences }: Pick<Settings, 'absences'>,
  workingTime: Pick<WorkingTime, 'dateOf'>,
): IsAbsent => {
  if (absences.length === 0) return NEVER
  const byPerson = Map.groupBy(absences, ({ userId }) => userId)
  return (who, day) => {
    const own = byPerson.get(who)
    if (own === undefined) return false
    const date = workingTime.dateOf(day)
    return own.some(({ from, to }) => from <= date && date <= to)
  }
}
