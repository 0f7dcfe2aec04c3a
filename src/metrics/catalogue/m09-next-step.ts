import { dateOf, dealItem, fixDays, lastWeekByOwner } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

/** Share of deal-days with an open next step in time, set by a person. */
export const nextStepCoverage: Metric = {
  id: 'M09',
  pillar: 'pipeline',
  measures: [shareMeasure('M09', 'A', 0.9, 0.3)],
  version: '1',
  formula: 'deal-days with an open future activity or task by a person / eligible deal-days',
  caveats: ['deadlines are those now known where the CRM keeps no history of them'],
  needs: ['activities', 'tasks'],
  score: { weight: 0.25, over: 'day', isShare: true },
  // A deadline moved later hides that it had passed: without its history the past reads too well.
  isKnownForPast: can => can.deadlineHistory,
  minutesPerFix: 2,
  start: context => {
    const tally = new Tally()
    const ledger = context.ledger()
    const fixes = context.fixList()
    return {
      addDeal: deal => {
        for (const day of deal.eligibleDays)
          tally.add(day.owner, day.index, deal.nextStepOn(day).state === 'ok' ? 1 : 0, 1)
        for (const [who, days] of lastWeekByOwner(deal, deal.eligibleDays)) {
          const covered = days.filter(day => deal.nextStepOn(day).state === 'ok').length
          const last = days.at(-1)!
          ledger.show(
            who,
            last.end,
            covered === days.length
              ? dealItem(deal, true, 'step', {
                  date: dateOf(deal.nextStepOn(last).deadlineAt),
                  days: covered,
                })
              : dealItem(deal, false, 'no_step', { days: days.length - covered, of: days.length }),
          )
        }
        const { today } = deal
        if (today !== null && !today.isDead && deal.nextStepOn(today).state !== 'ok')
          fixes.add(today.owner, deal.id, today.version.amount, () =>
            fixDays(deal.eligibleDays, today, deal.window.sevenFrom, day =>
              deal.nextStepOn(day).state === 'ok' ? null : { numerator: 1, denominator: 0 },
            ),
          )
      },
      finish: () => [{ measure: 'M09', numbers: tally, evidence: ledger, fixes }],
    }
  },
}
