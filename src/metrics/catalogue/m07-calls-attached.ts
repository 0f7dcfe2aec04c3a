import type { ActivityFact } from '../../records/facts.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

const MIN_TALK_SECONDS = 30

/** Share of real talks that hang on a deal. */
export const callsAttached: Metric = {
  id: 'M07',
  pillar: 'work',
  measures: [shareMeasure('M07', 'B', 0.85, 0.3)],
  version: '1',
  formula: 'calls of 30 s or longer bound to a deal / calls of 30 s or longer',
  caveats: ['private and supplier numbers cannot be told apart: no numbers are stored'],
  needs: ['calls'],
  score: { weight: 0.25, over: 'week', isShare: true },
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const { window } = context
    const tally = new Tally()
    const ledger = context.ledger()
    const add = (call: ActivityFact, dealId: string | null, title: string | null): void => {
      if (call.kind !== 'call' || (call.durationSeconds ?? 0) < MIN_TALK_SECONDS) return
      if (!context.isCounted(call.responsibleId)) return
      const at = call.startAt ?? call.createdAt
      const index = window.indexOf(at)
      if (index < 0) return
      tally.add(call.responsibleId, index, dealId === null ? 0 : 1, 1)
      if (index >= window.sevenFrom)
        ledger.show(call.responsibleId, at, {
          kind: 'activity',
          id: call.id,
          dealId,
          title,
          counts: dealId !== null,
          fact: dealId === null ? 'not_linked' : 'linked',
          params: { seconds: call.durationSeconds },
        })
    }
    return {
      addDeal: deal => {
        for (const activity of deal.dossier.activities) add(activity, deal.id, deal.dossier.title)
      },
      addLoose: items => {
        for (const activity of items.activities) add(activity, null, null)
      },
      finish: () => [{ measure: 'M07', numbers: tally, evidence: ledger }],
    }
  },
}
