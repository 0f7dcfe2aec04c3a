import { type Chances, flagDeal, type Standing, tellChances } from '../metrics/portal-history.ts'
import type { World } from '../metrics/world.ts'
import type { Dossier } from '../records/facts.ts'
import { type PackedPart, packParts } from '../store/packed-part.ts'
import { closedRow } from './closed.ts'
import type { ClosedRow, DealRow, FlagRow } from './document.ts'
import { type DealFigures, dealFigures } from './summary.ts'

/** Rows of single deals at one instant, packed, with what they add up to. Plain data. */
export type DealRows = {
  packed: { [Name in 'deals' | 'flags' | 'closed']?: PackedPart }
  figures: DealFigures
}

const byDeal = (a: { dealId: string }, b: { dealId: string }): number =>
  a.dealId < b.dealId ? -1 : a.dealId > b.dealId ? 1 : 0

/** Judges one deal after the other: rows of those that are open, their flags, and those closed of late. */
export const startDealRows = (standing: Standing, world: World) => {
  const deals: DealRow[] = []
  const flags: FlagRow[] = []
  const closed: ClosedRow[] = []
  return {
    /** @param dossier already cut at the world's `asOf` */
    add: (dossier: Dossier): void => {
      const flagged = flagDeal(dossier, standing, world)
      if (flagged === null) {
        const row = closedRow(dossier, world)
        if (row !== null) closed.push(row)
        return
      }
      deals.push(flagged.deal)
      flags.push(...flagged.flags)
    },
    finish: async (chances: Chances): Promise<DealRows> => {
      tellChances({ deals, flags }, chances)
      for (const list of [deals, flags, closed]) list.sort(byDeal)
      return { packed: await packParts({ deals, flags, closed }), figures: dealFigures(deals, world) }
    },
  }
}
