import { dealItem, fixDays, lastWeekByOwner } from '../deal-evidence.ts'
import type { Metric } from '../metric.ts'
import { Tally } from '../tally.ts'

/** Overdue steps per deal and day: closing them all on the last evening cannot erase the week. */
export const overdueLoad: Metric = {
  id: 'M11',
  pillar: 'pipeline',
  measures: [{ id: 'M11', unit: 'ratio', payClass: 'A', target: 0.1, floor: 0.6, lessIsBetter: true }],
  version: '1',
  formula: 'overdue activity-days / eligible deal-days',
  caveats: ['read together with M12: a moved deadline is not overdue'],
  needs: ['activities', 'tasks'],
  score: { weight: 0.2, over: 'day', isShare: false },
  isKnownForPast: () => true,
  minutesPerFix: 2,
  start: context => {
    const tally = new Tally()
    const ledger = context.ledger()
    const fixes = context.fixList()
    return {
      addDeal: deal => {
        for (const day of deal.eligibleDays) tally.add(day.owner, day.index, deal.nextStepOn(day).overdue, 1)
        for (const [who, days] of lastWeekByOwner(deal, deal.eligibleDays)) {
          const overdue = days.reduce((sum, day) => sum + deal.nextStepOn(day).overdue, 0)
          ledger.show(
            who,
            days.at(-1)!.end,
            dealItem(deal, overdue > 0, overdue > 0 ? 'overdue' : 'in_time', {
              days: overdue,
              of: days.length,
            }),
          )
        }
        const { today } = deal
        if (today !== null && !today.isDead && deal.nextStepOn(today).overdue > 0)
          fixes.add(today.owner, deal.id, today.version.amount, () =>
            fixDays(deal.eligibleDays, today, deal.window.sevenFrom, day => {
              const { overdue } = deal.nextStepOn(day)
              return overdue === 0 ? null : { numerator: -overdue, denominator: 0 }
            }),
          )
      },
      finish: () => [{ measure: 'M11', numbers: tally, evidence: ledger, fixes }],
    }
  },
}
