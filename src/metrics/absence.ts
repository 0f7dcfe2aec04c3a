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

/** Working milliseconds between two instants for a person: days away are out (metrics 4.2). */
export const elapsedFor =
  (workingTime: WorkingTime, isAbsent: IsAbsent) =>
  (who: string | null, from: number, to: number): number => {
    const all = workingTime.elapsed(from, to)
    if (who === null || isAbsent === NEVER || to <= from) return all
    let away = 0
    for (let day = workingTime.dayOf(from); day <= workingTime.dayOf(to); day++)
      if (isAbsent(who, day))
        away += workingTime.elapsed(
          Math.max(from, workingTime.startOf(day)),
          Math.min(to, workingTime.endOf(day)),
        )
    return all - away
  }
