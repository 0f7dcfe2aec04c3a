import type { EvidenceItem } from '../snapshot/document.ts'
import type { DealContext, DealDay } from './deal-context.ts'

/** A deal as an item behind a number. */
export const dealItem = (
  deal: DealContext,
  counts: boolean,
  fact: string,
  params: EvidenceItem['params'] = {},
): EvidenceItem => ({
  kind: 'deal',
  id: deal.id,
  dealId: deal.id,
  title: deal.dossier.title,
  counts,
  fact,
  params,
})

/** The days of the last week by the person who owned the deal on them. */
export const lastWeekByOwner = (deal: DealContext, days: readonly DealDay[]): Map<string, DealDay[]> => {
  const byOwner = new Map<string, DealDay[]>()
  for (const day of days) {
    if (day.index < deal.window.sevenFrom) continue
    const own = byOwner.get(day.owner)
    if (own === undefined) byOwner.set(day.owner, [day])
    else own.push(day)
  }
  return byOwner
}

/** ISO instant, for parameters of facts. */
export const instant = (at: number): string => new Date(at).toISOString()

export const dateOf = (at: number | null): string | null => (at === null ? null : instant(at))
