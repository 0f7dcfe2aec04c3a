import type { Metric } from '../metric.ts'
import { companyNumbers } from '../tally.ts'

/** Hours a month that robots take off people, results that were thrown away left out. */
export const automationHours: Metric = {
  id: 'M35',
  pillar: null,
  measures: [{ id: 'M35', unit: 'hours', payClass: 'C', target: null, floor: null, lessIsBetter: false }],
  version: '1',
  formula:
    'Σ runs a month · share kept · max(0, minutes by hand − minutes to check) / 60 − repair, in hours, at most 25 % of the team’s working time',
  caveats: [
    'minutes by hand are the median gap in people’s sessions of the last 90 days, 90 seconds at most, or assumed at the low end',
    'upkeep and money wait for the ledger of prices',
    'a robot that works under a person’s name is taken for the person',
    'a step that a robot set and somebody deleted is not told by the CRM',
  ],
  needs: ['activities'],
  score: null,
  isKnownForPast: can => can.pastActors,
  minutesPerFix: null,
  start: context => ({
    finish: () => {
      const found = context.portal?.automation ?? null
      if (found === null) return [{ measure: 'M35', numbers: companyNumbers(0, 0), offReason: 'not_in_past' }]
      const runs = found.rows.reduce((sum, row) => sum + row.runs, 0)
      const { hours } = found.savings
      const numbers = found.offReason === null ? companyNumbers(hours, runs, hours) : companyNumbers(0, 0)
      return [{ measure: 'M35', numbers, offReason: found.offReason }]
    },
  }),
}
