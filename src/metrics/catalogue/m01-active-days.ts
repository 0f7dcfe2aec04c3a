import { instant } from '../deal-evidence.ts'
import { Authors, type Metric, shareMeasure } from '../metric.ts'
import { actsOf } from '../person-acts.ts'
import { Tally } from '../tally.ts'

const TWO_HOURS = 2 * 3_600_000
/** Without a touch, fewer deals than this are not a day's work. */
const MIN_EDITED_DEALS = 3

type Day = { isTouched: boolean; deals: Set<string>; first: number; last: number }

/** Working days on which a person really worked in the CRM. */
export const activeDays: Metric = {
  id: 'M01',
  pillar: 'presence',
  measures: [shareMeasure('M01', 'B', 0.9, 0.4)],
  version: '2',
  formula:
    'working days with a substantive touch, or with 3 distinct deals edited over at least 2 hours / working days with eligible deals or any action',
  caveats: [
    'days away are those entered in Settings',
    'field staff log in batches',
    'saves of fields count where the CRM told who made them and when: some tell it only from the installation on, and what was found by comparing two readings never counts',
  ],
  needs: ['activities', 'tasks'],
  score: { weight: 0.5, over: 'week', isShare: true },
  isKnownForPast: () => true,
  minutesPerFix: null,
  start: context => {
    const people = new Map<string, (Day | undefined)[]>()
    const authors = new Authors()
    const ledger = context.ledger()
    const dayOf = (who: string, index: number): Day => {
      let days = people.get(who)
      if (days === undefined) {
        days = []
        people.set(who, days)
      }
      days[index] ??= { isTouched: false, deals: new Set(), first: Number.POSITIVE_INFINITY, last: 0 }
      return days[index]
    }
    return {
      addDeal: deal => {
        const seen = new Map<string, { days: Set<number>; last: number; touches: number }>()
        for (const act of actsOf(deal, context)) {
          authors.count(act.actorClass)
          if (act.by === null) continue
          const index = context.window.indexOf(act.at)
          if (index < 0) continue
          const day = dayOf(act.by, index)
          if (act.isTouch) day.isTouched = true
          if (day.deals.size < MIN_EDITED_DEALS) day.deals.add(deal.id)
          day.first = Math.min(day.first, act.at)
          day.last = Math.max(day.last, act.at)
          if (index < context.window.sevenFrom) continue
          const shown = seen.get(act.by) ?? { days: new Set<number>(), last: 0, touches: 0 }
          shown.days.add(index)
          shown.last = Math.max(shown.last, act.at)
          if (act.isTouch) shown.touches++
          seen.set(act.by, shown)
        }
        for (const [who, { days, last, touches }] of seen)
          ledger.show(who, last, {
            kind: 'deal',
            id: deal.id,
            dealId: deal.id,
            title: deal.dossier.title,
            counts: touches > 0,
            fact: touches > 0 ? 'touched' : 'edited',
            params: { date: instant(last), days: days.size },
          })
      },
      finish: () => {
        const tally = new Tally()
        const everyone = new Set([...people.keys(), ...context.exposure.people()])
        for (const who of everyone) {
          if (!context.isCounted(who)) continue
          for (const { index, day: date } of context.window.workdays) {
            if (context.isAbsent(who, date)) continue
            const day = people.get(who)?.[index]
            const isPresent =
              day !== undefined || context.exposure.read([who], index, index).denominator !== 0
            if (!isPresent) continue
            const isActive =
              day !== undefined &&
              (day.isTouched || (day.deals.size >= MIN_EDITED_DEALS && day.last - day.first >= TWO_HOURS))
            tally.add(who, index, isActive ? 1 : 0, 1)
          }
        }
        return [{ measure: 'M01', numbers: tally, evidence: ledger, authors }]
      },
    }
  },
}
