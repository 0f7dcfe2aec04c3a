import { lastCountedDay, mondayOf } from '../metrics/window.ts'
import { WorkingTime } from '../metrics/working-time.ts'
import type { Calendar } from '../records/settings.ts'
import type { StoredSnapshot } from './source.ts'

/** A week of the series and the snapshot that speaks for it: the newest one of that week. */
export type SeriesWeek = {
  /** Monday, `YYYY-MM-DD`. */
  from: string
  snapshot: StoredSnapshot | null
  /** Working days of this week are still to come. */
  isPartial: boolean
}

/**
 * The last weeks up to the one that `asOf` speaks of, oldest first.
 * @param snapshots in any order; later ones than `asOf` are left aside
 */
export const weekSeries = (
  snapshots: readonly StoredSnapshot[],
  calendar: Calendar,
  asOf: Date,
  weeks: number,
): SeriesWeek[] => {
  const at = asOf.getTime()
  const workingTime = new WorkingTime(calendar, at - weeks * 7 * 86_400_000, at)
  const newest = new Map<number, { snapshot: StoredSnapshot; lastDay: number }>()
  for (const snapshot of snapshots) {
    if (snapshot.asOf.getTime() > at) continue
    const lastDay = lastCountedDay(workingTime, snapshot.asOf.getTime())
    const monday = mondayOf(lastDay)
    const known = newest.get(monday)
    if (known === undefined || known.snapshot.asOf < snapshot.asOf) newest.set(monday, { snapshot, lastDay })
  }
  const last = mondayOf(lastCountedDay(workingTime, at))
  return Array.from({ length: weeks }, (_, index) => {
    const monday = last - 7 * (weeks - 1 - index)
    const own = newest.get(monday)
    const days = own === undefined ? [] : [1, 2, 3, 4, 5, 6].map(day => own.lastDay + day)
    return {
      from: workingTime.dateOf(monday),
      snapshot: own?.snapshot ?? null,
      isPartial: days.some(day => day < monday + 7 && workingTime.isWorkday(day)),
    }
  })
}
