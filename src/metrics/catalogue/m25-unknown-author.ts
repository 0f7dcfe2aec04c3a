import { dealItem, instant } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

/** Share of stage moves whose author the CRM cannot tell. */
export const unknownAuthor: Metric = {
  id: 'M25',
  pillar: null,
  measures: [shareMeasure('M25', 'C', 0.2, 1)],
  version: '1',
  formula: 'stage moves without a known actor / stage moves, by owner',
  caveats: ['before the installation some CRMs name no author at all'],
  needs: ['history'],
  score: null,
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const tally = new Tally()
    const ledger = context.ledger()
    return {
      addDeal: deal => {
        for (const step of deal.steps) {
          const index = context.window.indexOf(step.at)
          if (index < 0 || step.kind === 'created') continue
          const isUnknown = step.actorClass === 'unknown'
          const owner = deal.ownerAt(step.at)
          tally.add(owner, index, isUnknown ? 1 : 0, 1)
          if (isUnknown && index >= context.window.sevenFrom)
            ledger.show(owner, step.at, dealItem(deal, true, 'author_unknown', { date: instant(step.at) }))
        }
      },
      finish: () => [{ measure: 'M25', numbers: tally, evidence: ledger }],
    }
  },
}
