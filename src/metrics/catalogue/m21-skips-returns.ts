import { isProgram } from '../../records/records.ts'
import { dealItem } from '../deal-evidence.ts'
import { Authors, type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

/** A stage left sooner than this was passed through, not worked on. */
const SKIP_MS = 2 * 60_000

/** Stages jumped over or rushed through, and moves back. */
export const skipsAndReturns: Metric = {
  id: 'M21',
  pillar: null,
  measures: [
    shareMeasure('M21', 'B', 0.1, 0.5),
    shareMeasure('M21.skips', 'B', 0.1, 0.5),
    shareMeasure('M21.returns', 'B', 0.08, 0.4),
  ],
  version: '2',
  formula:
    'skips: stages left forward within 2 minutes or jumped over / stages passed; returns: moves back / moves; M21: both together / stages passed and moves back',
  caveats: [
    'a card dragged across columns makes passages',
    'read per stage first, then per person',
    'moves by robots are left out',
  ],
  needs: ['history'],
  score: null,
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const both = new Tally()
    const skips = new Tally()
    const returns = new Tally()
    const skipLedger = context.ledger()
    const returnLedger = context.ledger()
    const authors = new Authors()
    const orders = stageOrders(world.stages.values())
    return {
      addDeal: deal => {
        if (!deal.isReal) return
        for (const step of deal.steps) {
          const { from, to } = step
          const index = window.indexOf(step.at)
          if (index < 0 || from === null) continue
          authors.count(step.actorClass)
          // What a robot did is nobody's skip.
          if (isProgram(step.actorClass)) continue
          const owner = deal.ownerAt(step.at)
          const isBack = step.kind === 'back'
          returns.add(owner, index, isBack ? 1 : 0, 1)
          if (isBack) both.add(owner, index, 1, 1)
          if (step.kind === 'forward') {
            const jumped = jumpedOver(orders.get(from.pipelineId) ?? [], from.stage?.order, to)
            const rushed = step.at - from.from < SKIP_MS ? 1 : 0
            skips.add(owner, index, rushed + jumped, 1 + jumped)
            both.add(owner, index, rushed + jumped, 1 + jumped)
            if (index >= window.sevenFrom && rushed + jumped > 0)
              skipLedger.show(
                owner,
                step.at,
                dealItem(deal, true, 'stages_skipped', {
                  from: from.stageId,
                  to: to.stageId,
                  jumped,
                  rushed,
                }),
              )
          }
          if (isBack && index >= window.sevenFrom)
            returnLedger.show(
              owner,
              step.at,
              dealItem(deal, true, 'moved_back', { from: from.stageId, to: to.stageId }),
            )
        }
      },
      finish: () => [
        { measure: 'M21', numbers: both, authors },
        { measure: 'M21.skips', numbers: skips, evidence: skipLedger, authors },
        { measure: 'M21.returns', numbers: returns, evidence: returnLedger, authors },
      ],
    }
  },
}

type Ordered = { pipelineId: string; order: number; outcome: string; isListed: boolean }

/** Orders of the open stages that the pipeline now lists. */
const stageOrders = (stages: Iterable<Ordered>): Map<string, number[]> => {
  const orders = new Map<string, number[]>()
  for (const stage of stages) {
    if (stage.outcome !== 'open' || !stage.isListed) continue
    const own = orders.get(stage.pipelineId)
    if (own === undefined) orders.set(stage.pipelineId, [stage.order])
    else own.push(stage.order)
  }
  return orders
}

const jumpedOver = (
  orders: readonly number[],
  fromOrder: number | undefined,
  to: { outcome: string; stage: { order: number } | null },
): number => {
  if (fromOrder === undefined) return 0
  const toOrder = to.outcome === 'won' ? Number.POSITIVE_INFINITY : (to.stage?.order ?? fromOrder)
  return orders.filter(order => order > fromOrder && order < toOrder).length
}
