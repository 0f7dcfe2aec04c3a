import { instant } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

/** Are deals pushed up for the end of the pay period and taken back after it? */
export const periodEnd: Metric = {
  id: 'M29',
  pillar: null,
  measures: [shareMeasure('M29', 'C', 0.1, 0.5)],
  version: '2',
  formula:
    'closes and stage rises of the last two working days of the month that were undone within 10 days / all rises of the month − the same for two of its other working days',
  caveats: [
    'the pay period is the calendar month',
    'speaks of the last month that ended at least ten days ago',
    'a rise that lasts never counts, whenever it was made; neither does losing an open deal',
    'fewer than 10 rises give no number',
  ],
  needs: ['history'],
  score: null,
  isKnownForPast: can => can.pastActors,
  minutesPerFix: null,
  start: context => ({
    finish: () => {
      const found = context.portal?.bunching ?? null
      if (found === null) return [{ measure: 'M29', numbers: new Tally(), offReason: 'not_in_past' }]
      const evidence = context.ledger()
      for (const { who, at, undoneAt, dealId, title } of found.undone)
        evidence.show(who, at, {
          kind: 'deal',
          id: dealId,
          dealId,
          title,
          counts: true,
          fact: 'undone',
          params: { date: instant(at), back: instant(undoneAt) },
        })
      const { numbers, authors } = found
      const isTooFew = numbers.read(numbers.people(), 0, 0).value === null
      return [{ measure: 'M29', numbers, evidence, authors, offReason: isTooFew ? 'few_cases' : null }]
    },
  }),
}
