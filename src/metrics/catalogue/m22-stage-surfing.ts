import { isProgram } from '../../records/records.ts'
import type { Step } from '../deal-context.ts'
import { dealItem, instant } from '../deal-evidence.ts'
import { Authors, type Metric, shareMeasure } from '../metric.ts'
import { DistinctDeals } from '../tally.ts'

const SURF_MOVES = 3

/** Deals pushed over three stages in a day without a word to the customer. */
export const stageSurfing: Metric = {
  id: 'M22',
  pillar: null,
  measures: [shareMeasure('M22', 'C', 0.03, 0.3)],
  version: '3',
  formula: 'deals with 3 or more forward moves in one day and no touch that day / moved deals',
  caveats: ['fast retail moves like this legitimately', 'moves by robots are left out'],
  needs: ['history', 'activities'],
  score: null,
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window, world } = context
    const deals = new DistinctDeals()
    const ledger = context.ledger()
    const authors = new Authors()
    return {
      addDeal: deal => {
        if (!deal.isReal) return
        const byDay = new Map<number, Step[]>()
        for (const step of deal.steps) {
          const index = window.indexOf(step.at)
          if (index < 0 || step.kind === 'created' || step.kind === 'lost') continue
          authors.count(step.actorClass)
          if (isProgram(step.actorClass)) continue
          const same = byDay.get(index)
          if (same === undefined) byDay.set(index, [step])
          else same.push(step)
        }
        for (const [index, steps] of byDay) {
          const day = window.firstDay + index
          const forward = steps.filter(step => step.kind === 'forward').length
          const isSurfed =
            forward >= SURF_MOVES &&
            !deal.isTouchedBetween(world.workingTime.startOf(day), world.workingTime.endOf(day))
          const last = steps.at(-1)!
          const owner = deal.ownerAt(last.at)
          deals.add(owner, index, deal.id, isSurfed)
          if (isSurfed && index >= window.sevenFrom)
            ledger.show(
              owner,
              last.at,
              dealItem(deal, true, 'surfed', { date: instant(last.at), moves: forward }),
            )
        }
      },
      finish: () => [{ measure: 'M22', numbers: deals, evidence: ledger, authors }],
    }
  },
}
