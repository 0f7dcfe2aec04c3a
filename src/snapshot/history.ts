import { mondayOf } from '../metrics/window.ts'
import { WorkingTime } from '../metrics/working-time.ts'
import type { Calendar } from '../records/settings.ts'
import { type BuildInput, buildSnapshots, loadPortal } from './build.ts'
import type { StoredSnapshot } from './source.ts'

export const HISTORY_WEEKS = 12

/**
 * The last instants of the weeks (Monday to Sunday in the portal's zone) that ended before `now`, oldest first.
 */
export const weekEnds = (calendar: Calendar, now: Date, weeks: number): Date[] => {
  const at = now.getTime()
  const workingTime = new WorkingTime(calendar, at, at)
  const monday = mondayOf(workingTime.dayOf(at))
  return Array.from({ length: weeks }, (_, index) => monday - 7 * (weeks - 1 - index)).map(
    day => new Date(workingTime.startOf(day) - 1),
  )
}

/**
 * Rebuilds the past: one snapshot for each of the last weeks that ended, so that the first open shows a trend.
 * One read of the base serves them all, and the weeks before the installation share one fixed set of metrics.
 */
export const buildHistory = async (
  input: BuildInput & { now?: Date; weeks?: number },
): Promise<StoredSnapshot[]> => {
  const now = input.now ?? input.clock.now()
  const [portal, start] = await Promise.all([
    loadPortal(input),
    input.store.facts.historyStart(input.installationId),
  ])
  const asOfs = weekEnds(portal.settings.calendar, now, input.weeks ?? HISTORY_WEEKS)
  // A week that ended before anything was recorded has nothing to say.
  const told = asOfs.filter(asOf => start === null || asOf.getTime() > Number(start))
  return told.length === 0 ? [] : buildSnapshots({ ...input, asOfs: told })
}
