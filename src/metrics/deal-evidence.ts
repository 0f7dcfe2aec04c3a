import type { EvidenceItem } from '../snapshot/document.ts'
import type { DealContext, DealDay } from './deal-context.ts'
import type { FixDay } from './evidence.ts'

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

/**
 * What each day of the last week would gain were the deal in order, for the person who could put it right today.
 * @param missing what the day lacks: numerator, or numerator and denominator; null = it was in order
 */
export const fixDays = (
  days: readonly DealDay[],
  today: DealDay,
  sevenFrom: number,
  missing: (day: DealDay) => Omit<FixDay, 'index'> | null,
): FixDay[] =>
  days.flatMap(day => {
    if (day.index < sevenFrom || day.owner !== today.owner) return []
    const lack = missing(day)
    return lack === null ? [] : [{ index: day.index, ...lack }]
  })
