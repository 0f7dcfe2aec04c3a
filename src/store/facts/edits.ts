import type { EditFact } from '../../records/facts.ts'

/** Saves by deal, ascending by instant; what one person saved of a deal in one instant is one save. */
export const editsByDeal = (
  saves: readonly (EditFact & { dealId: string })[],
): Map<string, readonly EditFact[]> => {
  const byDeal = new Map<string, EditFact[]>()
  for (const { dealId, at, knownAt, by } of saves.toSorted((a, b) => a.at - b.at)) {
    const own = byDeal.get(dealId)
    if (own === undefined) byDeal.set(dealId, [{ at, knownAt, by }])
    else if (!own.some(known => known.at === at && known.by === by)) own.push({ at, knownAt, by })
  }
  return byDeal
}
