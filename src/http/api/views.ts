import type { DealRow } from '../../snapshot/document.ts'
import type { DealView } from '../api-schema.ts'
import type { DirectoryView } from '../deps.ts'
import { type LiveMarks, markFields } from './deal-marks.ts'

/** Snapshot parts → what `/api/v1` answers. Pure: names are looked up, nothing is recomputed. */

/** Whose data the viewer may see; `all` includes deals that nobody owns. */
export type Sees = ReadonlySet<string> | 'all'

export const canSee = (sees: Sees, userId: string | null): boolean =>
  sees === 'all' || (userId !== null && sees.has(userId))

const stageKey = (pipelineId: string, stageId: string): string => `${pipelineId}\u0000${stageId}`

/** Names that rows refer to by id. */
export type Names = {
  pipeline(id: string): string
  stage(pipelineId: string, stageId: string): string
  user(id: string | null): string | null
}

export const namesOf = (directory: DirectoryView): Names => {
  const pipelines = new Map(directory.pipelines.map(({ id, name }) => [id, name]))
  const stages = new Map(directory.stages.map(stage => [stageKey(stage.pipelineId, stage.id), stage.name]))
  const users = new Map(directory.users.map(({ id, name }) => [id, name]))
  return {
    pipeline: id => pipelines.get(id) ?? id,
    stage: (pipelineId, stageId) => stages.get(stageKey(pipelineId, stageId)) ?? stageId,
    user: id => (id === null ? null : (users.get(id) ?? null)),
  }
}

type Priced = { amount: number | null; currency: string | null }

/** Count and sums by currency; deals without an amount count and add nothing. */
export const totals = (deals: readonly Priced[]): { deals: number; amount: Record<string, number> } => {
  const amount: Record<string, number> = {}
  for (const deal of deals)
    if (deal.amount !== null) {
      const currency = deal.currency ?? ''
      amount[currency] = (amount[currency] ?? 0) + deal.amount
    }
  return { deals: deals.length, amount }
}

/** @param marks what people have said about deals since the snapshot; null = not looked up */
export const dealView = (
  deal: DealRow,
  names: Names,
  cardPath: (dealId: string) => string,
  marks: LiveMarks | null,
): DealView => ({
  id: deal.dealId,
  title: deal.title,
  path: cardPath(deal.dealId),
  pipelineId: deal.pipelineId,
  pipelineName: names.pipeline(deal.pipelineId),
  stageId: deal.stageId,
  stageName: names.stage(deal.pipelineId, deal.stageId),
  responsibleId: deal.responsibleId,
  responsibleName: names.user(deal.responsibleId),
  amount: deal.amount,
  currency: deal.currency,
  level: deal.level,
  flags: deal.clocks.flags,
  enteredAt: deal.enteredAt,
  ageDays: deal.ageDays,
  silenceDays: deal.silenceDays,
  t80Days: deal.clocks.t80Days,
  t95Days: deal.clocks.t95Days,
  s80Days: deal.clocks.s80Days,
  source: deal.clocks.source,
  sample: deal.clocks.sample,
  promise: deal.clocks.promise,
  promiseOverdueDays: deal.clocks.promiseOverdueDays,
  winChance: deal.winChance,
  winChanceBasis: deal.winChanceBasis,
  isFirstObserved: deal.isFirstObserved,
  noMoveChance: deal.noMoveChance ?? null,
  noMoveDays: deal.noMoveDays ?? null,
  pausedDays: deal.clocks.pausedDays ?? 0,
  ...markFields(deal, names, marks),
})

/** Money at risk first: amount × (1 − chance), red before amber where the money is equal. */
export const byRisk = (a: DealRow, b: DealRow): number =>
  (b.amount ?? 0) * (1 - (b.winChance ?? 0)) - (a.amount ?? 0) * (1 - (a.winChance ?? 0)) ||
  Number(b.level === 'red') - Number(a.level === 'red') ||
  b.ageDays - a.ageDays ||
  a.dealId.localeCompare(b.dealId)
