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

/** What the rows of open deals add up to. */
export type DealFigures = Pick<
  CompanySummary,
  'openDeals' | 'openAmount' | 'redDeals' | 'amberDeals' | 'redAmount' | 'redShare'
> &
  Required<Pick<CompanySummary, 'paused'>>

/** Currencies are never added together. */
export const dealFigures = (deals: readonly DealRow[], { currency }: World): DealFigures => {
  const red = deals.filter(({ level }) => level === 'red')
  const paused = deals.filter(({ clocks }) => clocks.hold?.kind === 'paused')
  const openAmount = sums(deals)
  const redAmount = sums(red)
  const open = openAmount[currency ?? ''] ?? 0
  return {
    openDeals: deals.length,
    openAmount,
    redDeals: red.length,
    amberDeals: deals.filter(({ level }) => level === 'amber').length,
    redAmount,
    redShare: open > 0 ? (redAmount[currency ?? ''] ?? 0) / open : null,
    paused: { deals: paused.length, amount: sums(paused) },
  }
}

/** The company in a few figures. */
export const summaryOf = (of: {
  world: World
  window: Window
  figures: DealFigures
  isAmnesty: boolean
  dataUntil: number | null
}): CompanySummary => {
  const { world, window } = of
  const { paused, ...figures } = of.figures
  const { workingTime } = world
  const knownSince = world.can.pastActors ? (world.historyStart ?? world.installedAt) : world.installedAt
  return {
    ...figures,
    isAmnesty: of.isAmnesty,
    amnestyUntil: of.isAmnesty
      ? workingTime.dateOf(workingTime.dayOf(amnestyEnd(world.installedAt) - 1))
      : null,
    paused,
    unread: [...(world.unread ?? [])].sort(),
    historyStart: world.historyStart === null ? null : new Date(world.historyStart).toISOString(),
    actorsKnownSince: new Date(knownSince).toISOString(),
    weekFrom: workingTime.dateOf(window.lastDay - 6),
    weekTo: workingTime.dateOf(window.lastDay),
    dataUntil: of.dataUntil === null ? null : new Date(of.dataUntil).toISOString(),
  }
}
