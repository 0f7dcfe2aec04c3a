import type { World } from '../world.ts'
import { isBegun, isBulk, WINDOW_MS } from './episodes.ts'
import type { PortalHistory } from './stays.ts'

/**
 * Working days between consecutive two-way contacts of a deal (M14), for gaps that ended while the deal was in
 * one of `stays`, and only in stays of the 365-day window that were later left the asked way.
 * @param isLeftWell asked for stays that were left by `asOf`
 */
export const contactGaps = (
  history: PortalHistory,
  stays: Int32Array,
  world: World,
  isLeftWell: (stay: number) => boolean,
): number[] => {
  const { asOf, workingTime } = world
  const { at, knownAt } = history.contact
  const { firstContact } = history.deal
  const gaps: number[] = []
  for (const stay of stays) {
    const until = history.stay.leftAt[stay]!
    if (!isBegun(history, stay, asOf) || until > asOf || until < asOf - WINDOW_MS) continue
    const deal = history.stay.deal[stay]!
    const first = firstContact[deal]!
    const last = firstContact[deal + 1]!
    if (last - first < 2 || !isLeftWell(stay)) continue
    if (world.settings.stale.dropBulk && isBulk(history, stay, asOf)) continue
    const from = Math.max(history.stay.enteredAt[stay]!, asOf - WINDOW_MS)
    let previous = -1
    for (let contact = first; contact < last && at[contact]! <= until; contact++) {
      if (knownAt[contact]! > asOf) continue
      if (previous >= 0 && at[contact]! > from) gaps.push(workingTime.days(at[previous]!, at[contact]!))
      previous = contact
    }
  }
  return gaps
}
