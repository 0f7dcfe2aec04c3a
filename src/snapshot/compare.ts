import type { ClosedRow, DealRow, SnapshotParts, StageRow } from './document.ts'

/** A deal in which something changed, with who answers for it now. */
export type Change = {
  dealId: string
  title: string
  responsibleId: string | null
  amount: number | null
  currency: string | null
}

export type Changes = {
  since: Date
  movedForward: Change[]
  won: Change[]
  /** Red before and not red any more, won ones aside. */
  cleared: Change[]
  newRed: Change[]
}

/** What changed between two snapshots, deal by deal. */
export const compareSnapshots = (
  earlier: { asOf: Date; parts: Pick<SnapshotParts, 'deals'> },
  later: Pick<SnapshotParts, 'deals' | 'closed' | 'stages'>,
): Changes => {
  const before = new Map(earlier.parts.deals.map(deal => [deal.dealId, deal]))
  const closed = new Map(
    later.closed
      .filter(({ closedAt }) => Date.parse(closedAt) > earlier.asOf.getTime())
      .map(row => [row.dealId, row]),
  )
  const orderOf = stageOrder(later.stages)
  const isForward = (deal: DealRow): boolean => {
    const was = before.get(deal.dealId)
    if (was === undefined || was.pipelineId !== deal.pipelineId) return false
    return orderOf(deal) > orderOf(was)
  }
  const now = new Map(later.deals.map(deal => [deal.dealId, deal]))
  const cleared = earlier.parts.deals
    .filter(({ level }) => level === 'red')
    .flatMap(({ dealId }) => now.get(dealId) ?? closed.get(dealId) ?? [])
    .filter(deal => ('outcome' in deal ? deal.outcome === 'lost' : deal.level !== 'red'))
  return {
    since: earlier.asOf,
    movedForward: later.deals.filter(isForward).map(changeOf),
    won: [...closed.values()].filter(({ outcome }) => outcome === 'won').map(changeOf),
    cleared: cleared.map(changeOf),
    newRed: later.deals
      .filter(({ dealId, level }) => level === 'red' && before.get(dealId)?.level !== 'red')
      .map(changeOf),
  }
}

const changeOf = ({ dealId, title, responsibleId, amount, currency }: DealRow | ClosedRow): Change => ({
  dealId,
  title,
  responsibleId,
  amount,
  currency,
})

/** Rows of the stage table stand in their pipeline's order. */
const stageOrder = (stages: readonly StageRow[]) => {
  const orders = new Map(stages.map((row, order) => [`${row.pipelineId}\u0000${row.stageId}`, order]))
  return (place: { pipelineId: string; stageId: string }): number =>
    orders.get(`${place.pipelineId}\u0000${place.stageId}`) ?? -1
}
