import type { DealView } from '../../http/api-schema.ts'

export type DealFilter = {
  reason: string | null
  level: string | null
  stage: string | null
  owner: string | null
}

export type DealOrder = 'risk' | 'amount' | 'age' | 'silence'
export type DealGrouping = 'none' | 'owner' | 'stage' | 'reason'

export const stageOf = (deal: DealView): string => `${deal.pipelineId}/${deal.stageId}`

export const filterDeals = (deals: readonly DealView[], filter: DealFilter): DealView[] =>
  deals.filter(
    deal =>
      (filter.reason === null || deal.flags.some(flag => flag === filter.reason)) &&
      (filter.level === null || deal.level === filter.level) &&
      (filter.stage === null || stageOf(deal) === filter.stage) &&
      (filter.owner === null || deal.responsibleId === filter.owner),
  )

/** Money at risk: amount times the chance to lose; without a chance the whole amount. */
export const riskOf = (deal: DealView): number => (deal.amount ?? 0) * (1 - (deal.winChance ?? 0))

const LEVELS = { red: 0, amber: 1, none: 2 }

const KEYS: Record<DealOrder, (deal: DealView) => number> = {
  risk: riskOf,
  amount: deal => deal.amount ?? -1,
  age: deal => deal.ageDays,
  silence: deal => deal.silenceDays ?? -1,
}

/** Red before amber when sorting by risk; otherwise the chosen figure alone. Ids break ties. */
export const sortDeals = (deals: readonly DealView[], order: DealOrder): DealView[] =>
  [...deals].sort(
    (a, b) =>
      (order === 'risk' ? LEVELS[a.level] - LEVELS[b.level] : 0) ||
      KEYS[order](b) - KEYS[order](a) ||
      a.id.localeCompare(b.id, undefined, { numeric: true }),
  )

export type DealGroup = { key: string; label: string; deals: DealView[] }

/** Groups in alphabetical order. By reason a deal stands in each of its groups: reasons overlap. */
export const groupDeals = (
  deals: readonly DealView[],
  by: DealGrouping,
  label: (deal: DealView, flag: string | null) => string,
): DealGroup[] => {
  const groups = new Map<string, DealGroup>()
  const put = (key: string, deal: DealView, flag: string | null): void => {
    const group = groups.get(key) ?? { key, label: label(deal, flag), deals: [] }
    group.deals.push(deal)
    groups.set(key, group)
  }
  for (const deal of deals) {
    if (by === 'none') put('all', deal, null)
    else if (by === 'owner') put(deal.responsibleId ?? '', deal, null)
    else if (by === 'stage') put(stageOf(deal), deal, null)
    else for (const flag of deal.flags) put(flag, deal, flag)
  }
  return [...groups.values()].sort((a, b) => a.label.localeCompare(b.label))
}

/** Sums by currency. */
export const sumOf = (deals: readonly DealView[]): Record<string, number> => {
  const sums: Record<string, number> = {}
  for (const { amount, currency } of deals)
    if (amount !== null && currency !== null) sums[currency] = (sums[currency] ?? 0) + amount
  return sums
}
