import type { WorkingTime } from './working-time.ts'

/** Days that a snapshot looks back over: four whole weeks. */
export const WINDOW_DAYS = 28

/** One working day of the window, judged at its last instant (or at `asOf`, whichever comes first). */
export type WorkDay = { day: number; index: number; end: number }

/**
 * The 28 calendar days up to `asOf`. The day of `asOf` counts once some of its working time has passed: a
 * nightly run speaks of the day before. `index` 0 is the oldest day, 27 the last one.
 */
export type Window = {
  asOf: number
  firstDay: number
  lastDay: number
  /** First instant of the window and the last one that still counts. */
  from: number
  until: number
  workdays: readonly WorkDay[]
  /** First index of the last seven days. */
  sevenFrom: number
  /** Index of the day that holds the instant; -1 outside of the window. */
  indexOf(at: number): number
}

/** Monday of the ISO week of a day number (day 0, 1 January 1970, was a Thursday). */
export const mondayOf = (day: number): number => day - ((((day + 3) % 7) + 7) % 7)

/** The last calendar day that a snapshot at `asOf` speaks of. */
export const lastCountedDay = (workingTime: WorkingTime, asOf: number): number => {
  const day = workingTime.dayOf(asOf - 1)
  const hasBegun = !workingTime.isWorkday(day) || workingTime.elapsed(workingTime.startOf(day), asOf) > 0
  return hasBegun ? day : day - 1
}

/** @returns the 28 days up to `asOf` in the portal's calendar */
export const windowAt = (workingTime: WorkingTime, asOf: number): Window => {
  const lastDay = lastCountedDay(workingTime, asOf)
  const firstDay = lastDay - WINDOW_DAYS + 1
  const from = workingTime.startOf(firstDay)
  const until = Math.min(asOf, workingTime.endOf(lastDay))
  const workdays: WorkDay[] = []
  for (let day = firstDay; day <= lastDay; day++)
    if (workingTime.isWorkday(day))
      workdays.push({ day, index: day - firstDay, end: Math.min(asOf, workingTime.endOf(day)) })
  return {
    asOf,
    firstDay,
    lastDay,
    from,
    until,
    workdays,
    sevenFrom: WINDOW_DAYS - 7,
    indexOf: at => (at < from || at > until ? -1 : workingTime.dayOf(at) - firstDay),
  }
}
