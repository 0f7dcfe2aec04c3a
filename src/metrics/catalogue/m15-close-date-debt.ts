import type { DealContext, DealDay } from '../deal-context.ts'
import { dealItem, fixDays, lastWeekByOwner } from '../deal-evidence.ts'
import { type Metric, shareMeasure } from '../metric.ts'
import { Tally } from '../tally.ts'

const DAY = 86_400_000
const ACCURATE_WITHIN_DAYS = 14
const FORECAST_DAYS = 30

/** Open value whose promised close date has passed, and how often the date is pushed. */
export const closeDateDebt: Metric = {
  id: 'M15',
  pillar: 'pipeline',
  measures: [
    shareMeasure('M15', 'A', 0.05, 0.5),
    { id: 'M15.pushes', unit: 'ratio', payClass: 'B', target: 1, floor: 4, lessIsBetter: true },
    shareMeasure('M15.month_end', 'B', 0.2, 0.8),
    shareMeasure('M15.accuracy', 'B', 0.6, 0.2),
  ],
  version: '2',
  formula:
    'value with a close date in the past / value with a close date, over eligible deal-days; pushes = later dates set (half after a touch) / deals; month_end = pushes across a month’s end / pushes; accuracy = won within 14 days of the date set 30 days before / won',
  caveats: ['off where deals have no close date', 'dates are compared from the first sync on'],
  needs: [],
  score: { weight: 0.15, over: 'day', isShare: true },
  isKnownForPast: () => false,
  minutesPerFix: 1,
  start: context => {
    const { window, world } = context
    const byValue = new Tally()
    const byCount = new Tally()
    const pushes = new Tally()
    const monthEnd = new Tally()
    const accuracy = new Tally()
    const ledger = context.ledger()
    const fixes = { byValue: context.fixList(), byCount: context.fixList() }
    const pricedAmount = ({ version }: DealDay): number | null =>
      version.amount !== null && version.amount > 0 && version.currency === world.currency
        ? version.amount
        : null
    let hasCloseDates = false
    let priced = 0
    let all = 0
    const isLate = (closeOn: string | null, day: number): boolean =>
      closeOn !== null && closeOn < world.workingTime.dateOf(day)
    const countPushes = (deal: DealContext): void => {
      const counted = new Set<string>()
      for (const day of deal.eligibleDays) {
        if (counted.has(day.owner)) continue
        counted.add(day.owner)
        // The deal itself, once: the denominator of pushes per deal.
        pushes.add(day.owner, deal.eligibleDays.at(-1)!.index, 0, 1)
      }
      const { versions } = deal.dossier
      for (let at = 1; at < versions.length; at++) {
        const [before, after] = [versions[at - 1]!, versions[at]!]
        const index = window.indexOf(after.observedAt)
        if (index < 0 || before.closeOn === null || after.closeOn === null) continue
        if (after.closeOn <= before.closeOn) continue
        const owner = deal.ownerAt(after.observedAt)
        const weight = deal.isTouchedBetween(before.observedAt, after.observedAt) ? 0.5 : 1
        pushes.add(owner, index, weight, 0)
        const crosses = after.closeOn.slice(0, 7) !== before.closeOn.slice(0, 7)
        monthEnd.add(owner, index, crosses ? 1 : 0, 1)
      }
    }
    const countAccuracy = (deal: DealContext): void => {
      const step = deal.steps.at(-1)
      if (step === undefined || step.to.outcome !== 'won') return
      const index = window.indexOf(step.at)
      const first = deal.dossier.versions[0]!
      // The date as it stood 30 days before, known only where we had already looked then.
      if (index < 0 || first.observedAt > step.at - FORECAST_DAYS * DAY) return
      const { closeOn } = deal.versionAt(step.at - FORECAST_DAYS * DAY)
      if (closeOn === null) return
      const off = Math.abs(Date.parse(`${closeOn}T00:00:00Z`) / DAY - world.workingTime.dayOf(step.at))
      accuracy.add(deal.ownerAt(step.at), index, off <= ACCURATE_WITHIN_DAYS ? 1 : 0, 1)
    }
    return {
      addDeal: deal => {
        for (const day of deal.eligibleDays) {
          const { closeOn } = day.version
          const amount = pricedAmount(day)
          if (closeOn === null) continue
          hasCloseDates = true
          all++
          const late = isLate(closeOn, day.day)
          byCount.add(day.owner, day.index, late ? 1 : 0, 1)
          if (amount === null) continue
          priced++
          byValue.add(day.owner, day.index, late ? amount : 0, amount, 1)
        }
        for (const [who, days] of lastWeekByOwner(deal, deal.eligibleDays)) {
          const last = days.at(-1)!
          if (last.version.closeOn === null) continue
          ledger.show(
            who,
            last.end,
            dealItem(
              deal,
              isLate(last.version.closeOn, last.day),
              isLate(last.version.closeOn, last.day) ? 'past_close' : 'close_ahead',
              { date: last.version.closeOn },
            ),
          )
        }
        const { today } = deal
        if (today !== null && !today.isDead && isLate(today.version.closeOn, today.day)) {
          const { amount } = today.version
          const without = (weightOf: (day: DealDay) => number | null) => () =>
            fixDays(deal.eligibleDays, today, window.sevenFrom, day => {
              const weight = weightOf(day)
              return weight === null || !isLate(day.version.closeOn, day.day)
                ? null
                : { numerator: -weight, denominator: 0 }
            })
          fixes.byValue.add(today.owner, deal.id, amount, without(pricedAmount))
          fixes.byCount.add(
            today.owner,
            deal.id,
            amount,
            without(() => 1),
          )
        }
        if (!deal.isReal) return
        countPushes(deal)
        countAccuracy(deal)
      },
      finish: () => {
        const offReason = hasCloseDates ? null : 'no_field'
        const isByValue = priced >= all / 2 && priced > 0
        return [
          {
            measure: 'M15',
            numbers: isByValue ? byValue : byCount,
            evidence: ledger,
            fixes: isByValue ? fixes.byValue : fixes.byCount,
            offReason,
          },
          { measure: 'M15.pushes', numbers: pushes, offReason },
          { measure: 'M15.month_end', numbers: monthEnd, offReason },
          { measure: 'M15.accuracy', numbers: accuracy, offReason },
        ]
      },
    }
  },
}
