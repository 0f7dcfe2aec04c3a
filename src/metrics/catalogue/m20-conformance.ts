import { dealItem } from '../deal-evidence.ts'
import { conformanceCost, conformanceCostMax } from '../history/conformance.ts'
import { designsOf } from '../history/designed-graph.ts'
import type { Metric } from '../metric.ts'
import { Tally } from '../tally.ts'
import { stageKey } from '../world.ts'

/** How close the real path of moved deals is to the designed one. */
export const pathConformance: Metric = {
  id: 'M20',
  pillar: 'process',
  measures: [{ id: 'M20', unit: 'index', payClass: 'B', target: 0.85, floor: 0.5, lessIsBetter: false }],
  version: '2',
  formula:
    'sum over moved deals of 1 − cost / cost_max / moved deals; cost of the cheapest edit of the path: skip 1, back-step 1, foreign pipeline 2',
  caveats: [
    'lost from anywhere is allowed',
    'the designed road is each stage in its order until one is drawn',
  ],
  needs: ['history'],
  score: { weight: 0.4, over: 'week', isShare: true },
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const tally = new Tally()
    const ledger = context.ledger()
    const designOf = designsOf(world)
    return {
      addDeal: deal => {
        if (!deal.isReal) return
        // Closing as lost alone does not bring a deal in: honesty is free. Neither does an import.
        const moved = deal.steps.findLast(
          ({ kind, at }) =>
            kind !== 'lost' && !(kind === 'created' && deal.isImported) && window.indexOf(at) >= 0,
        )
        const last = deal.stays.at(-1)
        if (moved === undefined || last === undefined) return
        const path = deal.stays.map(stay => stageKey(stay.pipelineId, stay.stageId))
        const graph = designOf(last.pipelineId)
        const cost = conformanceCost(path, graph)
        const most = conformanceCostMax(path, graph)
        const conformance = most === 0 ? 1 : Math.max(0, 1 - cost / most)
        const index = window.indexOf(moved.at)
        const owner = deal.ownerAt(moved.at)
        tally.add(owner, index, conformance, 1)
        if (index >= window.sevenFrom)
          ledger.show(
            owner,
            moved.at,
            dealItem(deal, cost === 0, cost === 0 ? 'on_road' : 'off_road', { cost }),
          )
      },
      finish: () => [{ measure: 'M20', numbers: tally, evidence: ledger }],
    }
  },
}
