import { instant } from '../deal-evidence.ts'
import { Authors, type Metric } from '../metric.ts'
import { actsOf } from '../person-acts.ts'
import { Tally } from '../tally.ts'
import { WINDOW_DAYS } from '../window.ts'

/** How evenly a week's touched deals lie over its days: tidying once a week reads low. */
export const evenness: Metric = {
  id: 'M02',
  pillar: 'presence',
  measures: [{ id: 'M02', unit: 'index', payClass: 'B', target: 0.65, floor: 0.2, lessIsBetter: false }],
  version: '2',
  formula:
    '1 − ½·Σ|share of the week’s touched or edited deals on a day − 1/days worked|, weighted by those deals',
  caveats: [
    'part-timers: only days with deals or actions are expected',
    'saves of fields count where the CRM told who made them and when: some tell it only from the installation on, and what was found by comparing two readings never counts',
  ],
  needs: ['activities', 'tasks'],
  score: { weight: 0.5, over: 'week', isShare: false },
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    /** Distinct deals touched per person and day. */
    const touched = new Map<string, Float64Array>()
    const authors = new Authors()
    const ledger = context.ledger()
    return {
      addDeal: deal => {
        const seen = new Map<string, { days: Set<number>; last: number }>()
        for (const act of actsOf(deal, context)) {
          authors.count(act.actorClass)
          if (act.by === null) continue
          const index = context.window.indexOf(act.at)
          if (index < 0) continue
          const own = seen.get(act.by) ?? { days: new Set<number>(), last: 0 }
          own.days.add(index)
          own.last = Math.max(own.last, act.at)
          seen.set(act.by, own)
        }
        for (const [who, { days, last }] of seen) {
          let row = touched.get(who)
          if (row === undefined) {
            row = new Float64Array(WINDOW_DAYS)
            touched.set(who, row)
          }
          for (const index of days) row[index] = row[index]! + 1
          const recent = [...days].filter(index => index >= context.window.sevenFrom)
          if (recent.length > 0)
            ledger.show(who, last, {
              kind: 'deal',
              id: deal.id,
              dealId: deal.id,
              title: deal.dossier.title,
              counts: true,
              fact: 'edited',
              params: { date: instant(last), days: recent.length },
            })
        }
      },
      finish: () => {
        const tally = new Tally()
        for (const [who, row] of touched)
          for (let from = WINDOW_DAYS - 7; from >= 0; from -= 7) {
            const days = context.window.workdays
              .filter(({ day }) => !context.isAbsent(who, day))
              .map(({ index }) => index)
              .filter(index => index >= from && index < from + 7)
              .filter(
                index => row[index]! > 0 || context.exposure.read([who], index, index).denominator !== 0,
              )
            const total = days.reduce((sum, index) => sum + row[index]!, 0)
            if (total === 0) continue
            const uneven = days.reduce(
              (sum, index) => sum + Math.abs(row[index]! / total - 1 / days.length),
              0,
            )
            const even = 1 - uneven / 2
            for (const index of days)
              if (row[index]! > 0) tally.add(who, index, even * row[index]!, row[index]!)
          }
        return [{ measure: 'M02', numbers: tally, evidence: ledger, authors }]
      },
    }
  },
}
