import type { Numbers } from './tally.ts'
import type { Window } from './window.ts'
import type { World } from './world.ts'

const DAY = 86_400_000
const AMNESTY_DAYS = 14
const AMNESTY_RED_SHARE = 0.25

/** The instant at which the first two weeks are over. */
export const amnestyEnd = (installedAt: number): number => installedAt + AMNESTY_DAYS * DAY

/**
 * First run (4.5, 8): over a quarter of the open value red on day one gives two weeks of amnesty.
 * @param stale M13 of the same window; null = it is off, and nobody knows
 * @returns null when day one lies before the window
 */
export const beganWithAmnesty = (
  world: World,
  window: Window,
  stale: Numbers | null,
  everyone: Iterable<string>,
): boolean | null => {
  const dayOne = world.workingTime.dayOf(world.installedAt)
  if (dayOne < window.firstDay) return null
  const mark = window.workdays.find(({ day }) => day >= dayOne) ?? window.workdays.at(-1)
  if (stale === null || mark === undefined) return false
  return (stale.read(everyone, mark.index, mark.index).value ?? 0) > AMNESTY_RED_SHARE
}
