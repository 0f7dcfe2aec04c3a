import { amnestyEnd } from '../metrics/amnesty.ts'
import type { Window } from '../metrics/window.ts'
import type { World } from '../metrics/world.ts'
import type { CompanySummary, DealRow } from './document.ts'

const sums = (deals: readonly DealRow[]): Record<string, number> => {
  const total: Record<string, number> = {}
  for (const { amount, currency } of deals)
    if (amount !== null) total[currency ?? ''] = (total[currency ?? ''] ?? 0) + amount
  return total
}

/** The company in a few figures. Currencies are never added together. */
export const summaryOf = (of: {
  world: World
  window: Window
  deals: readonly DealRow[]
  isAmnesty: boolean
  dataUntil: number | null
}): CompanySummary => {
  const { world, window, deals } = of
  const { workingTime } = world
  const red = deals.filter(({ level }) => level === 'red')
  const paused = deals.filter(({ clocks }) => clocks.hold?.kind === 'paused')
  const openAmount = sums(deals)
  const redAmount = sums(red)
  const open = openAmount[world.currency ?? ''] ?? 0
  const knownSince = world.can.pastActors ? (world.historyStart ?? world.installedAt) : world.installedAt
  return {
    openDeals: deals.length,
    openAmount,
    redDeals: red.length,
    amberDeals: deals.filter(({ level }) => level === 'amber').length,
    redAmount,
    redShare: open > 0 ? (redAmount[world.currency ?? ''] ?? 0) / open : null,
    isAmnesty: of.isAmnesty,
    amnestyUntil: of.isAmnesty
      ? workingTime.dateOf(workingTime.dayOf(amnestyEnd(world.installedAt) - 1))
      : null,
    paused: { deals: paused.length, amount: sums(paused) },
    unread: [...(world.unread ?? [])].sort(),
    historyStart: world.historyStart === null ? null : new Date(world.historyStart).toISOString(),
    actorsKnownSince: new Date(knownSince).toISOString(),
    weekFrom: workingTime.dateOf(window.lastDay - 6),
    weekTo: workingTime.dateOf(window.lastDay),
    dataUntil: of.dataUntil === null ? null : new Date(of.dataUntil).toISOString(),
  }
}
