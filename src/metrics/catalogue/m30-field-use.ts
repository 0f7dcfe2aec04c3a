import { type Metric, shareMeasure } from '../metric.ts'
import { companyNumbers } from '../tally.ts'

/** Share of the shown fields that the team really uses. */
export const fieldUse: Metric = {
  id: 'M30',
  pillar: null,
  measures: [shareMeasure('M30', 'C', 0.7, 0.2)],
  version: '1',
  formula:
    'fields in class Used (filled in 60 % or more of the deals that moved on in 90 days, junk 10 % or less, written in 30 days, by half of the team or more) / fields that can be judged',
  caveats: [
    'every field that a person can fill counts as shown: cards are not told by the CRM',
    'until 90 days were watched, whoever answers for a filled deal stands for the writer',
    'fields younger than 30 days, and all where fewer than 20 deals moved on, are too early to judge',
    'values are fingerprints: nobody reads them',
  ],
  needs: [],
  score: null,
  isKnownForPast: () => false,
  minutesPerFix: null,
  start: context => ({
    finish: () => {
      const rows = context.portal?.fields ?? null
      if (rows === null) return [{ measure: 'M30', numbers: companyNumbers(0, 0), offReason: 'not_in_past' }]
      const judged = rows.filter(row => row.class !== 'early')
      const used = judged.filter(row => row.class === 'used').length
      const offReason = rows.length > 0 && judged.length === 0 ? 'too_early' : null
      return [{ measure: 'M30', numbers: companyNumbers(used, judged.length), offReason }]
    },
  }),
}
